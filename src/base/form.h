/*
 * form.h - reads application/x-www-form-urlencoded: a query, or the body that a plain form sends.
 *
 * It reads as the WHATWG URL standard says, with one difference: the standard lets a broken
 * percent-escape pass as it stands, and bytes that aren't UTF-8 become U+FFFD. Here both are
 * faults, because a text that was damaged on its way should be sent again and not guessed at. The
 * caller may pass over such a pair where nobody asks for it. Text without escapes isn't copied, and
 * a limit on pairs bounds the work.
 */
#ifndef DIME_BASE_FORM_H
#define DIME_BASE_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"

enum { FORM_PAIRS_MAX = 64 };

/*
 * Both are decoded, are UTF-8 and may hold NULs; in the text itself, or in the arena if escaped. Of
 * a damaged pair the name is there, as it was sent if that is what is damaged.
 */
struct form_pair {
    dime_text name;
    dime_text value; /* empty where there was no '=' */
};

enum form_fault {
    FORM_FINE,
    FORM_DAMAGED,   /* theirs: this pair's value can't be decoded, or it isn't UTF-8 */
    FORM_MALFORMED, /* theirs: a name can't be decoded, the text begins with a byte order mark, or
                       has too many pairs */
    FORM_NO_MEMORY, /* ours */
};

struct form_reader {
    dime_text rest;
    const char *start;
    struct arena *arena;
    size_t pairs;
    enum form_fault fault;
    size_t offset;    /* of the byte that is wrong */
    char message[80]; /* for a person: "character 12: a percent-escape is cut short" */
};

/* Begins to read TEXT, which stays the caller's and must outlast the pairs. Can't fail. */
void form_open(struct form_reader *reader, dime_text text, struct arena *arena);

/*
 * Reads the next pair; empty ones ("a=1&&b=2") are passed over. False at the end, and where
 * something is wrong: `fault`, `offset` and `message` say what. Nothing is read after a fault.
 */
bool form_next(struct form_reader *reader, struct form_pair *pair);

/* Passes over the pair that is damaged. False: something else is wrong, or nothing. */
bool form_pass_over(struct form_reader *reader);

/*
 * Decodes one piece of urlencoded text, such as the key in an event of S3, into *DECODED: UTF-8, in
 * TEXT itself or in the arena. With a fault it is TEXT as it was.
 */
enum form_fault form_decode(dime_text text, struct arena *arena, dime_text *decoded);

#endif
