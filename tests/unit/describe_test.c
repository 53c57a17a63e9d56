/*
 * describe_test.c - a function's description as JSON that json-c reads.
 *
 * Each member of the table is there where it says something, since whatever is made of a function
 * is made of this.
 */
#include "request/describe.h"

#include <check.h>

#include "fail_malloc.h"
#include "unit.h"

Suite *describe_suite(void);

static const dime_field table[] = {
    {.name = "word", .kind = FIELD_TEXT, .required = true, .max = 90, .help = "a \"word\""},
    {.name = "lines", .kind = FIELD_TEXT, .max = 9, .help = "some", .lines = true},
    {.name = "number", .kind = FIELD_NUMBER, .max = 128, .help = "a number"},
    {.name = "flag", .kind = FIELD_BOOLEAN, .help = "whether"},
    {.name = "count", .kind = FIELD_INTEGER, .min = -1, .max = INT64_MAX, .help = "how many"},
    {.name = "list", .kind = FIELD_LIST, .min = 1, .max = 2, .most = 3, .help = "a list"},
    {.name = "map", .kind = FIELD_MAP, .max = 2, .most = 4, .help = "a map"},
    {.name = "picture",
     .kind = FIELD_FILE,
     .max = 100,
     .help = "a picture",
     .types = "image/jpeg, image/png"},
    {.name = "tree", .kind = FIELD_JSON, .max = 5, .help = "any"},
    {0},
};

static const dime_function function = {
    .name = "some",
    .summary = "Does \"some\"",
    .methods = METHOD_GET | METHOD_POST,
    .body_max = 100,
    .fields = table,
    .heavy = true,
};

static const char *describe(const dime_function *some, struct arena *arena)
{
    struct buffer json;
    buffer_open(&json, arena, 65536);
    describe_write(some, &json);
    ck_assert(!json.failed);
    json_object_put(unit_json(json.data, json.length));
    return arena_copy(arena, buffer_text(&json)).data;
}

START_TEST(describes_a_function)
{
    static const char *const parts[] = {
        "{\"dime\":1,\"name\":\"some\",\"summary\":\"Does \\\"some\\\"\",\"version\":\"",
        "\",\"methods\":[\"GET\",\"POST\"],\"bodyMax\":100,\"heavy\":true,\"fields\":[{",
        "{\"name\":\"word\",\"kind\":\"text\",\"help\":\"a \\\"word\\\"\",\"required\":true,"
        "\"min\":0,\"max\":90}",
        "{\"name\":\"lines\",\"kind\":\"text\",\"help\":\"some\",\"min\":0,\"max\":9,"
        "\"lines\":true}",
        "{\"name\":\"number\",\"kind\":\"number\",",
        "{\"name\":\"flag\",\"kind\":\"boolean\",\"help\":\"whether\"}",
        "\"min\":-1,\"max\":9223372036854775807}",
        "{\"name\":\"list\",\"kind\":\"list\",\"help\":\"a list\",\"min\":1,\"max\":2,\"most\":3}",
        "{\"name\":\"map\",\"kind\":\"map\",\"help\":\"a map\",\"min\":0,\"max\":2,\"most\":4}",
        "\"kind\":\"file\",\"help\":\"a picture\",\"min\":0,\"max\":100,"
        "\"types\":\"image/jpeg, image/png\"}",
        "{\"name\":\"tree\",\"kind\":\"json\",",
    };
    struct arena arena;
    arena_open(&arena, 1 << 20);
    const char *json = describe(&function, &arena);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        ck_assert_msg(strstr(json, parts[i]), "%s has no %s", json, parts[i]);
    arena_close(&arena);
}
END_TEST

START_TEST(describes_the_smallest)
{
    const dime_function smallest = {.name = "a", .summary = "A", .methods = METHOD_POST};
    struct arena arena;
    arena_open(&arena, 1 << 20);
    const char *json = describe(&smallest, &arena);
    ck_assert_msg(strstr(json, "\"methods\":[\"POST\"],\"bodyMax\":0,\"fields\":[]}"), "%s", json);
    arena_close(&arena);
}
END_TEST

START_TEST(says_when_there_is_no_memory)
{
    if (!fail_malloc_works())
        return;
    fail_malloc_begin(0);
    bool printed = describe_print(&function);
    fail_malloc_end();
    ck_assert(!printed);
}
END_TEST

Suite *describe_suite(void)
{
    Suite *suite = suite_create("describe");
    TCase *writing = tcase_create("writing");
    tcase_add_test(writing, describes_a_function);
    tcase_add_test(writing, describes_the_smallest);
    tcase_add_test(writing, says_when_there_is_no_memory);
    suite_add_tcase(suite, writing);
    return suite;
}
