/*
 * json_tree_test.c - the tree of json-c: what is in it, its limit, and every failure of malloc.
 *
 * json-c's own parser can lose a member when memory runs out and say nothing; the test at the end
 * makes each allocation fail in turn and accepts the right tree or JSON_NO_MEMORY, nothing between.
 */
#include "json_tree.h"

#include <check.h>
#include <stdlib.h>

#include "fail_malloc.h"

Suite *json_tree_suite(void);

static struct arena arena;

static void begin(void)
{
    arena_open(&arena, (size_t)16 << 20);
}

static void end(void)
{
    arena_close(&arena);
}

static struct json_object *parse(dime_text text)
{
    struct json_object *tree;
    struct json_error error;
    ck_assert_msg(json_parse(text, &arena, &tree, &error), "%s: %s", text.data, error.message);
    return tree;
}

/* What json-c writes of a tree, without needless space. */
static const char *written(struct json_object *tree)
{
    return json_object_to_json_string_ext(tree,
                                          JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

/* These come out as they went in: numbers of any size digit for digit. */
START_TEST(builds_what_was_written)
{
    static const char *const texts[] = {
        "null",
        "true",
        "-1.50",
        "1e400",
        "10000000000000000000",
        "-9223372036854775809",
        "9223372036854775807",
        "\"\"",
        "\"a\\u0000b\"",
        "[]",
        "{}",
        "[null,[],{},[1,2,3,4,5,6,7,8,9,10]]",
        "{\"amount\":1.890,\"\":null,\"b\":[{\"c\":false}],\"\xE2\x82\xAC\":\"\xF0\x9D\xA8\x80\"}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct json_object *tree = parse(text_of(texts[i]));
        ck_assert_str_eq(written(tree), texts[i]);
        json_object_put(tree);
    }
}
END_TEST

START_TEST(decodes_names_and_strings)
{
    struct json_object *found;
    struct json_object *tree =
        parse(TEXT("{\"\\u0061\\n\":\"\\ud836\\ude00\",\"nul\":\"x\\u0000y\"}"));
    ck_assert(json_object_object_get_ex(tree, "a\n", &found));
    ck_assert_str_eq(json_object_get_string(found), "\xF0\x9D\xA8\x80");
    ck_assert(json_object_object_get_ex(tree, "nul", &found));
    ck_assert_int_eq(json_object_get_string_len(found), 3);
    ck_assert(memcmp(json_object_get_string(found), "x\0y", 3) == 0);
    json_object_put(tree);
}
END_TEST

/* The text is read to its length, not to a NUL, and not a byte further. */
START_TEST(reads_no_further_than_the_text)
{
    struct json_object *tree = parse((dime_text){"12345", 3});
    ck_assert_int_eq(json_object_get_int64(tree), 123);
    json_object_put(tree);
    tree = parse((dime_text){"1.2345", 3});
    ck_assert_str_eq(json_object_get_string(tree), "1.2");
    json_object_put(tree);
}
END_TEST

START_TEST(passes_the_fault_of_the_gate_on)
{
    struct json_object *tree;
    struct json_error error;
    ck_assert(!json_parse(TEXT("{\"a\":1,\"a\":2}"), &arena, &tree, &error));
    ck_assert_ptr_null(tree);
    ck_assert_int_eq(error.fault, JSON_MALFORMED);
    ck_assert_uint_eq(error.column, 8);
}
END_TEST

/* Writes [0,0,...]. */
static dime_text zeros(size_t count)
{
    char *text = arena_alloc(&arena, 2 * count + 1);
    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < count; i++)
        memcpy(text + 2 * i, ",0", 2);
    text[0] = '[';
    text[2 * count] = ']';
    return (dime_text){text, 2 * count + 1};
}

START_TEST(limits_the_values)
{
    struct json_object *tree = parse(zeros(JSON_TREE_VALUES_MAX - 1)); /* and the array */
    struct json_error error;
    ck_assert_uint_eq(json_object_array_length(tree), JSON_TREE_VALUES_MAX - 1);
    json_object_put(tree);
    ck_assert(!json_parse(zeros(JSON_TREE_VALUES_MAX), &arena, &tree, &error));
    ck_assert_ptr_null(tree);
    ck_assert_int_eq(error.fault, JSON_MALFORMED);
    ck_assert_uint_eq(error.offset, 2 * JSON_TREE_VALUES_MAX - 1);
}
END_TEST

/* More than the 10 members and 4 items that json-c makes room for at first, and long strings. */
static const dime_text large =
    TEXT("{\"a\":1.5,\"\\u0062\":\"a string that is longer than what an object holds within\","
         "\"c\":null,\"d\":[1,2,3,4,5,6,[true,null,\"\\n\"]],\"e\":{},\"f\":1e400,\"g\":0,"
         "\"h\":0,\"i\":0,\"j\":0,\"k\":0,\"l\":{\"m\":\"x\"},\"n\":10000000000000000000}");

/* Parses with one allocation failing. True when none failed, so that there are no more to try. */
static bool parse_failing(size_t number, const char *right)
{
    struct arena own;
    struct json_object *tree;
    struct json_error error = {0};
    long live = fail_malloc_live();
    fail_malloc_begin(number);
    arena_open(&own, 1 << 20);
    bool parsed = json_parse(large, &own, &tree, &error);
    bool failed = fail_malloc_end();
    if (parsed)
        ck_assert_str_eq(written(tree), right);
    else
        ck_assert_int_eq(error.fault, JSON_NO_MEMORY);
    ck_assert(parsed || failed);
    json_object_put(tree);
    arena_close(&own);
    ck_assert_int_eq(fail_malloc_live(), live);
    return !failed;
}

START_TEST(survives_every_failure_of_malloc)
{
    size_t number = 0;
    struct json_object *tree = parse(large);
    char *right = strdup(written(tree));
    ck_assert_ptr_nonnull(right);
    json_object_put(tree);
    while (!parse_failing(number, right))
        number++;
    ck_assert_uint_gt(number, 30); /* there were failures to survive */
    free(right);
}
END_TEST

Suite *json_tree_suite(void)
{
    Suite *suite = suite_create("json_tree");
    TCase *building = tcase_create("building");
    tcase_add_checked_fixture(building, begin, end);
    tcase_add_test(building, builds_what_was_written);
    tcase_add_test(building, decodes_names_and_strings);
    tcase_add_test(building, reads_no_further_than_the_text);
    tcase_add_test(building, passes_the_fault_of_the_gate_on);
    tcase_add_test(building, limits_the_values);
    if (fail_malloc_works())
        tcase_add_test(building, survives_every_failure_of_malloc);
    suite_add_tcase(suite, building);
    return suite;
}
