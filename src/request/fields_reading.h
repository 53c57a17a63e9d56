/*
 * fields_reading.h - what the readers of fields share. fields.c finds the field for a name,
 * fields_value.c reads one value, and fields_items.c reads lists, maps and objects.
 *
 * Only these include it.
 */
#ifndef DIME_REQUEST_FIELDS_READING_H
#define DIME_REQUEST_FIELDS_READING_H

#include <inttypes.h>

#include "base/json.h"
#include "request/call.h"
#include "request/function.h"

/* The state of reading one call's fields. */
struct field_reading {
    struct dime_call *call;
    struct request *request;
    struct response *response;
    struct bound *input; /* the input itself; the other bound structs follow it */
    struct bound *last;
    struct value *values;
    bool failed;
};

/* Where a value goes: a field of a bound struct, or one of its values. */
struct field_place {
    struct bound *bound;
    const dime_field *field;
    size_t index; /* BOUND_ALONE: the field itself */
    dime_text name;
};

/* A value before its kind is known: JSON, or text where json.raw.data is NULL. */
struct given_value {
    dime_text text;
    struct json_value json;
    bool bytes; /* it came as a file: any bytes, in no encoding */
    dime_text content_type, file_name;
};

/* Whether it is JSON of this kind. */
static inline bool given_is_json(const struct given_value *given, enum json_kind kind)
{
    return given->json.raw.data && given->json.kind == kind;
}

/* Whether it can be read like a form's value: it is one, or it is a JSON string. */
static inline bool given_is_text(const struct given_value *given)
{
    return !given->json.raw.data || given->json.kind == JSON_STRING;
}

/* Reports what is wrong at a place. The format's first argument is the name of the place. */
void fields_refuse(struct field_reading *reading, const struct field_place *place,
                   const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The name of a place for such a message: NUL-terminated, in the arena or a literal. */
const char *fields_name(struct field_reading *reading, const struct field_place *place);

/* Reads one value that isn't an object into SLOT, which has the field's type. Reports errors. */
void fields_read_value(struct field_reading *reading, const struct field_place *place,
                       const struct given_value *given, void *slot);

/* Makes a value from a JSON member's. False: out of memory. */
bool fields_given_json(struct field_reading *reading, struct json_value value,
                       struct given_value *given);

/* Reads a given value into the field's member: one value, a list or a map, from JSON or a form's
 * notation. If a form repeats the name, each value is added to the list. */
void fields_read_member(struct field_reading *reading, const struct field_place *place,
                        const struct given_value *given);

/* Whether a form gives the field's values one by one, by repeating its name. */
bool fields_is_repeated(const dime_field *field);

/* Binds the struct at BASE to a place; with PLACE NULL it is the input itself. Returns NULL if
 * memory runs out. */
struct bound *fields_bind(struct field_reading *reading, const struct field_place *place,
                          const dime_field *fields, size_t count, char *base);

/* Fills in the fallbacks of fields that weren't given, and reports required ones. */
void fields_complete(struct field_reading *reading, struct bound *bound);

/* Whether a value counts as not given: an empty form input, or JSON's null. */
bool fields_say_nothing(const dime_field *field, const struct given_value *given);

/* An example of how to write several values: in JSON if JSON was sent, else in a form's notation.
 */
const char *fields_items_example(const dime_field *field, const struct given_value *given);

/* Rewrites a list or map that came as JSON in a form's notation, if there is one, so that a page
 * can show it again. */
dime_text fields_items_text(struct field_reading *reading, const struct field_place *place,
                            const struct given_value *given);

#endif
