/*
 * function_test.c - the proof of a function's tables, its defaults, and its routes.
 *
 * Each mistake that an author can make stands beside the sentence that the program says as it
 * starts; beside each there is a table without it, so that the proof isn't of something else.
 */
#include "request/function.h"

#include <check.h>
#include <stdio.h>

#include "asking.h"
#include "fail_malloc.h"
#include "request/route.h"

Suite *function_suite(void);

struct small {
    dime_text code;
    int64_t number;
    int choice;
    DIME_LIST_OF(dime_text) list;
};

struct outer {
    struct small inner;
};

static void handle(dime_call *call, const void *input)
{
    (void)call;
    (void)input;
}

static const char *const NAMES[] = {"a", "b", NULL};
static const char *const NO_NAMES[] = {NULL};

#define CODE DIME_TEXT(struct small, code)

static const dime_field GOOD[] = {
    CODE,
    DIME_DECIMAL(struct small, number, .places = 18, .min = -1, .max = 1),
    DIME_CHOICE(struct small, choice, .choices = NAMES, .fallback = "b"),
    DIME_TEXTS(struct small, list, .required = true),
};
static const dime_field NO_KIND[] = {CODE, {.name = "x"}};
static const dime_field ODD_KIND[] = {{.name = "x", .kind = (enum dime_kind)99}};
static const dime_field NO_NAME[] = {CODE, {.kind = DIME_KIND_TEXT}};
static const dime_field EMPTY_NAME[] = {{.name = "", .kind = DIME_KIND_TEXT}};
static const dime_field TWICE[] = {CODE, DIME_INTEGER(struct small, number), CODE};
static const dime_field UPSIDE_DOWN[] = {DIME_INTEGER(struct small, number, .min = 2, .max = 1)};
static const dime_field LONG_TEXT[] = {DIME_TEXT(struct small, code, .min = 10001)};
static const dime_field MANY_PLACES[] = {DIME_DECIMAL(struct small, number, .places = 19)};
static const dime_field FEW_PLACES[] = {DIME_DECIMAL(struct small, number, .places = -1)};
static const dime_field NO_CHOICES[] = {DIME_CHOICE(struct small, choice)};
static const dime_field EMPTY_CHOICES[] = {DIME_CHOICE(struct small, choice, .choices = NO_NAMES)};
static const dime_field NEVER[] = {DIME_TEXT(struct small, code, .required = true, .fallback = "")};
static const dime_field OUTSIDE[] = {{.name = "x", .kind = DIME_KIND_TEXT, .offset = 4096}};
static const dime_field FALLEN[] = {
    DIME_OBJECT(struct outer, inner, struct small, GOOD, .fallback = "{}")};
static const dime_field NESTED[] = {DIME_OBJECT(struct outer, inner, struct small, GOOD)};
static const dime_field NESTED_TWICE[] = {DIME_OBJECT(struct outer, inner, struct small, TWICE)};
static const dime_field NESTED_OUTSIDE[] = {
    DIME_OBJECT(struct outer, inner, struct small, OUTSIDE)};

/* Fallbacks that are values of their fields, of each kind, and after each some that aren't. */
struct fallen {
    dime_text text;
    int64_t number;
    bool flag;
    int choice;
    dime_file file;
    DIME_LIST_OF(int64_t) list;
    DIME_LIST_OF(dime_text) words;
    DIME_MAP_OF(int64_t) map;
};
struct around {
    DIME_LIST_OF(struct fallen) items;
};

#define FALLS(name, field) static const dime_field name[] = {field}
FALLS(TEXT_FITS, DIME_TEXT(struct fallen, text, .max = 2, .fallback = "\xC3\xA9z"));
FALLS(TEXT_LONG, DIME_TEXT(struct fallen, text, .max = 2, .fallback = "abc"));
FALLS(TEXT_SHORT, DIME_TEXT(struct fallen, text, .min = 1, .fallback = ""));
FALLS(TEXT_NO_UTF8, DIME_TEXT(struct fallen, text, .fallback = "\xFF"));
FALLS(NUMBER_FITS, DIME_NUMBER(struct fallen, text, .fallback = "abc"));
FALLS(WHOLE_FITS, DIME_INTEGER(struct fallen, number, .min = 1, .max = 9, .fallback = "9"));
FALLS(WHOLE_WORD, DIME_INTEGER(struct fallen, number, .fallback = "abc"));
FALLS(WHOLE_LOW, DIME_INTEGER(struct fallen, number, .min = 1, .max = 9, .fallback = "0"));
FALLS(DECIMAL_FITS, DIME_DECIMAL(struct fallen, number, .places = 2, .fallback = "1.5"));
FALLS(DECIMAL_LONG, DIME_DECIMAL(struct fallen, number, .places = 2, .fallback = "1.505"));
FALLS(FLAG_FITS, DIME_BOOLEAN(struct fallen, flag, .fallback = "yes"));
FALLS(FLAG_ODD, DIME_BOOLEAN(struct fallen, flag, .fallback = "2"));
FALLS(CHOICE_ODD, DIME_CHOICE(struct fallen, choice, .choices = NAMES, .fallback = "c"));
FALLS(FILE_FITS, DIME_FILE(struct fallen, file, .fallback = "AAAA"));
FALLS(FILE_ODD, DIME_FILE(struct fallen, file, .fallback = "A!"));
FALLS(JSON_FITS, DIME_JSON(struct fallen, text, .fallback = "{\"a\":[1]}"));
FALLS(JSON_ODD, DIME_JSON(struct fallen, text, .fallback = "{a}"));
FALLS(LIST_FITS, DIME_INTEGERS(struct fallen, list, .most = 2, .fallback = "1,2"));
FALLS(LIST_LONG, DIME_INTEGERS(struct fallen, list, .most = 2, .fallback = "1,2,3"));
FALLS(WORDS_FIT, DIME_TEXTS(struct fallen, words, .max = 1, .fallback = "a"));
FALLS(WORDS_LONG, DIME_TEXTS(struct fallen, words, .max = 1, .fallback = "ab"));
FALLS(MAP_FITS, DIME_INTEGER_MAP(struct fallen, map, .fallback = "a:1,b:2"));
FALLS(MAP_ODD, DIME_INTEGER_MAP(struct fallen, map, .fallback = "a"));
FALLS(NESTED_FITS, DIME_OBJECTS(struct around, items, struct fallen, WHOLE_FITS));
FALLS(NESTED_LOW, DIME_OBJECTS(struct around, items, struct fallen, WHOLE_LOW));

/* A table within itself, as a tree would have it. */
static const dime_field ENDLESS[] = {
    {.name = "x", .kind = DIME_KIND_OBJECT, .size = 8, .fields = ENDLESS, .field_count = 1}};

#define REFUSED(name) "the field " name " has a fallback that it would refuse: "

static const struct {
    const dime_field *fields;
    size_t count;
    const char *why; /* NULL: nothing is wrong */
} tables[] = {
    {NULL, 0, NULL},
    {GOOD, 4, NULL},
    {NESTED, 1, NULL},
    {NO_KIND, 1, NULL},
    {NO_KIND, 2, "the field x has no kind; write it with one of dime.h's macros"},
    {ODD_KIND, 1, "the field x has no kind; write it with one of dime.h's macros"},
    {NO_NAME, 2, "the field 2 of a table has no name; write it with one of dime.h's macros"},
    {EMPTY_NAME, 1, "the field 1 of a table has no name; write it with one of dime.h's macros"},
    {TWICE, 2, NULL},
    {TWICE, 3, "the field code stands in its table twice"},
    {UPSIDE_DOWN, 1, "the field number has a min that is above its max"},
    {LONG_TEXT, 1, "the field code has a min that is above its max"},
    {MANY_PLACES, 1, "the field number has 19 places; an int64_t has room for 0 to 18"},
    {FEW_PLACES, 1, "the field number has -1 places; an int64_t has room for 0 to 18"},
    {NO_CHOICES, 1, "the field choice has no choices; add .choices = NAMES"},
    {EMPTY_CHOICES, 1, "the field choice has no choices; add .choices = NAMES"},
    {NEVER, 1, "the field code is required, so its fallback is never used"},
    {OUTSIDE, 1, "the field x lies outside of the struct that DIME_INPUT names"},
    {FALLEN, 1, "the field inner is an object, which takes no fallback"},
    {NESTED_TWICE, 1, "the field code stands in its table twice"},
    {NESTED_OUTSIDE, 1, "the field x lies outside of the struct that DIME_INPUT names"},
    {TEXT_FITS, 1, NULL},
    {TEXT_LONG, 1, REFUSED("text") "text has 3 characters; give at most 2."},
    {TEXT_SHORT, 1, REFUSED("text") "text has 0 characters; give at least 1."},
    {TEXT_NO_UTF8, 1, REFUSED("text") "text must be text in UTF-8."},
    {NUMBER_FITS, 1, NULL},
    {WHOLE_FITS, 1, NULL},
    {WHOLE_WORD, 1,
     REFUSED("number") "number must be a whole number from -9223372036854775808 to "
                       "9223372036854775807."},
    {WHOLE_LOW, 1, REFUSED("number") "number holds 0; it must be from 1 to 9."},
    {DECIMAL_FITS, 1, NULL},
    {DECIMAL_LONG, 1,
     REFUSED("number") "number must be a number with at most 2 digits after the point."},
    {FLAG_FITS, 1, NULL},
    {FLAG_ODD, 1, REFUSED("flag") "flag must be true or false."},
    {CHOICE_ODD, 1, REFUSED("choice") "choice must be a or b."},
    {FILE_FITS, 1, NULL},
    {FILE_ODD, 1, REFUSED("file") "file isn't base64; base64 -w0 FILE makes it of a file."},
    {JSON_FITS, 1, NULL},
    {JSON_ODD, 1, REFUSED("text") "text must be JSON."},
    {LIST_FITS, 1, NULL},
    {LIST_LONG, 1, REFUSED("list") "list may have at most 2 items."},
    {WORDS_FIT, 1, NULL},
    {WORDS_LONG, 1, REFUSED("words") "words[0] has 2 characters; give at most 1."},
    {MAP_FITS, 1, NULL},
    {MAP_ODD, 1, REFUSED("map") "map must be an object of named values, such as 25:2,10:0."},
    {NESTED_FITS, 1, NULL},
    {NESTED_LOW, 1, REFUSED("number") "number holds 0; it must be from 1 to 9."},
    {ENDLESS, 1, "tables of fields are nested more than 16 deep"},
};

static void check_proof(const dime_function *function, const char *wanted)
{
    char why[256] = "";
    ck_assert_msg(function_check(function, why, sizeof why) == !wanted, "%s", wanted);
    ck_assert_str_eq(why, wanted ? wanted : "");
}

/* The same is found in a function's own table and in a route's. */
START_TEST(proves_a_table)
{
    dime_function function = {
        .name = "some",
        .summary = "Some",
        .input_size = sizeof(struct fallen),
        .fields = tables[_i].fields,
        .field_count = tables[_i].count,
        .handle = handle,
    };
    check_proof(&function, tables[_i].why);
    const dime_route routes[] = {
        DIME_ROUTE("POST /", handle),
        DIME_ROUTE("GET /", handle, .input_size = sizeof(struct fallen),
                   .fields = tables[_i].fields, .field_count = tables[_i].count),
    };
    function = (dime_function){.name = "some", .summary = "Some", DIME_ROUTES(routes)};
    check_proof(&function, tables[_i].why);
}
END_TEST

static const dime_field ONE[] = {DIME_OBJECT(struct outer, inner, struct small, GOOD)};

/* A route whose fields are GOOD. */
static const struct {
    const char *pattern, *why;
} patterns[] = {
    {"GET /", NULL},
    {"PUT /{code}", NULL},
    {"PATCH /a/{code}/{number}/", NULL},
    {"DELETE /{choice}", NULL},
    {"GET /a}b", NULL},
    {"", "must begin with GET, POST, PUT, PATCH or DELETE and a blank"},
    {"/", "must begin with GET, POST, PUT, PATCH or DELETE and a blank"},
    {"GET", "must begin with GET, POST, PUT, PATCH or DELETE and a blank"},
    {"GET/", "must begin with GET, POST, PUT, PATCH or DELETE and a blank"},
    {"get /", "must begin with GET, POST, PUT, PATCH or DELETE and a blank"},
    {"HEAD /", "must begin with GET, POST, PUT, PATCH or DELETE and a blank"},
    {"OPTIONS /", "must begin with GET, POST, PUT, PATCH or DELETE and a blank"},
    {"BREW /", "must begin with GET, POST, PUT, PATCH or DELETE and a blank"},
    {"GET ", "has a path that doesn't begin with /"},
    {"GET a", "has a path that doesn't begin with /"},
    {"GET  /", "has a path that doesn't begin with /"},
    {"GET {code}", "has a path that doesn't begin with /"},
    {"GET /{code", "has braces that aren't a whole part of its path"},
    {"GET /a{code}", "has braces that aren't a whole part of its path"},
    {"GET /{code}.html", "has braces that aren't a whole part of its path"},
    {"GET /{}", "has braces that aren't a whole part of its path"},
    {"GET /{other}", "has a part in braces that isn't the name of a single field in its table"},
    {"GET /{list}", "has a part in braces that isn't the name of a single field in its table"},
    {"GET /{Code}", "has a part in braces that isn't the name of a single field in its table"},
};

START_TEST(proves_a_route)
{
    char wanted[256];
    const char *pattern = patterns[_i].pattern, *why = patterns[_i].why;
    const dime_route routes[] = {
        DIME_ROUTE(pattern, handle, DIME_INPUT(struct small, GOOD)),
    };
    const dime_function function = {.name = "some", .summary = "Some", DIME_ROUTES(routes)};
    snprintf(wanted, sizeof wanted, "the route \"%s\" %s", pattern, why ? why : "");
    check_proof(&function, why ? wanted : NULL);
}
END_TEST

START_TEST(proves_a_function)
{
    const dime_route deaf[] = {{.pattern = "GET /"}};
    const dime_route good[] = {DIME_ROUTE("GET /", handle)};
    const dime_route object[] = {DIME_ROUTE("GET /{inner}", handle, DIME_INPUT(struct outer, ONE))};
    const dime_setting settings[] = {{.name = "A", .required = true}, {.help = "b"}};
    dime_function function = {.name = "some", .handle = handle};
    check_proof(&function, "it has no summary; add .summary = \"Says hello\"");
    function.summary = "Some";
    check_proof(&function, NULL);
    function.handle = NULL;
    check_proof(&function, "it needs either .handle or DIME_ROUTES");
    function.routes = good;
    function.route_count = 1;
    check_proof(&function, NULL);
    function.handle = handle;
    check_proof(&function, "it needs either .handle or DIME_ROUTES");
    function.handle = NULL;
    function.routes = deaf;
    check_proof(&function, "the route \"GET /\" has no handler");
    function.routes = object;
    check_proof(&function, "the route \"GET /{inner}\" has a part in braces that isn't the name of "
                           "a single field in its table");
    function.routes = good;
    function.settings = settings;
    function.setting_count = 1;
    check_proof(&function, NULL);
    function.setting_count = 2;
    check_proof(&function, "the setting 2 has no name");
    const dime_setting never[] = {{.name = "A", .required = true, .fallback = "b"}};
    function.settings = never;
    function.setting_count = 1;
    check_proof(&function, "the setting A is required, so its fallback is never used");
}
END_TEST

/* Without memory nothing is known of a fallback, so nothing begins. */
START_TEST(proves_no_fallback_without_memory)
{
    const dime_function function = {
        .name = "some",
        .summary = "Some",
        .handle = handle,
        DIME_INPUT(struct fallen, TEXT_FITS),
    };
    if (!fail_malloc_works())
        return;
    fail_malloc_begin(0);
    check_proof(&function, "the field text has a fallback that can't be read: out of memory");
    ck_assert(fail_malloc_end());
    check_proof(&function, NULL);
}
END_TEST

/* A sentence that doesn't fit is cut. */
START_TEST(cuts_its_sentence)
{
    const dime_function function = {.name = "some"};
    char why[7] = "......";
    ck_assert(!function_check(&function, why, sizeof why));
    ck_assert_str_eq(why, "it has");
}
END_TEST

static const dime_route ROUTES[] = {
    DIME_ROUTE("GET /", handle),
    DIME_ROUTE("POST /", handle, DIME_INPUT(struct small, GOOD)),
    DIME_ROUTE("GET /list", handle),
    DIME_ROUTE("GET /{code}", handle, DIME_INPUT(struct small, GOOD)),
    DIME_ROUTE("DELETE /{code}", handle, DIME_INPUT(struct small, GOOD)),
    DIME_ROUTE("PUT /{code}/parts/{number}", handle, DIME_INPUT(struct small, GOOD)),
    DIME_ROUTE("PATCH /{code}/", handle, DIME_INPUT(struct small, GOOD)),
    DIME_ROUTE("GET /list/all", handle),
};
static const dime_function routed = {.name = "routed", .summary = "Routed", DIME_ROUTES(ROUTES)};

enum { NONE = -1 };

static const struct {
    unsigned method;
    const char *path;
    int route; /* its index */
    unsigned methods;
} paths[] = {
    {DIME_GET, "", 0, DIME_GET | DIME_POST},
    {DIME_GET, "/", 0, DIME_GET | DIME_POST},
    {DIME_HEAD, "/", 0, DIME_GET | DIME_POST},
    {DIME_POST, "", 1, DIME_GET | DIME_POST},
    {DIME_PUT, "/", NONE, DIME_GET | DIME_POST},
    {DIME_OPTIONS, "/", NONE, DIME_GET | DIME_POST},
    {DIME_OTHER, "/", NONE, DIME_GET | DIME_POST},
    {DIME_GET, "//", NONE, 0},
    {DIME_GET, "/list", 2, DIME_GET | DIME_DELETE},
    {DIME_DELETE, "/list", 4, DIME_GET | DIME_DELETE},
    {DIME_GET, "/List", 3, DIME_GET | DIME_DELETE},
    {DIME_GET, "/a%2Fb", 3, DIME_GET | DIME_DELETE},
    {DIME_HEAD, "/abc", 3, DIME_GET | DIME_DELETE},
    {DIME_POST, "/abc", NONE, DIME_GET | DIME_DELETE},
    {DIME_GET, "/list/", NONE, DIME_PATCH},
    {DIME_PATCH, "/list/", 6, DIME_PATCH},
    {DIME_PATCH, "/list", NONE, DIME_GET | DIME_DELETE},
    {DIME_PUT, "/a/parts/7", 5, DIME_PUT},
    {DIME_GET, "/a/parts/7", NONE, DIME_PUT},
    {DIME_PUT, "/a/parts/", NONE, 0},
    {DIME_PUT, "/a/parts", NONE, 0},
    {DIME_PUT, "//parts/7", NONE, 0},
    {DIME_PUT, "/a/part/7", NONE, 0},
    {DIME_PUT, "/a/parts/7/", NONE, 0},
    {DIME_GET, "/list/all", 7, DIME_GET},
    {DIME_GET, "/list/all/", NONE, 0},
    {DIME_GET, "x", NONE, 0},
    {DIME_GET, "x/", NONE, 0},
};

START_TEST(finds_a_route)
{
    struct route_match match = route_find(&routed, paths[_i].method, text_of(paths[_i].path));
    const dime_route *wanted = paths[_i].route == NONE ? NULL : &ROUTES[paths[_i].route];
    ck_assert_ptr_eq(match.route, wanted);
    ck_assert_uint_eq(match.methods, paths[_i].methods);
}
END_TEST

static struct asking asking;

/* What a request for a path gives the fields of the route that it leads to. */
static const char *led_to(unsigned method, const char *path, const char *query)
{
    asking.request =
        (struct request){.arena = &asking.arena, .method = method, .query = text_of(query)};
    struct route_match match = route_find(&routed, method, text_of(path));
    ck_assert_ptr_nonnull(match.route);
    bool fine = asking_again(&asking, &routed, match.route, text_of(path));
    return asking_outcome(&asking, fine);
}

START_TEST(reads_a_path)
{
    asking_open(&asking, 1 << 20);
    ck_assert_str_eq(led_to(DIME_GET, "/abc", "list=x"), "code=abc choice~b list=x, ");
    ck_assert_str_eq(led_to(DIME_PUT, "/abc/parts/0.1", "list=x"),
                     "number must be from -0.000000000000000001 to 0.000000000000000001.");
    ck_assert_str_eq(led_to(DIME_PUT, "/abc/parts/-0.000000000000000001", "list=x&choice=a"),
                     "code=abc number=-0.000000000000000001 choice=a list=x, ");
    ck_assert_str_eq(led_to(DIME_PATCH, "/a b/", "list=x"), "code=a b choice~b list=x, ");
    /* What the path says twice, or the query too, is said more than once. */
    ck_assert_str_eq(led_to(DIME_GET, "/abc", "list=x&code=abc"),
                     "code is given more than once; give it once.");
    ck_assert_str_eq(led_to(DIME_GET, "/abc", "list=x&code="), "code=abc choice~b list=x, ");
    ck_assert_str_eq(led_to(DIME_GET, "/%20", "list=x"), "code=%20 choice~b list=x, ");
    ck_assert_str_eq(led_to(DIME_GET, "/\xFF", "list=x"), "code must be text in UTF-8.");
    ck_assert_str_eq(led_to(DIME_GET, "/a", ""), "Give list.");
    ck_assert_str_eq(led_to(DIME_GET, "/list", "list=x"), ""); /* whose route has no fields */
    /* A page's values are in the order of the route's table. */
    led_to(DIME_GET, "/abc", "list=x");
    ck_assert(asking.call.values[0].given);
    ck_assert(text_equal(asking.call.values[0].text, TEXT("abc")));
    const struct small *input = (const void *)asking.call.input->base;
    ck_assert(dime_given(&asking.call, &input->code));
    asking_close(&asking);
}
END_TEST

START_TEST(has_defaults)
{
    static const dime_field FILES[] = {
        {.name = "a", .kind = DIME_KIND_FILE, .max = 3 * 1024},
        {.name = "b", .kind = DIME_KIND_TEXT},
        {.name = "c", .kind = DIME_KIND_FILE},
    };
    const dime_route routes[] = {
        DIME_ROUTE("GET /", handle),
        DIME_ROUTE("PUT /", handle, .fields = FILES, .field_count = 1),
        DIME_ROUTE("POST /", handle, .fields = FILES, .field_count = 2),
    };
    dime_function function = {.name = "some", .methods = DIME_PUT};
    ck_assert_uint_eq(function_methods(&function), DIME_PUT);
    function.methods = 0;
    ck_assert_uint_eq(function_methods(&function), DIME_GET | DIME_POST);
    ck_assert_uint_eq(function_body_max(&function), FUNCTION_BODY_MAX);
    function.fields = FILES;
    function.field_count = 3;
    ck_assert_uint_eq(function_body_max(&function),
                      FUNCTION_BODY_MAX + (FIELD_FILE_MAX + 3 * 1024) / 3 * 4);
    ck_assert_ptr_eq(field_file(FILES, 3), &FILES[0]);
    ck_assert_ptr_eq(field_file(FILES + 1, 1), NULL);
    ck_assert_ptr_eq(field_find(FILES, 3, TEXT("c")), &FILES[2]);
    ck_assert_ptr_eq(field_find(FILES, 2, TEXT("c")), NULL);
    function.field_count = 0;
    function.routes = routes;
    function.route_count = 3;
    ck_assert_uint_eq(function_methods(&function), DIME_GET | DIME_PUT | DIME_POST);
    ck_assert_uint_eq(function_body_max(&function), FUNCTION_BODY_MAX + 4 * 1024);
    function.body_max = 7;
    ck_assert_uint_eq(function_body_max(&function), 7);
}
END_TEST

Suite *function_suite(void)
{
    Suite *suite = suite_create("function");
    TCase *proof = tcase_create("proof");
    tcase_add_loop_test(proof, proves_a_table, 0, sizeof tables / sizeof *tables);
    tcase_add_loop_test(proof, proves_a_route, 0, sizeof patterns / sizeof *patterns);
    tcase_add_test(proof, proves_a_function);
    tcase_add_test(proof, proves_no_fallback_without_memory);
    tcase_add_test(proof, cuts_its_sentence);
    tcase_add_test(proof, has_defaults);
    suite_add_tcase(suite, proof);
    TCase *routes = tcase_create("routes");
    tcase_add_loop_test(routes, finds_a_route, 0, sizeof paths / sizeof *paths);
    tcase_add_test(routes, reads_a_path);
    suite_add_tcase(suite, routes);
    return suite;
}
