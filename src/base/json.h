/*
 * json.h - reads strict JSON: a check of the whole text, and a cursor over checked text.
 *
 * Input is read exactly as RFC 8259 and I-JSON (RFC 7493) say, with no leniency: two programs that
 * read one text must not see different things in it. `json_check` walks the text once. The readers
 * are short and fast because checked text can't be wrong. A cursor returns each member's name, and
 * its value as it was written, so a number is never rounded. Only a name or a string with an escape
 * is copied.
 */
#ifndef DIME_BASE_JSON_H
#define DIME_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

/* The deepest nesting of arrays and objects, and the most names in one object. */
enum { JSON_DEPTH_MAX = 32, JSON_NAMES_MAX = 4096 };

enum json_kind {
    JSON_NULL,
    JSON_BOOLEAN,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

/* A value in a text that has passed `json_check`. It lasts as long as that text. */
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
    JSON_MALFORMED = 1, /* the text isn't JSON that we accept */
    JSON_NO_MEMORY,     /* out of memory: nothing is known about the text */
};

struct json_error {
    enum json_fault fault;
    size_t offset;     /* of the wrong byte; the text's length if the text ends too soon */
    size_t line;       /* from 1 */
    size_t column;     /* from 1, in characters */
    char message[128]; /* for a person: "line 1, column 12: the text ends inside a string" */
};

/*
 * Checks that TEXT is one JSON value and puts it into *VALUE, which points into TEXT. Accepts
 * RFC 8259 and I-JSON: well-formed UTF-8 without a byte order mark, no name twice in an object, at
 * most JSON_DEPTH_MAX levels, at most JSON_NAMES_MAX names in an object, no U+0000 in a name (a
 * string may hold it). Numbers may have any size. On false *ERROR says what is wrong and where.
 * Only objects with many members and names with escapes use the arena.
 */
bool json_check(dime_text text, struct arena *arena, struct json_value *value,
                struct json_error *error);

/* Steps through an object's members or an array's items, in the order of the text. */
struct json_cursor {
    const char *at; /* where the next one begins; NULL when there are no more */
    const char *end;
    struct arena *arena;
    bool object;
    bool failed; /* out of memory: a name couldn't be copied */
};

/* Returns a cursor before the first member of a checked VALUE. Scalars have no members. */
struct json_cursor json_members(struct json_value value, struct arena *arena);

/* Reads the next member. Returns false at the end, and if memory runs out (`failed` is set). */
bool json_next(struct json_cursor *cursor, struct json_member *member);

/*
 * Reads the next member. *NAME is a JSON_STRING, still quoted and escaped; it is left alone in an
 * array. Allocates nothing.
 */
bool json_next_quoted(struct json_cursor *cursor, struct json_value *name,
                      struct json_value *value);

/* Whether a checked JSON_STRING decodes to TEXT. Allocates nothing. */
bool json_reads_as(struct json_value string, dime_text text);

/* The number of members in an object or items in an array; 0 for others. Allocates nothing. */
size_t json_count(struct json_value value);

/* Finds the member with this decoded NAME in a checked object. Allocates nothing. */
bool json_find(struct json_value object, dime_text name, struct json_value *found);

/*
 * Decodes a checked JSON_STRING, which may hold NULs. The result points into the checked text, or
 * into the arena if there were escapes. Returns false if out of memory, or if it isn't a string.
 */
bool json_string(struct json_value value, struct arena *arena, dime_text *string);

/* The value at a path such as "s3.object.key" in a checked value; JSON_NULL if there is none. */
struct json_value json_at(struct json_value value, const char *path);

/* The decoded text at such a path; empty if there is none, and if memory runs out. */
dime_text json_text_at(struct json_value value, const char *path, struct arena *arena);

/* Reads a whole checked JSON_NUMBER, written in any way (2, 2.0, 20e-1), as 64 bits. */
bool json_integer(struct json_value value, int64_t *integer);

/*
 * Reads a checked number as a decimal with 0 to 18 PLACES: 1.89 with 2 places is 189. Returns false
 * if more places aren't zero, or if the result doesn't fit in an int64.
 */
bool json_decimal(dime_text number, int places, int64_t *value);

/* Whether a checked value is `true`. */
bool json_true(struct json_value value);

#endif
