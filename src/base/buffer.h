/*
 * buffer.h - text that is being written, with an escaper for each context.
 *
 * A buffer grows in an arena up to its limit. A write that doesn't fit sets `failed` and is dropped
 * whole, and so is every later one: a writer checks once, at the end. The names say the context:
 * what goes into JSON is written by buffer_json, what goes into HTML by buffer_html, and only text
 * of our own by buffer_puts, so that a missing escape shows in review.
 */
#ifndef DIME_BASE_BUFFER_H
#define DIME_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

struct buffer {
    struct arena *arena;
    char *data;
    size_t length;
    size_t capacity;
    size_t limit; /* most bytes that it may hold */
    bool failed;  /* a write was dropped: memory or the limit ended */
};

/* Makes an empty buffer that grows in ARENA to at most LIMIT bytes. Allocates nothing yet. */
void buffer_open(struct buffer *buffer, struct arena *arena, size_t limit);

/* Makes an empty buffer over ROOM of SIZE bytes, which is the caller's. It doesn't grow. */
void buffer_over(struct buffer *buffer, char *room, size_t size);

/* What has been written so far. It stays the buffer's, and moves with the next write. */
dime_text buffer_text(const struct buffer *buffer);

/* Appends TEXT as it stands. */
void buffer_put(struct buffer *buffer, dime_text text);

/* Appends a NUL-terminated string of our own. Inline: the compiler counts a literal's bytes. */
static inline void buffer_puts(struct buffer *buffer, const char *string)
{
    buffer_put(buffer, text_of(string));
}

/* Appends what printf would print; at most 1023 bytes, else the buffer has failed. */
void buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Appends a number in decimal digits. */
void buffer_int64(struct buffer *buffer, int64_t value);

/*
 * Appends VALUE, a decimal of 0 to 18 PLACES (189 with 2 is 1.89), with all of its places: 1.50.
 */
void buffer_decimal(struct buffer *buffer, int64_t value, int places);

/*
 * Appends TEXT as a JSON string with its quotes (RFC 8259, section 7). Bytes that aren't UTF-8
 * become U+FFFD, so that the result is always a JSON string.
 */
void buffer_json(struct buffer *buffer, dime_text text);

/*
 * Appends TEXT for a path or a query of a URL: all but the unreserved characters become %XX
 * (RFC 3986, sections 2.1 and 2.3).
 */
void buffer_percent(struct buffer *buffer, dime_text text);

/*
 * Appends TEXT for HTML, in an element or in an attribute in double quotes: & < > " ' are escaped;
 * control characters that HTML forbids, code points that are no characters (see text_is_strange),
 * and bytes that aren't UTF-8, become U+FFFD.
 */
void buffer_html(struct buffer *buffer, dime_text text);

#endif
