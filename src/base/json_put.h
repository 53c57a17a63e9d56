/*
 * json_put.h - writes JSON to a buffer, one call for each member or item.
 *
 * Quotes, colons and commas are written here and nowhere else, so none is forgotten. The only state
 * is the buffer: its last byte says whether a comma is needed. An opening bracket, a colon or an
 * empty buffer needs none. A write that doesn't fit makes the buffer fail. A caller that begins an
 * object or an array ends it.
 *
 * Each value takes a name, one of our own strings that needs no escape. The name is NULL for an
 * item of an array, for a whole document, and after json_put_name.
 */
#ifndef DIME_BASE_JSON_PUT_H
#define DIME_BASE_JSON_PUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"

/* Writes a name that may need escapes. Its value must be written next. */
void json_put_name(struct buffer *out, dime_text name);

/* Writes a string: see buffer_json. */
void json_put_text(struct buffer *out, const char *name, dime_text value);

/* Writes BYTES as a string in base64. */
void json_put_base64(struct buffer *out, const char *name, dime_text bytes);

/* Writes a whole number. */
void json_put_integer(struct buffer *out, const char *name, int64_t value);

/* Writes a decimal with so many PLACES: see buffer_decimal. */
void json_put_decimal(struct buffer *out, const char *name, int64_t value, int places);

/* Writes true or false. */
void json_put_boolean(struct buffer *out, const char *name, bool value);

/* Writes text that is JSON already. Without a name it may be several values or members. */
void json_put_raw(struct buffer *out, const char *name, dime_text value);

/* Begins an object. Its members are written next. */
void json_begin_object(struct buffer *out, const char *name);

/* Ends an object. */
void json_end_object(struct buffer *out);

/* Begins an array. Its items are written next. */
void json_begin_array(struct buffer *out, const char *name);

/* Ends an array. */
void json_end_array(struct buffer *out);

#endif
