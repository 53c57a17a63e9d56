/*
 * base64.h - base64 (RFC 4648), in which gateways wrap binary bodies and people send files.
 *
 * Base64 that a program wrote is read strictly: padding is required, and only the alphabet is
 * allowed. A damaged body should be sent again, not guessed at, and two readers of one event must
 * see the same bytes. Base64 that people send comes from base64(1), mail programs, phones and
 * browsers. They write it in several ways that all mean the same bytes.
 */
#ifndef DIME_BASE_BASE64_H
#define DIME_BASE_BASE64_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/text.h"

/*
 * Decodes TEXT into *BYTES, which ARENA owns. Returns false if TEXT isn't base64, or if memory runs
 * out; the arena has `failed` then.
 */
bool base64_decode(dime_text text, struct arena *arena, dime_text *bytes);

/*
 * The same for base64 that a person sent. Spaces, tabs and line ends between digits are skipped,
 * padding may be missing, and - and _ are digits too (section 5).
 */
bool base64_decode_sent(dime_text text, struct arena *arena, dime_text *bytes);

/* Appends BYTES in base64. Fails like every write to a buffer. */
void buffer_base64(struct buffer *buffer, dime_text bytes);

#endif
