/*
 * ini.h - the files that AWS's tools keep in ~/.aws (the reference guide of AWS's SDKs, "Shared
 * config and credentials files"), as botocore reads them by Python's configparser.
 *
 * They are INI files with one addition: after a key without a value, lines with a deeper indent are
 * keys below it. The indent of a section's own keys doesn't matter. The files are small and read
 * rarely, so a value is searched for in the text itself, without a tree to build and free.
 */
#ifndef DIME_SERVICES_AWS_INI_H
#define DIME_SERVICES_AWS_INI_H

#include <stdbool.h>

#include "base/text.h"

/* The place of a value. */
struct ini_place {
    dime_text kind;  /* of section: profile, services; empty for one of a name alone */
    dime_text name;  /* of the section */
    dime_text key;   /* in any case; empty: is there such a section? */
    dime_text under; /* the key that has it in a line below that is deeper; empty: none */
};

/*
 * Finds a value in the text of a file; *VALUE is a piece of that text. The last one counts. No
 * setting of AWS continues on a deeper line, so such a line isn't part of the value. Lines that
 * don't have this format are skipped. False: it isn't there, and *VALUE is empty.
 */
bool ini_find(dime_text file, const struct ini_place *place, dime_text *value);

#endif
