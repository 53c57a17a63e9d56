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

struct leg {
    int64_t price;
};

static const dime_field leg_table[] = {
    DIME_DECIMAL(struct leg, price, .required = true, .places = 2),
};

struct some {
    dime_text word, lines, number, tree;
    bool flag;
    int choice;
    int64_t count;
    DIME_LIST_OF(int64_t) list;
    DIME_MAP_OF(int64_t) map;
    DIME_LIST_OF(struct leg) legs;
    dime_file picture;
};

static const char *const names[] = {"one", "two", NULL};

static const dime_field table[] = {
    DIME_TEXT(struct some, word, .required = true, .max = 90, .help = "a \"word\""),
    DIME_LINES(struct some, lines, .max = 9, .fallback = "x", .help = "some"),
    DIME_NUMBER(struct some, number, .help = "a number"),
    DIME_BOOLEAN(struct some, flag, .help = "whether"),
    DIME_CHOICE(struct some, choice, .choices = names),
    DIME_INTEGER(struct some, count, .min = 1, .help = "how many"),
    DIME_INTEGERS(struct some, list, .min = 1, .max = 2, .most = 3, .help = "a list"),
    DIME_INTEGER_MAP(struct some, map, .max = 2, .whole_names = true, .help = "a map"),
    DIME_OBJECTS(struct some, legs, struct leg, leg_table),
    DIME_FILE(struct some, picture, .max = 100, .help = "a picture",
              .types = "image/jpeg, image/png"),
    DIME_JSON(struct some, tree, .max = 5, .help = "any"),
};

static const dime_setting settings[] = {
    {.name = "SOME_KEY", .required = true, .secret = true, .fallback = "hidden", .help = "a key"},
};

static const dime_route routes[] = {
    DIME_ROUTE("GET /", NULL),
    DIME_ROUTE("DELETE /{price}", NULL, DIME_INPUT(struct leg, leg_table),
               .effects = DIME_IDEMPOTENT),
};

static const dime_function function = {
    .name = "some",
    .summary = "Does \"some\"",
    .body_max = 100,
    DIME_INPUT(struct some, table),
    DIME_ROUTES(routes),
    DIME_SETTINGS(settings),
    .heavy = true,
    .network = true,
    .keeps_files = true,
    .answers = "text/csv",
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
        "\",\"methods\":[\"GET\",\"DELETE\"],\"effects\":\"creates\",\"bodyMax\":100,\"tooLarge\":"
        "\"Send a picture; all together may have at most 100 bytes.\",\"heavy\":"
        "true,"
        "\"network\":true,\"keepsFiles\":true,\"answers\":\"text/csv\",\"fields\":[{",
        "{\"name\":\"word\",\"kind\":\"text\",\"help\":\"a \\\"word\\\"\",\"required\":true,"
        "\"min\":0,\"max\":90}",
        "\"help\":\"some\",\"fallback\":\"x\",\"min\":0,\"max\":9,\"lines\":true}",
        "{\"name\":\"number\",\"kind\":\"number\",\"help\":\"a number\",\"min\":0,\"max\":128}",
        "{\"name\":\"flag\",\"kind\":\"boolean\",\"help\":\"whether\"}",
        "{\"name\":\"choice\",\"kind\":\"choice\",\"choices\":[\"one\",\"two\"]}",
        "{\"name\":\"count\",\"kind\":\"integer\",\"help\":\"how many\",\"min\":1}",
        "{\"name\":\"list\",\"kind\":\"integer\",\"shape\":\"list\",\"help\":\"a list\",\"min\":1,"
        "\"max\":2,\"most\":3}",
        "\"shape\":\"map\",\"help\":\"a "
        "map\",\"min\":0,\"max\":2,\"most\":1000,\"wholeNames\":true}",
        "{\"name\":\"legs\",\"kind\":\"object\",\"shape\":\"list\",\"most\":1000,\"fields\":["
        "{\"name\":\"price\",\"kind\":\"decimal\",\"required\":true,\"places\":2}]}",
        "\"kind\":\"file\",\"help\":\"a picture\",\"min\":0,\"max\":100,"
        "\"types\":\"image/jpeg, image/png\"}",
        "{\"name\":\"tree\",\"kind\":\"json\",",
        "\"routes\":[{\"pattern\":\"GET /\",\"effects\":\"reads\",\"fields\":[]},"
        "{\"pattern\":\"DELETE /{price}\",\"effects\":\"idempotent\",\"fields\":[{",
        "\"settings\":[{\"name\":\"SOME_KEY\",\"help\":\"a "
        "key\",\"required\":true,\"secret\":true}],",
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
    const dime_function smallest = {.name = "a", .summary = "A", .methods = DIME_POST};
    struct arena arena;
    arena_open(&arena, 1 << 20);
    const char *json = describe(&smallest, &arena);
    ck_assert_msg(strstr(json, "\"methods\":[\"POST\"],\"effects\":\"creates\",\"bodyMax\":1048576,"
                               "\"tooLarge\":\"Send at most 1048576 bytes.\",\"fields\":[]}"),
                  "%s", json);
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
