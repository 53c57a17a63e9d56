/*
 * buffer.h - text that is being written, with an escaper for each context.
 *
 * A buffer grows in an arena up to its limit. A write that doesn't fit sets `failed` and is dropped
 * whole, as is every later one, so the caller checks once, at the end. The function names say the
 * context: buffer_json writes into JSON, buffer_html into HTML, and buffer_puts only our own
 * literals, so that a missing escape is visible in review.
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
    bool failed;  /* a write was dropped: out of memory, or over the limit */
};

/* Makes an empty buffer that grows in ARENA to at most LIMIT bytes. Allocates nothing yet. */
void buffer_open(struct buffer *buffer, struct arena *arena, size_t limit);

/* Makes an empty buffer in ROOM of SIZE bytes, which the caller owns. It doesn't grow. */
void buffer_over(struct buffer *buffer, char *room, size_t size);

/* Returns what has been written so far. The buffer owns it; the next write may move it. */
dime_text buffer_text(const struct buffer *buffer);

/* Appends TEXT as it stands. */
void buffer_put(struct buffer *buffer, dime_text text);

/* Appends one of our own NUL-terminated strings. Inline, so that a literal's length is constant. */
static inline void buffer_puts(struct buffer *buffer, const char *string)
{
    buffer_put(buffer, text_of(string));
}

/* Appends what printf would print. More than 1023 bytes make the buffer fail. */
void buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Appends a number in decimal digits. */
void buffer_int64(struct buffer *buffer, int64_t value);

/*
 * Appends the decimal VALUE with 0 to 18 PLACES (189 with 2 is 1.89). Zeros are kept: 1.50.
 */
void buffer_decimal(struct buffer *buffer, int64_t value, int places);

/*
 * Appends TEXT as a JSON string with its quotes (RFC 8259, section 7). Bytes that aren't UTF-8
 * become U+FFFD, so the result is always a valid JSON string.
 */
void buffer_json(struct buffer *buffer, dime_text text);

/*
 * Appends TEXT for the path or query of a URL: all characters except the unreserved ones become
 * %XX (RFC 3986, sections 2.1 and 2.3).
 */
void buffer_percent(struct buffer *buffer, dime_text text);

/*
 * Appends TEXT for HTML, in an element or in a double-quoted attribute: & < > " ' are escaped.
 * Control characters that HTML forbids, noncharacters (see text_is_strange) and bytes that aren't
 * UTF-8 become U+FFFD.
 */
void buffer_html(struct buffer *buffer, dime_text text);

#endif
