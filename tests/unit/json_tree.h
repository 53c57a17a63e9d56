/*
 * json_tree.h - a whole document as a tree of json-c.
 *
 * For what reads deep into a document, such as an event; a function's fields need json.h alone, and
 * a program that includes only that doesn't link json-c. The tree isn't made by json-c's own
 * parser, which accepts more than JSON and, when malloc fails, leaves a member or the rest of a
 * string out without saying so. It is made from text that json_check has proved, with json-c's
 * constructors, each of which tells whether it failed.
 */
#ifndef DIME_TESTS_UNIT_JSON_TREE_H
#define DIME_TESTS_UNIT_JSON_TREE_H

#include <json-c/json_object.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"

/*
 * json-c takes some 700 bytes of malloc for the two bytes of {}; the arena's limit doesn't see
 * them. This bounds what one text can take.
 */
enum { JSON_TREE_VALUES_MAX = 20000 };

/*
 * Checks TEXT as json_check does and puts its tree into *TREE, which the caller owns: release it
 * with json_object_put before the arena is reset, since names lie in the arena. *TREE is NULL for a
 * text of `null`, as everywhere in json-c, and on false; then *ERROR says what is wrong. A number
 * beyond int64, with a point or an exponent is a double that keeps its text:
 * json_object_get_string.
 */
bool json_parse(dime_text text, struct arena *arena, struct json_object **tree,
                struct json_error *error);

#endif
