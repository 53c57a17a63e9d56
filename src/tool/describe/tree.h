/*
 * tree.h - a JSON document that is put together from many small parts.
 *
 * Any part may fail for want of memory. A document remembers that, so that who builds it asks once,
 * at its end.
 */
#ifndef DIME_TOOL_DESCRIBE_TREE_H
#define DIME_TOOL_DESCRIBE_TREE_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

/* Whether some part could not be made; false at first. */
struct tree {
    bool failed;
};

/* Each adds a member, or with NAME NULL an item, to PARENT, which owns it, and returns it. NULL:
 * memory has run out; all of these take that for PARENT. */
struct json_object *tree_object(struct tree *tree, struct json_object *parent, const char *name);
struct json_object *tree_array(struct tree *tree, struct json_object *parent, const char *name);
void tree_text(struct tree *tree, struct json_object *parent, const char *name, const char *text);
void tree_integer(struct tree *tree, struct json_object *parent, const char *name, int64_t value);
void tree_true(struct tree *tree, struct json_object *parent, const char *name);

/* What printf would print, as a text; at most 4095 bytes of it. */
void tree_format(struct tree *tree, struct json_object *parent, const char *name,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* A copy of VALUE, with all that is in it. */
void tree_copy(struct tree *tree, struct json_object *parent, const char *name,
               struct json_object *value);

/* An object with the one member $ref: the FOLDER and the ITEM of the document's components. */
void tree_reference(struct tree *tree, struct json_object *parent, const char *name,
                    const char *folder, const char *item);

/* The document that is made, which the caller frees. NULL: some part failed, and ROOT is freed. */
struct json_object *tree_finish(const struct tree *tree, struct json_object *root);

#endif
