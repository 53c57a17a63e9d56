/*
 * media_type.h - the media type of a file, by its name, for a request with the file as its body.
 *
 * Only unambiguous extensions are known. A function that doesn't accept the type says so, and one
 * that accepts any bytes does so whatever their type.
 */
#ifndef DIME_TOOL_ASK_MEDIA_TYPE_H
#define DIME_TOOL_ASK_MEDIA_TYPE_H

#include "base/buffer.h"

/* The media type of a file with this name; application/octet-stream if it's unknown. */
dime_text media_type_of(const char *name);

/* Appends a file's name as a parameter of Content-Disposition, with a semicolon before it. */
void media_put_file_name(struct buffer *out, const char *name);

#endif
