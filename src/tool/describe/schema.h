/*
 * schema.h - JSON Schema (draft 2020-12) of what a function takes, from its fields.
 *
 * It's made from a description, which has each field's kind, shape and limits.
 */
#ifndef DIME_TOOL_DESCRIBE_SCHEMA_H
#define DIME_TOOL_DESCRIBE_SCHEMA_H

#include "tool/describe/tree.h"

/* In which form a field comes. */
enum schema_form {
    SCHEMA_JSON,
    SCHEMA_FORM, /* as a part of a form, where a file is bytes */
    SCHEMA_TEXT, /* as a text: in a query, or in a form */
};

/* Adds the schema of one field, as a description has it. */
void schema_of_field(struct tree *tree, struct json_object *parent, const char *name,
                     struct json_object *field, enum schema_form form);

/* Writes an object with these fields into SCHEMA, an empty object. */
void schema_of_fields(struct tree *tree, struct json_object *schema, struct json_object *fields,
                      enum schema_form form);

#endif
