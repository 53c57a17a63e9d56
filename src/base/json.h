/*
 * json.h - strict JSON in: a gate that proves a text, and a cursor that reads what was proved.
 *
 * What arrives is read as RFC 8259 and I-JSON (RFC 7493) say and not a byte more kindly: two
 * programs that read one text must not see two different things in it. `json_check` walks the text
 * once. After that the rest can be short and fast, since nothing in the text can be wrong any more:
 * a cursor hands out each member's name and its value as the piece of text that it was written as,
 * so that a number is never rounded. Only a name or a string with an escape in it is copied.
 */
#ifndef DIME_BASE_JSON_H
#define DIME_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

/* Most arrays and objects within each other, and most names of one object. */
enum { JSON_DEPTH_MAX = 32, JSON_NAMES_MAX = 4096 };

enum json_kind {
    JSON_NULL,
    JSON_BOOLEAN,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

/* A value in a text that has passed `json_check`; lasts as long as that text. */
struct json_value {
    enum json_kind kind;
    dime_text raw; /* as it was written: a string with its quotes, a number digit for digit */
};

/* A member of an object, or an item of an array, whose name is empty. */
struct json_member {
    dime_text name; /* decoded; in the text itself, or in the arena if it had escapes */
    struct json_value value;
};

enum json_fault {
    JSON_MALFORMED = 1, /* theirs: the text isn't JSON that we accept */
    JSON_NO_MEMORY,     /* ours: nothing is known about the text */
};

struct json_error {
    enum json_fault fault;
    size_t offset; /* of the byte that is wrong; the text's length where the text ends too soon */
    size_t line;   /* from 1 */
    size_t column; /* from 1, in characters */
    char message[128]; /* for a person: "line 1, column 12: the text ends inside a string" */
};

/*
 * Proves that TEXT is one JSON value and puts it into *VALUE, whose pieces point into TEXT. Accepts
 * RFC 8259 and I-JSON: well-formed UTF-8 without a byte order mark, no name twice in an object, at
 * most JSON_DEPTH_MAX deep, at most JSON_NAMES_MAX names in an object, no U+0000 in a name (a
 * string may hold it). Numbers may be of any size. On false *ERROR says what is wrong and where.
 * The arena is used by objects of many members and by names with escapes only.
 */
bool json_check(dime_text text, struct arena *arena, struct json_value *value,
                struct json_error *error);

/* Steps through an object's members or an array's items, in the order of the text. */
struct json_cursor {
    const char *at; /* where the next one begins; NULL when there are no more */
    const char *end;
    struct arena *arena;
    bool object;
    bool failed; /* a name had to be copied and there was no memory */
};

/* A cursor before the first member of a checked VALUE. One that holds nothing has no members. */
struct json_cursor json_members(struct json_value value, struct arena *arena);

/* Reads the next member. False at the end, and where memory runs out: the cursor has `failed` then.
 */
bool json_next(struct json_cursor *cursor, struct json_member *member);

/*
 * Reads the next member with its name as it is written, a JSON_STRING of kind and quotes. Allocates
 * nothing. *NAME stays as it is where the items of an array are read.
 */
bool json_next_quoted(struct json_cursor *cursor, struct json_value *name,
                      struct json_value *value);

/* Whether a checked JSON_STRING is TEXT once it is decoded; allocates nothing. */
bool json_reads_as(struct json_value string, dime_text text);

/* How many members an object, or items an array, has; 0 for anything else. Allocates nothing. */
size_t json_count(struct json_value value);

/* Finds the member of this (decoded) NAME in a checked object; allocates nothing. */
bool json_find(struct json_value object, dime_text name, struct json_value *found);

/*
 * Decodes a checked JSON_STRING; it may hold NULs. The result points into the checked text, or into
 * the arena if there were escapes. False: no memory, or not a string.
 */
bool json_string(struct json_value value, struct arena *arena, dime_text *string);

/* The value at a path such as "s3.object.key" in a checked value; of kind JSON_NULL where none is.
 */
struct json_value json_at(struct json_value value, const char *path);

/* The decoded text at such a path; empty where there is none, and where memory runs out. */
dime_text json_text_at(struct json_value value, const char *path, struct arena *arena);

/* Reads a checked JSON_NUMBER that is whole, however it is written (2, 2.0, 20e-1), in 64 bits. */
bool json_integer(struct json_value value, int64_t *integer);

/*
 * Reads a checked number as a decimal of PLACES, 0 to 18: 1.89 with 2 places is 189. False where it
 * has more digits behind the point, other than zeros, or isn't an int64.
 */
bool json_decimal(dime_text number, int places, int64_t *value);

/* Whether a checked value is `true`. */
bool json_true(struct json_value value);

#endif
