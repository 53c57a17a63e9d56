/*
 * catalog.c - the functions of a host as an API catalog (RFC 9727).
 *
 * It's a set of links as RFC 9264 writes it: the catalog leads to the functions, and each function
 * to its description, to a page for people and to its health. All of them are on the same host, so
 * they are paths.
 */
#include <stdio.h>

#include "tool/ask/description.h"
#include "tool/describe/openapi.h"
#include "tool/describe/tree.h"

/* Adds the one link of a relation. */
static void put_link(struct tree *tree, struct json_object *from, const char *relation,
                     const char *to, const char *type)
{
    struct json_object *link = tree_object(tree, tree_array(tree, from, relation), NULL);
    tree_text(tree, link, "href", to);
    if (type)
        tree_text(tree, link, "type", type);
}

static void put_function_links(struct tree *tree, struct json_object *set, const char *name)
{
    struct json_object *from = tree_object(tree, set, NULL);
    char health[256];
    tree_format(tree, from, "anchor", "/cgi-bin/%s", name);
    put_link(tree, from, "service-desc", "/openapi.json", "application/vnd.oai.openapi+json");
    put_link(tree, from, "service-doc", "/docs", "text/html");
    snprintf(health, sizeof health, "/healthz/%s", name);
    put_link(tree, from, "status", health, "application/json");
}

struct json_object *catalog_of(struct json_object *const *functions, size_t count)
{
    struct tree tree = {.failed = false};
    struct json_object *root = json_object_new_object();
    struct json_object *set = tree_array(&tree, root, "linkset");
    struct json_object *catalog = tree_object(&tree, set, NULL);
    tree_text(&tree, catalog, "anchor", "/.well-known/api-catalog");
    struct json_object *items = tree_array(&tree, catalog, "item");
    for (size_t i = 0; i < count; i++) {
        const char *name = description_string(functions[i], "name");
        tree_format(&tree, tree_object(&tree, items, NULL), "href", "/cgi-bin/%s", name);
        put_function_links(&tree, set, name);
    }
    return tree_finish(&tree, root);
}
