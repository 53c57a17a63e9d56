/*
 * field.h - a field's properties, with the defaults for those that its table leaves out.
 *
 * All code that reads, describes or shows fields uses this, so each default is in one place.
 */
#ifndef DIME_REQUEST_FIELD_H
#define DIME_REQUEST_FIELD_H

#include "base/text.h"
#include "dime.h"

/* The default limits of a field. */
enum {
    FIELD_TEXT_MAX = 10000,           /* characters */
    FIELD_NUMBER_MAX = 128,           /* characters */
    FIELD_FILE_MAX = 8 * 1024 * 1024, /* bytes */
    FIELD_ITEMS_MAX = 1000,           /* of a list or a map */
};

/* The minimum and maximum of a field's value, or of its length. */
int64_t field_min(const dime_field *field);
int64_t field_max(const dime_field *field);

/* The maximum number of items in a list or a map. */
static inline size_t field_most(const dime_field *field)
{
    return field->most ? field->most : FIELD_ITEMS_MAX;
}

/* The field of this name in a table; NULL if there is none. */
const dime_field *field_find(const dime_field *fields, size_t count, dime_text name);

/* The first file among a table's fields; NULL if there is none. */
const dime_field *field_file(const dime_field *fields, size_t count);

#endif
