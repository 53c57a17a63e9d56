/*
 * ini.h - the files that AWS's tools keep in ~/.aws (the reference guide of AWS's SDKs, "Shared
 * config and credentials files").
 *
 * They look like INI files with one addition: a key without a value may be followed by indented
 * lines, which are keys below it. They are small and read rarely, so a value is looked for in the
 * text itself and there is nothing to build and to free.
 */
#ifndef DIME_AWS_INI_H
#define DIME_AWS_INI_H

#include <stdbool.h>

#include "core/text.h"

/* Where a value stands. */
struct ini_place {
    struct text kind;  /* of section: profile, services; empty for one of a name alone */
    struct text name;  /* of the section */
    struct text key;   /* in any case; empty: is there such a section? */
    struct text under; /* the key that has it in an indented line below; empty: none */
};

/*
 * Finds a value in the text of a file; *VALUE is a piece of that. Of several the last counts.
 * Lines that are none of this format are passed over. False: it isn't there, and *VALUE is empty.
 */
bool ini_find(struct text file, const struct ini_place *place, struct text *value);

#endif
