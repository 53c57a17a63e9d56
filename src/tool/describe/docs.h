/*
 * docs.h - what the page about a host's functions is filled from.
 *
 * The page is a template, www/pages/docs.html, so that its words and its looks are no matter of C.
 */
#ifndef DIME_TOOL_DESCRIBE_DOCS_H
#define DIME_TOOL_DESCRIBE_DOCS_H

#include <stddef.h>

struct json_object;

/* The data of the page, from COUNT descriptions: a new object, which the caller frees. NULL: out of
 * memory. */
struct json_object *docs_of(struct json_object *const *functions, size_t count);

#endif
