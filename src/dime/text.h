/*
 * text.h - a piece of text as (pointer, length).
 *
 * What arrives from outside may hold NUL bytes, is part of a larger buffer, or ends where memory
 * ends. So nothing in dime looks for a NUL to find the end of a text. A text owns nothing; whoever
 * hands one out says how long its bytes live. Authors get this by including dime.h.
 */
#ifndef DIME_TEXT_H
#define DIME_TEXT_H

#include <stddef.h>

/* LENGTH bytes at DATA, with no NUL behind them. DATA may be NULL where LENGTH is 0. Stable. */
typedef struct dime_text {
    const char *data;
    size_t length;
} dime_text;

#endif
