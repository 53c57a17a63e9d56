/*
 * json_tree.c - builds a tree of json-c from text that has passed the gate.
 *
 * It follows the cursor of json.h and calls itself for what lies within, at most JSON_DEPTH_MAX
 * deep. json-c's hash table copies a name unless told that it lasts; ours lies in the arena, so
 * there is no copy, and none to leak where the table can't grow. An array begins small, because
 * json-c's own guess of 32 items makes a text of many short arrays costly.
 */
#include "json_tree.h"

#include <limits.h>
#include <stdlib.h>

#include "base/json_check.h"

enum { ARRAY_BEGINS_WITH = 4 };

enum outcome { BUILT, NO_MEMORY, TOO_MANY };

struct builder {
    struct arena *arena;
    size_t values;
    const char *at; /* the value that was one too many */
};

static enum outcome build(struct builder *builder, struct json_value value,
                          struct json_object **node);

static enum outcome outcome_of(const struct json_object *node)
{
    return node ? BUILT : NO_MEMORY;
}

static enum outcome build_number(struct builder *builder, struct json_value value,
                                 struct json_object **node)
{
    int64_t integer;
    if (text_to_int64(value.raw, &integer)) {
        *node = json_object_new_int64(integer);
        return outcome_of(*node);
    }
    dime_text digits = arena_copy(builder->arena, value.raw); /* ends with a NUL, for strtod */
    if (!digits.data)
        return NO_MEMORY;
    *node = json_object_new_double_s(strtod(digits.data, NULL), digits.data);
    return outcome_of(*node);
}

static enum outcome build_string(struct builder *builder, struct json_value value,
                                 struct json_object **node)
{
    dime_text string;
    if (!json_string(value, builder->arena, &string) || string.length > INT_MAX)
        return NO_MEMORY;
    *node = json_object_new_string_len(string.data, (int)string.length);
    return outcome_of(*node);
}

/* Puts a member into its array or object, which owns it then. */
static bool add(struct builder *builder, struct json_object *level, bool object, dime_text name,
                struct json_object *child)
{
    const unsigned options = JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_ADD_CONSTANT_KEY;
    if (!object)
        return json_object_array_add(level, child) == 0;
    dime_text key = arena_copy(builder->arena, name);
    return key.data && json_object_object_add_ex(level, key.data, child, options) == 0;
}

static enum outcome build_members(struct builder *builder, struct json_value value,
                                  struct json_object *level)
{
    struct json_cursor cursor = json_members(value, builder->arena);
    struct json_member member;
    while (json_next(&cursor, &member)) {
        struct json_object *child = NULL;
        enum outcome outcome = build(builder, member.value, &child);
        if (outcome != BUILT)
            return outcome;
        if (!add(builder, level, value.kind == JSON_OBJECT, member.name, child)) {
            json_object_put(child);
            return NO_MEMORY;
        }
    }
    return cursor.failed ? NO_MEMORY : BUILT;
}

static enum outcome build_level(struct builder *builder, struct json_value value,
                                struct json_object **node)
{
    struct json_object *level = value.kind == JSON_OBJECT
                                    ? json_object_new_object()
                                    : json_object_new_array_ext(ARRAY_BEGINS_WITH);
    if (!level)
        return NO_MEMORY;
    enum outcome outcome = build_members(builder, value, level);
    if (outcome == BUILT)
        *node = level;
    else
        json_object_put(level);
    return outcome;
}

/* Leaves *NODE alone unless it was built; NULL is json-c's null. */
static enum outcome build(struct builder *builder, struct json_value value,
                          struct json_object **node)
{
    builder->at = value.raw.data;
    if (++builder->values > JSON_TREE_VALUES_MAX)
        return TOO_MANY;
    switch (value.kind) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        return build_level(builder, value, node);
    case JSON_STRING:
        return build_string(builder, value, node);
    case JSON_NUMBER:
        return build_number(builder, value, node);
    case JSON_BOOLEAN:
        *node = json_object_new_boolean(json_true(value));
        return outcome_of(*node);
    case JSON_NULL:
        break;
    }
    return BUILT;
}

bool json_parse(dime_text text, struct arena *arena, struct json_object **tree,
                struct json_error *error)
{
    struct json_value value;
    *tree = NULL;
    if (!json_check(text, arena, &value, error))
        return false;
    struct builder builder = {.arena = arena};
    switch (build(&builder, value, tree)) {
    case BUILT:
        return true;
    case TOO_MANY:
        json_malformed(error, text, (size_t)(builder.at - text.data),
                       "this is one value too many: 20000 is the limit");
        return false;
    case NO_MEMORY:
        json_no_memory(error);
        return false;
    }
    return false;
}
