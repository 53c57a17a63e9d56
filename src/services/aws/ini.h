/*
 * ini.h - the files that AWS's tools keep in ~/.aws (the reference guide of AWS's SDKs, "Shared
 * config and credentials files"), as botocore reads them by Python's configparser.
 *
 * They look like INI files with one addition: a key without a value may be followed by lines that
 * are indented deeper than it, which are keys below it. How deep a section's own keys are indented
 * doesn't matter. The files are small and read rarely, so a value is looked for in the text itself
 * and there is nothing to build and to free.
 */
#ifndef DIME_SERVICES_AWS_INI_H
#define DIME_SERVICES_AWS_INI_H

#include <stdbool.h>

#include "base/text.h"

/* Where a value stands. */
struct ini_place {
    dime_text kind;  /* of section: profile, services; empty for one of a name alone */
    dime_text name;  /* of the section */
    dime_text key;   /* in any case; empty: is there such a section? */
    dime_text under; /* the key that has it in a line below that is deeper; empty: none */
};

/*
 * Finds a value in the text of a file; *VALUE is a piece of that. Of several the last counts. No
 * setting of AWS's goes on in a deeper line, so that such a line isn't taken for a part of the
 * value. Lines that are none of this format are passed over. False: it isn't there, and *VALUE is
 * empty.
 */
bool ini_find(dime_text file, const struct ini_place *place, dime_text *value);

#endif
