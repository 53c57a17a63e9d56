/*
 * field.c - the default limits of fields, and looking up a field in its table.
 *
 * A table has only a few fields, so the search is linear.
 */
#include "request/field.h"

int64_t field_min(const dime_field *field)
{
    bool ranged = field->kind == DIME_KIND_INTEGER || field->kind == DIME_KIND_DECIMAL;
    return ranged && !field->min && !field->max ? INT64_MIN : field->min;
}

int64_t field_max(const dime_field *field)
{
    bool ranged = field->kind == DIME_KIND_INTEGER || field->kind == DIME_KIND_DECIMAL;
    if (field->max || (field->min < 0 && ranged))
        return field->max;
    switch (field->kind) {
    case DIME_KIND_TEXT:
        return FIELD_TEXT_MAX;
    case DIME_KIND_NUMBER:
        return FIELD_NUMBER_MAX;
    case DIME_KIND_FILE:
        return FIELD_FILE_MAX;
    default:
        return INT64_MAX;
    }
}

const dime_field *field_find(const dime_field *fields, size_t count, dime_text name)
{
    for (size_t i = 0; i < count; i++) {
        if (text_equal(name, text_of(fields[i].name)))
            return &fields[i];
    }
    return NULL;
}

const dime_field *field_file(const dime_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (fields[i].kind == DIME_KIND_FILE)
            return &fields[i];
    }
    return NULL;
}
