/*
 * json_fuzz.c - the gate, the cursor and the tree against hostile text, and against json-c's
 * parser.
 *
 * json-c accepts more than JSON, so its yes proves nothing; but what the gate accepts json-c must
 * accept too, and both must read the same values out of it. What the gate accepts and json-c
 * writes again must pass the gate once more. Build: clang -fsanitize=fuzzer,address,undefined.
 */
#include "base/json.h"

#include <json-c/json_tokener.h>
#include <stdlib.h>
#include <strings.h>

#include "../unit/json_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
    if (!held)
        abort();
}

/* Reads everything in a value; the pieces must lie within it, each found by its name. */
static size_t visit(struct json_value value, struct arena *arena)
{
    size_t values = 1;
    dime_text string;
    struct json_value found;
    struct json_cursor cursor = json_members(value, arena);
    struct json_member member;
    if (value.kind == JSON_STRING)
        require(json_string(value, arena, &string) && text_is_utf8(string) &&
                string.length + 2 <= value.raw.length);
    for (size_t count = 0; json_next(&cursor, &member); count++) {
        const char *end = member.value.raw.data + member.value.raw.length;
        require(member.value.raw.data > value.raw.data && end < value.raw.data + value.raw.length);
        require(text_is_utf8(member.name));
        if (value.kind == JSON_OBJECT && count < 20)
            require(json_find(value, member.name, &found) &&
                    found.raw.data == member.value.raw.data);
        values += visit(member.value, arena);
    }
    require(!cursor.failed);
    return values;
}

/* What json-c's own parser makes of a text; sets *ACCEPTED. */
static struct json_object *parse_by_tokener(dime_text text, bool *accepted)
{
    struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX + 1);
    require(tokener != NULL);
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    struct json_object *tree = json_tokener_parse_ex(tokener, text.data, (int)text.length);
    enum json_tokener_error error = json_tokener_get_error(tokener);
    if (error == json_tokener_continue) { /* a number may go on: a NUL tells that it doesn't */
        tree = json_tokener_parse_ex(tokener, "", 1);
        error = json_tokener_get_error(tokener);
    }
    *accepted = error == json_tokener_success;
    json_tokener_free(tokener);
    return tree;
}

/*
 * json-c's parser rounds integers of 19 digits and more, and makes U+FFFD of an escaped pair of
 * surrogates whose character is U+1D800 to U+1DFFF, or there in another plane. Trees may differ
 * then.
 */
static bool is_comparable(dime_text text)
{
    size_t digits = 0;
    for (size_t i = 0; i < text.length; i++) {
        digits = text.data[i] >= '0' && text.data[i] <= '9' ? digits + 1 : 0;
        if (digits == 19 || (text.length - i > 2 && strncasecmp(text.data + i, "\\ud", 3) == 0))
            return false;
    }
    return true;
}

static void compare_with_tokener(dime_text text, struct json_object *tree)
{
    bool accepted;
    struct json_object *other = parse_by_tokener(text, &accepted);
    require(accepted);
    require(!is_comparable(text) || json_object_equal(tree, other) == 1);
    json_object_put(other);
}

/* What json-c writes of the tree must read as the same tree. */
static void round_trip(struct json_object *tree, struct arena *arena)
{
    size_t length = 4;
    struct json_error error;
    struct json_object *again;
    const char *written =
        tree ? json_object_to_json_string_length(tree, JSON_C_TO_STRING_PLAIN, &length) : "null";
    require(json_parse((dime_text){written, length}, arena, &again, &error));
    require(json_object_equal(tree, again) == 1);
    json_object_put(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dime_text text = {(const char *)data, size};
    struct json_value value;
    struct json_error error;
    struct json_object *tree;
    struct arena arena;
    arena_open(&arena, (size_t)64 << 20);
    if (json_check(text, &arena, &value, &error)) {
        size_t values = visit(value, &arena);
        bool parsed = json_parse(text, &arena, &tree, &error);
        require(parsed == (values <= JSON_TREE_VALUES_MAX));
        if (parsed) {
            compare_with_tokener(text, tree);
            round_trip(tree, &arena);
            json_object_put(tree);
        }
    } else {
        require(error.fault == JSON_MALFORMED && error.offset <= size);
        require(error.line >= 1 && error.column >= 1 && error.message[0] != '\0');
    }
    arena_close(&arena);
    return 0;
}
