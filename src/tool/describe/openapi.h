/*
 * openapi.h - an OpenAPI 3.1 document of functions, and JSON Schemas of what they take.
 *
 * Other programs' tools read these: clients are made from them, and requests checked.
 */
#ifndef DIME_TOOL_DESCRIBE_OPENAPI_H
#define DIME_TOOL_DESCRIBE_OPENAPI_H

#include <stddef.h>

struct json_object;

/* A document of COUNT functions, from their descriptions: a new object, which the caller frees.
 * NULL: out of memory. */
struct json_object *openapi_of(struct json_object *const *functions, size_t count);

/* The catalog of the same functions (RFC 9727): a set of links (RFC 9264). As above. */
struct json_object *catalog_of(struct json_object *const *functions, size_t count);

/* The JSON Schema of one function's fields as JSON; of its routes, in $defs by their patterns. As
 * above. */
struct json_object *schema_of(struct json_object *function);

#endif
