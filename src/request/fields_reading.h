/*
 * fields_reading.h - what the readers of fields share: fields.c, and fields_items.c for lists and
 * maps.
 *
 * Only these two include it.
 */
#ifndef DIME_REQUEST_FIELDS_READING_H
#define DIME_REQUEST_FIELDS_READING_H

#include <inttypes.h>

#include "base/json.h"
#include "function.h"

/* One request's fields as they are read. */
struct reading {
    const dime_function *function;
    struct request *request;
    struct response *response;
    struct value *values;
    bool failed;
};

/* A value before its kind is known: JSON, or text where json.raw.data is NULL. */
struct given {
    dime_text text;
    struct json_value json;
    bool bytes; /* it came as a file: any bytes, in no encoding */
    dime_text content_type, file_name;
};

/* Whether it is JSON of this kind. */
static inline bool is_json(const struct given *given, enum json_kind kind)
{
    return given->json.raw.data && given->json.kind == kind;
}

/* Whether it can be read like a form's value: it is one, or a JSON string. */
static inline bool is_text(const struct given *given)
{
    return !given->json.raw.data || given->json.kind == JSON_STRING;
}

/* How to write several values: as JSON's own types where JSON was sent, else in a form's notation.
 */
const char *fields_items_example(const dime_field *field, const struct given *given);

/* Says what is wrong with a field, behind its name. */
static inline void refuse(struct reading *reading, const dime_field *field, const char *what)
{
    response_field_problem(reading->response, field->name, "%s %s.", field->name, what);
    reading->failed = true;
}

/* Refuses a number that the field doesn't allow. */
static inline bool check_range(struct reading *reading, const dime_field *field, int64_t number)
{
    if (number >= field->min && number <= field->max)
        return true;
    response_field_problem(reading->response, field->name,
                           "%s holds %" PRId64 "; it must be from %" PRId64 " to %" PRId64 ".",
                           field->name, number, field->min, field->max);
    reading->failed = true;
    return false;
}

/* Reads the field of a list or a map. What is wrong with it is said. */
void fields_read_items(struct reading *reading, const dime_field *field, struct value *value,
                       const struct given *given);

#endif
