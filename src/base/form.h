/*
 * form.h - reads application/x-www-form-urlencoded: a query, or the body that a plain form sends.
 *
 * It follows the WHATWG URL standard with one difference. The standard keeps a broken
 * percent-escape as it is, and turns bytes that aren't UTF-8 into U+FFFD. Here both are faults,
 * because a damaged text should be sent again, not guessed at. The caller may skip such a pair if
 * no field needs it. Text without escapes isn't copied, and a limit on pairs bounds the work.
 */
#ifndef DIME_BASE_FORM_H
#define DIME_BASE_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"

enum { FORM_PAIRS_MAX = 64 };

/*
 * Both are decoded UTF-8 and may hold NULs. They lie in the text itself, or in the arena if they
 * had escapes. A damaged pair still has its name; a damaged name is as it was sent.
 */
struct form_pair {
    dime_text name;
    dime_text value; /* empty if there was no '=' */
};

enum form_fault {
    FORM_FINE,
    FORM_DAMAGED,   /* sender's fault: this pair's value can't be decoded, or isn't UTF-8 */
    FORM_MALFORMED, /* sender's fault: a name can't be decoded, the text begins with a byte order
                       mark, or it has too many pairs */
    FORM_NO_MEMORY, /* out of memory */
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

/* Begins to read TEXT, which the caller owns and which must outlast the pairs. Can't fail. */
void form_open(struct form_reader *reader, dime_text text, struct arena *arena);

/*
 * Reads the next pair; empty ones ("a=1&&b=2") are skipped. Returns false at the end and on a
 * fault; `fault`, `offset` and `message` describe it. Nothing is read after a fault.
 */
bool form_next(struct form_reader *reader, struct form_pair *pair);

/* Skips the damaged pair. Returns false if the reader is at no fault, or at another one. */
bool form_pass_over(struct form_reader *reader);

/*
 * Decodes one urlencoded text, such as the key in an S3 event, into *DECODED: UTF-8, in TEXT itself
 * or in the arena. On a fault *DECODED is TEXT unchanged.
 */
enum form_fault form_decode(dime_text text, struct arena *arena, dime_text *decoded);

#endif
