/*
 * text.h - a piece of text as (pointer, length).
 *
 * Input may hold NUL bytes, be part of a larger buffer, or end at the end of a mapping. So nothing
 * in dime looks for a NUL to find the end of a text. A text owns nothing; the function that returns
 * one says how long its bytes live. Authors get this by including dime.h.
 */
#ifndef DIME_TEXT_H
#define DIME_TEXT_H

#include <stddef.h>

/* LENGTH bytes at DATA, not NUL-terminated. DATA may be NULL if LENGTH is 0. Stable. */
typedef struct dime_text {
    const char *data;
    size_t length;
} dime_text;

#endif
