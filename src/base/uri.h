/*
 * uri.h - the paths and queries of requests, which arrive as they were written.
 *
 * A function's name in a path is often percent-encoded (an ARN has colons), and what a function URL
 * hands on must not be decoded at all: so each reader decodes what it wants itself.
 */
#ifndef DIME_BASE_URI_H
#define DIME_BASE_URI_H

#include "base/text.h"

/* The path of a URI, without its query. */
dime_text path_of(const char *uri);

/* What is behind the '?' of a URI; empty where there is none. */
dime_text query_of(const char *uri);

/* Whether PATH begins so; *REST is what comes behind that. */
bool path_below(dime_text path, const char *prefix, dime_text *rest);

/* Decodes %XX into ROOM. False: it is no encoding, holds a NUL, or has no room. */
bool path_decode(dime_text text, char *room, size_t size, dime_text *decoded);

#endif
