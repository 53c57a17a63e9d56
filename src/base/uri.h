/*
 * uri.h - the paths and queries of requests, which arrive undecoded.
 *
 * A function's name in a path is often percent-encoded (an ARN has colons), but a function URL must
 * pass its path on undecoded. So each reader decodes only what it needs.
 */
#ifndef DIME_BASE_URI_H
#define DIME_BASE_URI_H

#include "base/text.h"

/* The path of a URI, without its query. */
dime_text path_of(const char *uri);

/* What follows the '?' of a URI; empty if there is none. */
dime_text query_of(const char *uri);

/* Whether PATH begins with PREFIX; *REST is what follows it. */
bool path_below(dime_text path, const char *prefix, dime_text *rest);

/* Decodes %XX into ROOM. False if an escape is invalid, a NUL is encoded, or ROOM is too small. */
bool path_decode(dime_text text, char *room, size_t size, dime_text *decoded);

#endif
