/*
 * media_type.h - what a file holds, by its name, for a request whose body it is.
 *
 * Only endings are known that can't be taken for another: a function that doesn't take the type
 * says so, and one that takes any bytes takes them whatever they are called.
 */
#ifndef DIME_TOOL_ASK_MEDIA_TYPE_H
#define DIME_TOOL_ASK_MEDIA_TYPE_H

#include "base/buffer.h"

/* The media type of a file of this name; application/octet-stream where its ending says nothing. */
dime_text media_type_of(const char *name);

/* Appends a file's name as a parameter of Content-Disposition, with a semicolon before it. */
void media_put_file_name(struct buffer *out, const char *name);

#endif
