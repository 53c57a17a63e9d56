/*
 * base64.h - base64 (RFC 4648, section 4), as gateways wrap bytes that aren't text.
 *
 * Decoding is strict: padding must be there, and nothing but the alphabet. A body that was damaged
 * on its way should be sent again and not guessed at.
 */
#ifndef DIME_CORE_BASE64_H
#define DIME_CORE_BASE64_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/buffer.h"
#include "core/text.h"

/*
 * Decodes TEXT into *BYTES, which ARENA owns. False: TEXT isn't base64, or, where the arena has
 * `failed`, there is no memory.
 */
bool base64_decode(struct text text, struct arena *arena, struct text *bytes);

/* Appends BYTES in base64. Fails as every write to a buffer does. */
void buffer_base64(struct buffer *buffer, struct text bytes);

#endif
