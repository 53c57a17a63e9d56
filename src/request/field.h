/*
 * field.h - what a field's entry in a table says, with the defaults that hold where it says
 * nothing.
 *
 * Whoever reads, describes or shows fields asks here, so that a default stands in one place.
 */
#ifndef DIME_REQUEST_FIELD_H
#define DIME_REQUEST_FIELD_H

#include "base/text.h"
#include "dime.h"

/* The limits of a field whose table names none. */
enum {
    FIELD_TEXT_MAX = 10000,           /* characters */
    FIELD_NUMBER_MAX = 128,           /* characters */
    FIELD_FILE_MAX = 8 * 1024 * 1024, /* bytes */
    FIELD_ITEMS_MAX = 1000,           /* of a list or a map */
};

/* The least and the most that a field's value, or its length, may be. */
int64_t field_min(const dime_field *field);
int64_t field_max(const dime_field *field);

/* The most items of a list or a map. */
static inline size_t field_most(const dime_field *field)
{
    return field->most ? field->most : FIELD_ITEMS_MAX;
}

/* The field of this name in a table; NULL: it has none. */
const dime_field *field_find(const dime_field *fields, size_t count, dime_text name);

/* The first field of a table that is a file; NULL likewise. */
const dime_field *field_file(const dime_field *fields, size_t count);

#endif
