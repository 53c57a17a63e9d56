/*
 * tree.c - a JSON document in json-c, put together from many small parts.
 *
 * json-c says of each part by itself that memory has run out; here one flag gathers that.
 */
#include "tool/describe/tree.h"

#include <stdarg.h>
#include <stdio.h>

enum { TREE_TEXT_MAX = 4096 };

/* Adds a part that was made. Returns it, or NULL. */
static struct json_object *add(struct tree *tree, struct json_object *parent, const char *name,
                               struct json_object *part)
{
    int error = !parent || !part ? -1
                : name           ? json_object_object_add(parent, name, part)
                                 : json_object_array_add(parent, part);
    if (!error)
        return part;
    json_object_put(part);
    tree->failed = true;
    return NULL;
}

struct json_object *tree_object(struct tree *tree, struct json_object *parent, const char *name)
{
    return add(tree, parent, name, json_object_new_object());
}

struct json_object *tree_array(struct tree *tree, struct json_object *parent, const char *name)
{
    return add(tree, parent, name, json_object_new_array());
}

void tree_text(struct tree *tree, struct json_object *parent, const char *name, const char *text)
{
    add(tree, parent, name, json_object_new_string(text));
}

void tree_integer(struct tree *tree, struct json_object *parent, const char *name, int64_t value)
{
    add(tree, parent, name, json_object_new_int64(value));
}

void tree_true(struct tree *tree, struct json_object *parent, const char *name)
{
    add(tree, parent, name, json_object_new_boolean(true));
}

void tree_format(struct tree *tree, struct json_object *parent, const char *name,
                 const char *format, ...)
{
    char text[TREE_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    tree_text(tree, parent, name, text);
}

void tree_copy(struct tree *tree, struct json_object *parent, const char *name,
               struct json_object *value)
{
    struct json_object *copy = NULL;
    if (json_object_deep_copy(value, &copy, NULL) != 0)
        copy = NULL;
    add(tree, parent, name, copy);
}

void tree_reference(struct tree *tree, struct json_object *parent, const char *name,
                    const char *folder, const char *item)
{
    tree_format(tree, tree_object(tree, parent, name), "$ref", "#/components/%s/%s", folder, item);
}

struct json_object *tree_finish(const struct tree *tree, struct json_object *root)
{
    if (!tree->failed)
        return root;
    json_object_put(root);
    return NULL;
}
