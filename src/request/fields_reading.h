/*
 * fields_reading.h - what the readers of fields share: fields.c finds the field that is meant,
 * fields_value.c reads one value, fields_items.c lists, maps and objects.
 *
 * Only these include it.
 */
#ifndef DIME_REQUEST_FIELDS_READING_H
#define DIME_REQUEST_FIELDS_READING_H

#include <inttypes.h>

#include "base/json.h"
#include "request/call.h"
#include "request/function.h"

/* One call's fields as they are read. */
struct field_reading {
    struct dime_call *call;
    struct request *request;
    struct response *response;
    struct bound *input; /* the input itself; further structs hang behind it */
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

/* Whether it can be read like a form's value: it is one, or a JSON string. */
static inline bool given_is_text(const struct given_value *given)
{
    return !given->json.raw.data || given->json.kind == JSON_STRING;
}

/* Says what is wrong at a place; the format's first argument is how the place is called. */
void fields_refuse(struct field_reading *reading, const struct field_place *place,
                   const char *format, ...) __attribute__((format(printf, 3, 4)));

/* How the place is called, for such a sentence: NUL-terminated, the arena's or a literal. */
const char *fields_name(struct field_reading *reading, const struct field_place *place);

/* Reads one value that is no object into SLOT, which is of the field's kind. What is wrong with it
 * is said. */
void fields_read_value(struct field_reading *reading, const struct field_place *place,
                       const struct given_value *given, void *slot);

/* The value that a member of JSON has. False: memory has run out. */
bool fields_given_json(struct field_reading *reading, struct json_value value,
                       struct given_value *given);

/* Reads what is given into the field's member: one value, or a list or a map, from JSON or in a
 * form's notation. One value that a form repeats is added to the list. */
void fields_read_member(struct field_reading *reading, const struct field_place *place,
                        const struct given_value *given);

/* Whether a form gives the field's values one by one, by repeating its name. */
bool fields_is_repeated(const dime_field *field);

/* Binds a struct at BASE that lies at a place, or is the input itself where PLACE is NULL. NULL:
 * memory runs out. */
struct bound *fields_bind(struct field_reading *reading, const struct field_place *place,
                          const dime_field *fields, size_t count, char *base);

/* Fills in the fallbacks of what wasn't given, and says what is required and missing. */
void fields_complete(struct field_reading *reading, struct bound *bound);

/* Whether a value says nothing: an empty input of a form, and JSON's null. */
bool fields_say_nothing(const dime_field *field, const struct given_value *given);

/* How to write several values: as JSON's own types where JSON was sent, else in a form's notation.
 */
const char *fields_items_example(const dime_field *field, const struct given_value *given);

/* A list or a map that came as JSON, in a form's notation if it has one, so that a page can show it
 * again. */
dime_text fields_items_text(struct field_reading *reading, const struct field_place *place,
                            const struct given_value *given);

#endif
