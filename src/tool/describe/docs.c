/*
 * docs.c - the data of the page about a host's functions.
 *
 * A description has all that the page says. What is added is how a person fills in a field: by a
 * menu, a box, a file, a line or several.
 */
#include "tool/describe/docs.h"

#include <stdio.h>
#include <string.h>

#include "tool/ask/description.h"
#include "tool/describe/tree.h"

/* Whether a member has this text. */
/* How a field is filled in. */
static void put_control(struct tree *tree, struct json_object *out, struct json_object *field)
{
    bool one = !*description_string(field, "shape");
    bool file = description_says(field, "kind", "file");
    if (one && description_says(field, "kind", "choice")) {
        tree_true(tree, out, "menu");
        tree_copy(tree, out, "choices", json_object_object_get(field, "choices"));
    } else if (!file && (!one || description_says(field, "kind", "json") ||
                         description_says(field, "kind", "object") ||
                         json_object_object_get(field, "lines"))) {
        tree_true(tree, out, "lines");
    } else {
        bool box = description_says(field, "kind", "boolean");
        tree_text(tree, out, "type", file ? "file" : box ? "checkbox" : "text");
        if (box)
            tree_true(tree, out, "box");
        if (file && *description_string(field, "types"))
            tree_text(tree, out, "accept", description_string(field, "types"));
    }
}

static void put_docs_fields(struct tree *tree, struct json_object *out, const char *function,
                            struct json_object *fields)
{
    struct json_object *list = tree_array(tree, out, "fields");
    for (size_t i = 0; fields && i < json_object_array_length(fields); i++) {
        struct json_object *field = json_object_array_get_idx(fields, i);
        struct json_object *one = tree_object(tree, list, NULL);
        const char *name = description_string(field, "name");
        tree_text(tree, one, "name", name);
        tree_text(tree, one, "function", function);
        tree_format(tree, one, "id", "%s-%s", function, name);
        tree_text(tree, one, "help", description_string(field, "help"));
        put_control(tree, one, field);
        if (description_says(field, "kind", "file"))
            tree_true(tree, out, "upload");
    }
}

/* The names of methods, with commas between them. *POSTS: POST is among them. */
static void put_method_names(struct tree *tree, struct json_object *out,
                             struct json_object *methods, bool *posts)
{
    char names[128] = "";
    *posts = false;
    for (size_t i = 0; methods && i < json_object_array_length(methods); i++) {
        const char *name = json_object_get_string(json_object_array_get_idx(methods, i));
        size_t length = strlen(names);
        snprintf(names + length, sizeof names - length, "%s%s", i ? ", " : "", name);
        *posts = *posts || strcmp(name, "POST") == 0;
    }
    tree_text(tree, out, "methods", names);
}

static void put_function_docs(struct tree *tree, struct json_object *list,
                              struct json_object *function)
{
    struct json_object *out = tree_object(tree, list, NULL);
    const char *name = description_string(function, "name");
    bool posts;
    tree_text(tree, out, "name", name);
    tree_format(tree, out, "path", "/cgi-bin/%s", name);
    tree_text(tree, out, "summary", description_string(function, "summary"));
    tree_text(tree, out, "help", description_string(function, "help"));
    tree_copy(tree, out, "bodyMax", json_object_object_get(function, "bodyMax"));
    put_method_names(tree, out, json_object_object_get(function, "methods"), &posts);
    if (posts && !json_object_object_get(function, "routes"))
        tree_true(tree, out, "form");
    put_docs_fields(tree, out, name, json_object_object_get(function, "fields"));
}

struct json_object *docs_of(struct json_object *const *functions, size_t count)
{
    struct tree tree = {.failed = false};
    struct json_object *root = json_object_new_object();
    struct json_object *list = tree_array(&tree, root, "functions");
    for (size_t i = 0; i < count; i++)
        put_function_docs(&tree, list, functions[i]);
    return tree_finish(&tree, root);
}
