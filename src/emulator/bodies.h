/*
 * bodies.h - bytes that arrive in pieces: bodies of requests and answers.
 *
 * Bytes beyond a limit are only counted, so that an error can state the size.
 */
#ifndef DIME_EMULATOR_BODIES_H
#define DIME_EMULATOR_BODIES_H

#include "base/text.h"

/* Bytes that arrive in pieces. Those beyond the limit are counted, but not kept. */
struct emu_body {
    char *data; /* from malloc */
    size_t length, capacity;
    size_t total; /* bytes that arrived */
    bool failed;  /* memory ran out */
};

/* Appends a piece, and keeps at most LIMIT bytes in all. */
void emu_body_add(struct emu_body *body, const char *data, size_t size, size_t limit);

/* The bytes that were kept. */
dime_text emu_body_text(const struct emu_body *body);

/* Frees the bytes; the body is empty then. */
void emu_body_free(struct emu_body *body);

#endif
