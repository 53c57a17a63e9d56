/*
 * base64.h - base64 (RFC 4648), as gateways wrap bytes that aren't text, and as people send files.
 *
 * What a program has made is read strictly: padding must be there, and nothing but the alphabet. A
 * body that was damaged on its way should be sent again and not guessed at, and two readers of one
 * event must see the same. What people send comes from base64(1), from mail programs, phones and
 * browsers, which write it in several ways that all mean the same bytes.
 */
#ifndef DIME_BASE_BASE64_H
#define DIME_BASE_BASE64_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/text.h"

/*
 * Decodes TEXT into *BYTES, which ARENA owns. False: TEXT isn't base64, or, where the arena has
 * `failed`, there is no memory.
 */
bool base64_decode(dime_text text, struct arena *arena, dime_text *bytes);

/*
 * Decodes what a person sends, likewise: spaces, tabs and ends of lines between the digits are
 * passed over, padding may be missing, and - and _ are digits too (section 5).
 */
bool base64_decode_sent(dime_text text, struct arena *arena, dime_text *bytes);

/* Appends BYTES in base64. Fails as every write to a buffer does. */
void buffer_base64(struct buffer *buffer, dime_text bytes);

#endif
