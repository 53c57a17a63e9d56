/*
 * schema.c - JSON Schema from a table of fields.
 *
 * What a field takes as JSON is wider than its own type: what a form would send, a text, is taken
 * as well, and null counts as left out. A schema says all of it, so that no request which a
 * function answers breaks it.
 */
#include "tool/describe/schema.h"

#include "tool/ask/description.h"

/* Characters that nobody sees, which are passed over around a number (src/base/text.c). */
#define UNSEEN_PATTERN                                                                             \
    "[ \\t\\r\\n\\u00a0\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u202a-\\u202d\\u2060\\u2066-\\u2069"  \
    "\\ufe0e\\ufe0f\\ufeff]*"
#define INTEGER UNSEEN_PATTERN "-?[0-9]+" UNSEEN_PATTERN
#define PAIR    INTEGER ":" INTEGER

/* Copies a limit of the description, which may have none. */
static void put_limit(struct tree *tree, struct json_object *schema, const char *name,
                      struct json_object *field, const char *limit)
{
    struct json_object *value = description_member(field, limit, json_type_int);
    if (value)
        tree_integer(tree, schema, name, json_object_get_int64(value));
}

static void put_help(struct tree *tree, struct json_object *schema, struct json_object *field)
{
    const char *help = description_string(field, "help"),
               *fallback = description_string(field, "fallback");
    if (*help)
        tree_text(tree, schema, "description", help);
    if (*fallback)
        tree_text(tree, schema, "default", fallback);
}

/* A type, and null where the field may be left out. */
static void put_type(struct tree *tree, struct json_object *schema, const char *type,
                     bool may_be_null)
{
    if (!may_be_null) {
        tree_text(tree, schema, "type", type);
        return;
    }
    struct json_object *types = tree_array(tree, schema, "type");
    tree_text(tree, types, NULL, type);
    tree_text(tree, types, NULL, "null");
}

static void put_pattern(struct tree *tree, struct json_object *schema, struct json_object *field)
{
    struct json_object *most = description_member(field, "most", json_type_int);
    long long others = most ? json_object_get_int64(most) - 1 : 0;
    if (!description_says(field, "kind", "integer"))
        return;
    if (description_says(field, "shape", "list"))
        tree_format(tree, schema, "pattern",
                    "^" UNSEEN_PATTERN "(" INTEGER "(," INTEGER "){0,%lld})?$", others);
    else if (description_says(field, "shape", "map"))
        tree_format(tree, schema, "pattern", "^" UNSEEN_PATTERN "(" PAIR "(," PAIR "){0,%lld})?$",
                    others);
}

/* A field as a text. */
static void put_text_form(struct tree *tree, struct json_object *schema, struct json_object *field)
{
    bool one = !*description_string(field, "shape");
    if (one && description_says(field, "kind", "boolean")) {
        tree_text(tree, schema, "$ref", "#/components/schemas/BooleanText");
        return;
    }
    if (one && description_says(field, "kind", "integer")) {
        tree_text(tree, schema, "$ref", "#/components/schemas/IntegerText");
        return;
    }
    tree_text(tree, schema, "type", "string");
    if (one &&
        (description_says(field, "kind", "text") || description_says(field, "kind", "number")))
        put_limit(tree, schema, "maxLength", field, "max");
    put_pattern(tree, schema, field);
}

static void put_choices(struct tree *tree, struct json_object *schema, struct json_object *field,
                        bool may_be_null)
{
    struct json_object *values = tree_array(tree, schema, "enum");
    struct json_object *choices = description_member(field, "choices", json_type_array);
    for (size_t i = 0; choices && i < json_object_array_length(choices); i++)
        tree_copy(tree, values, NULL, json_object_array_get_idx(choices, i));
    if (may_be_null) {
        tree_text(tree, values, NULL, "");
        if (json_object_array_add(values, NULL) != 0)
            tree->failed = true;
    }
}

/* One value of a field's own type, as JSON has it. */
static void put_value_schema(struct tree *tree, struct json_object *schema,
                             struct json_object *field, bool may_be_null)
{
    if (description_says(field, "kind", "integer") || description_says(field, "kind", "number") ||
        description_says(field, "kind", "decimal")) {
        bool whole = description_says(field, "kind", "integer");
        put_type(tree, schema, whole ? "integer" : "number", may_be_null);
        if (whole) {
            put_limit(tree, schema, "minimum", field, "min");
            put_limit(tree, schema, "maximum", field, "max");
        }
    } else if (description_says(field, "kind", "boolean")) {
        put_type(tree, schema, "boolean", may_be_null);
    } else if (description_says(field, "kind", "choice")) {
        put_choices(tree, schema, field, may_be_null);
    } else if (description_says(field, "kind", "object")) {
        schema_of_fields(tree, schema, description_member(field, "fields", json_type_array),
                         SCHEMA_JSON);
    } else if (!description_says(field, "kind", "json")) {
        put_type(tree, schema, "string", may_be_null);
        if (description_says(field, "kind", "text"))
            put_limit(tree, schema, "maxLength", field, "max");
        else
            tree_text(tree, schema, "contentEncoding", "base64");
    }
}

/* Several values, as JSON has them. */
static void put_several_values(struct tree *tree, struct json_object *schema,
                               struct json_object *field, bool may_be_null)
{
    bool list = description_says(field, "shape", "list");
    put_type(tree, schema, list ? "array" : "object", may_be_null);
    put_limit(tree, schema, list ? "maxItems" : "maxProperties", field, "most");
    if (description_member(field, "wholeNames", json_type_boolean))
        tree_text(tree, tree_object(tree, schema, "propertyNames"), "pattern", "^[0-9]+$");
    put_value_schema(tree, tree_object(tree, schema, list ? "items" : "additionalProperties"),
                     field, false);
}

/* A field as JSON: a value of its type, or the text that a form would send. */
static void put_json_form(struct tree *tree, struct json_object *schema, struct json_object *field)
{
    bool one = !*description_string(field, "shape");
    bool may_be_null = !description_member(field, "required", json_type_boolean);
    bool only = description_says(field, "kind", "json") ||
                description_says(field, "kind", "object") ||
                (one && (description_says(field, "kind", "text") ||
                         description_says(field, "kind", "file") ||
                         description_says(field, "kind", "choice")));
    if (only && one) {
        put_value_schema(tree, schema, field, may_be_null);
        return;
    }
    struct json_object *any = tree_array(tree, schema, "anyOf");
    struct json_object *first = tree_object(tree, any, NULL);
    if (one)
        put_value_schema(tree, first, field, may_be_null);
    else
        put_several_values(tree, first, field, may_be_null);
    if (!only)
        put_text_form(tree, tree_object(tree, any, NULL), field);
}

void schema_of_field(struct tree *tree, struct json_object *parent, const char *name,
                     struct json_object *field, enum schema_form form)
{
    struct json_object *schema = tree_object(tree, parent, name);
    put_help(tree, schema, field);
    if (form == SCHEMA_JSON)
        put_json_form(tree, schema, field);
    else if (form == SCHEMA_FORM && description_says(field, "kind", "file"))
        tree_text(tree, schema, "contentMediaType",
                  *description_string(field, "types") ? description_string(field, "types")
                                                      : "application/octet-stream");
    else
        put_text_form(tree, schema, field);
}

void schema_of_fields(struct tree *tree, struct json_object *schema, struct json_object *fields,
                      enum schema_form form)
{
    struct json_object *required = NULL;
    tree_text(tree, schema, "type", "object");
    for (size_t i = 0; fields && i < json_object_array_length(fields); i++) {
        struct json_object *field = json_object_array_get_idx(fields, i);
        if (!description_member(field, "required", json_type_boolean))
            continue;
        if (!required)
            required = tree_array(tree, schema, "required");
        tree_text(tree, required, NULL, description_string(field, "name"));
    }
    struct json_object *properties = tree_object(tree, schema, "properties");
    for (size_t i = 0; fields && i < json_object_array_length(fields); i++) {
        struct json_object *field = json_object_array_get_idx(fields, i);
        schema_of_field(tree, properties, description_string(field, "name"), field, form);
    }
}
