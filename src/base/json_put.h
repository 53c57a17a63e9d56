/*
 * json_put.h - JSON out: members and items that are written to a buffer, one call each.
 *
 * Quotes, colons and commas are written here and nowhere else, so that none is forgotten. There is
 * no state beside the buffer, whose last byte tells whether a comma is due: none behind an opening
 * bracket, a colon, or nothing. So this costs no memory of its own. What doesn't fit makes the
 * buffer fail, as every write to one does. Who begins an object or an array ends it.
 *
 * Each value takes a name, a string of our own that needs no escape. It is NULL for an item of an
 * array, for a whole document, and behind json_put_name.
 */
#ifndef DIME_BASE_JSON_PUT_H
#define DIME_BASE_JSON_PUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"

/* Writes a name that may need escapes; its value comes next. */
void json_put_name(struct buffer *out, dime_text name);

/* Writes a string: see buffer_json. */
void json_put_text(struct buffer *out, const char *name, dime_text value);

/* Writes BYTES as a string in base64. */
void json_put_base64(struct buffer *out, const char *name, dime_text bytes);

/* Writes a whole number. */
void json_put_integer(struct buffer *out, const char *name, int64_t value);

/* Writes a number of so many PLACES: see buffer_decimal. */
void json_put_decimal(struct buffer *out, const char *name, int64_t value, int places);

/* Writes true or false. */
void json_put_boolean(struct buffer *out, const char *name, bool value);

/* Writes what is JSON already. Without a name it may be several values, or members. */
void json_put_raw(struct buffer *out, const char *name, dime_text value);

/* Begins an object; what is written next are its members. */
void json_begin_object(struct buffer *out, const char *name);

/* Ends an object. */
void json_end_object(struct buffer *out);

/* Begins an array; what is written next are its items. */
void json_begin_array(struct buffer *out, const char *name);

/* Ends an array. */
void json_end_array(struct buffer *out);

#endif
