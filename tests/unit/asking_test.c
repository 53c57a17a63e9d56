/*
 * asking_test.c - a function that is asked by its author's test: dime/test.h.
 *
 * The function here has a route of each sort, so this is also where an author's whole way through a
 * call is walked: cookies, redirects, streams, problems of a type of one's own.
 */
#include <dime/test.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *asking_suite(void);

struct item {
    dime_text code;
    int64_t count;
};

static const dime_field item_fields[] = {
    DIME_TEXT(struct item, code, .required = true, .max = 8),
    DIME_INTEGER(struct item, count, .min = 1, .max = 1000000, .fallback = "1"),
};

static const dime_setting item_settings[] = {
    {.name = "ASKING_SHELF", .required = true, .help = "where things lie"},
    {.name = "ASKING_ROOM", .fallback = "cellar"},
};

static int shelves; /* that are open */

static bool open_shelf(dime_call *call, void **state)
{
    static int shelf;
    if (strcmp(dime_setting_of(call, "ASKING_SHELF"), "broken") == 0) {
        dime_problem(call, 503, "The shelf is broken.");
        return false;
    }
    shelves++;
    *state = &shelf;
    return true;
}

static void close_shelf(void *state)
{
    (void)state;
    shelves--;
}

static void list(dime_call *call, const void *input)
{
    (void)input;
    dime_json *json = dime_answer_array(call, 200);
    dime_json *one = dime_put_object(json, NULL);
    dime_put_string(one, "room", dime_setting_of(call, "ASKING_ROOM"));
    dime_put_text(one, "cookie", dime_cookie(call, "taste"));
    dime_put_text(one, "address", dime_address(call));
    dime_put_text(one, "path", dime_path(call));
    dime_put_decimal(one, "price", -5, 2);
    dime_put_null(one, "nothing");
    dime_put_boolean(dime_put_array(json, NULL), NULL, true);
    dime_put_raw(json, NULL, dime_text_of("{\"a\":[]}"));
    dime_set_cookie(call, "seen", dime_text_of("yes"), NULL);
}

static void store(dime_call *call, const void *input)
{
    const struct item *item = input;
    if (dime_text_is(item->code, "taken")) {
        dime_problem(call, 409, "There is one already.");
        dime_problem_type(call, "https://example.org/taken", "It is taken");
        dime_put_integer(dime_problem_data(call), "count", 3);
        return;
    }
    dime_set_header(call, "Location", dime_format(call, "/%.*s", DIME_ARG(item->code)));
    dime_put_integer(dime_answer(call, 201), "count", item->count);
}

static void follow(dime_call *call, const void *input)
{
    const struct item *item = input;
    dime_redirect(call, 302, dime_format(call, "https://example.org/%.*s", DIME_ARG(item->code)));
}

static void take(dime_call *call, const void *input)
{
    (void)input;
    dime_answer_empty(call, 204);
}

static bool next_line(dime_call *call, void *cursor)
{
    int64_t *left = cursor;
    dime_write_format(call, "line %lld\n", (long long)*left);
    return --*left > 0;
}

static void export_lines(dime_call *call, const void *input)
{
    const struct item *item = input;
    int64_t *left = dime_alloc(call, sizeof *left);
    if (!left)
        return;
    *left = item->count;
    dime_answer_stream(call, 200, "text/plain", next_line, left);
}

static void mistake(dime_call *call, const void *input)
{
    const struct item *item = input;
    dime_json *json = dime_answer(call, 200);
    dime_json *inner = dime_put_object(json, "inner");
    dime_put_null(json, "after");
    if (item->count == 2)
        dime_put_null(inner, "ended already");
    if (item->count == 3)
        dime_put_null(json, NULL);
    if (item->count == 4)
        dime_put_null(dime_put_array(json, "list"), "named");
    if (item->count == 5)
        dime_redirect(call, 200, item->code);
    if (item->count == 6)
        dime_set_cookie(call, "a b", item->code, NULL);
    if (item->count == 7)
        dime_answer(call, 404);
    if (item->count == 8)
        dime_wrong(call, call, "no field");
    if (item->count == 9)
        dime_set_header(call, "X-Two", dime_text_of("a\r\nb"));
}

static const dime_route item_routes[] = {
    DIME_ROUTE("GET /", list),
    DIME_ROUTE("POST /", store, DIME_INPUT(struct item, item_fields)),
    DIME_ROUTE("GET /export/{code}", export_lines, DIME_INPUT(struct item, item_fields),
               .answers = "text/plain"),
    DIME_ROUTE("GET /mistake/{code}", mistake, DIME_INPUT(struct item, item_fields)),
    DIME_ROUTE("GET /{code}", follow, DIME_INPUT(struct item, item_fields)),
    DIME_ROUTE("DELETE /{code}", take, DIME_INPUT(struct item, item_fields),
               .effects = DIME_IDEMPOTENT),
};

static const dime_function function = {
    .name = "items",
    .summary = "Keeps items",
    DIME_ROUTES(item_routes),
    DIME_SETTINGS(item_settings),
    .open = open_shelf,
    .close = close_shelf,
};

static dime_test *test;

static void begin(void)
{
    setenv("ASKING_SHELF", "oak", 1);
    test = dime_test_begin(&function);
}

static void end(void)
{
    DIME_EXPECT(test, shelves == 1);
    ck_assert_int_eq(dime_test_end(test), 0);
    ck_assert_int_eq(shelves, 0);
}

static const char *header(const char *name)
{
    dime_text value = dime_test_header(test, name);
    static char room[256];
    ck_assert(value.length < sizeof room);
    memcpy(room, value.data ? value.data : "", value.length);
    room[value.length] = '\0';
    return room;
}

START_TEST(answers_each_route)
{
    dime_test_ask(test, "GET /", "Cookie: a=b; taste=sweet\nHost: dime.example",
                  dime_text_of(NULL));
    DIME_EXPECT_ANSWER(test, 200,
                       "[{\"room\":\"cellar\",\"cookie\":\"sweet\","
                       "\"address\":\"http://dime.example/cgi-bin/items\","
                       "\"path\":\"/cgi-bin/items\",\"price\":-0.05,"
                       "\"nothing\":null},[true],{\"a\":[]}]");
    ck_assert_str_eq(header("set-cookie"), "seen=yes; Path=/; HttpOnly; SameSite=Lax");
    dime_test_send(test, "POST /", "{\"code\":\"abc\",\"count\":7}");
    DIME_EXPECT_ANSWER(test, 201, "{\"count\":7}");
    ck_assert_str_eq(header("Location"), "/abc");
    dime_test_send(test, "GET /abc", NULL);
    DIME_EXPECT_ANSWER(test, 302, "");
    ck_assert_str_eq(header("location"), "https://example.org/abc");
    dime_test_send(test, "DELETE /abc", NULL);
    DIME_EXPECT_ANSWER(test, 204, "");
    ck_assert_uint_eq(dime_test_send(test, "HEAD /", NULL)->type.length,
                      strlen("application/json"));
    ck_assert_int_eq(dime_test_send(test, "PUT /abc", NULL)->status, 405);
    ck_assert_str_eq(header("allow"), "GET, HEAD, DELETE, OPTIONS");
    ck_assert_int_eq(dime_test_send(test, "GET /a/b/c", NULL)->status, 404);
}
END_TEST

START_TEST(has_problems_of_a_type_of_its_own)
{
    dime_test_send(test, "POST /", "code=taken");
    DIME_EXPECT_ANSWER(test, 409,
                       "{\"type\":\"https://example.org/taken\",\"title\":\"It is taken\","
                       "\"status\":409,\"detail\":\"There is one already.\","
                       "\"instance\":\"items\",\"count\":3}");
    ck_assert_int_eq(dime_test_send(test, "GET /much-too-long", NULL)->status, 422);
}
END_TEST

START_TEST(gathers_a_stream)
{
    dime_test_send(test, "GET /export/x?count=3", NULL);
    DIME_EXPECT_ANSWER(test, 200, "line 3\nline 2\nline 1\n");
    const dime_test_answer *answer =
        dime_test_ask(test, "GET /export/x", "Accept: text/plain", dime_text_of(NULL));
    ck_assert_int_eq(answer->status, 200);
    ck_assert_int_eq(dime_test_send(test, "GET /export/x?count=1000000", NULL)->status, 500);
}
END_TEST

/* Each is a 500, whose line in the log says what the mistake is. */
START_TEST(catches_mistakes)
{
    char request[64];
    snprintf(request, sizeof request, "GET /mistake/x?count=%d", _i);
    ck_assert_int_eq(dime_test_send(test, request, NULL)->status, _i == 1 ? 200 : 500);
    if (_i == 1)
        DIME_EXPECT_ANSWER(test, 200, "{\"inner\":{},\"after\":null}");
}
END_TEST

START_TEST(runs_out_of_memory)
{
    size_t refused = 0;
    for (size_t bytes = 0; bytes < 64 * 1024; bytes += 512) {
        dime_test_memory(test, bytes);
        int status = dime_test_send(test, "POST /", "{\"code\":\"abc\"}")->status;
        ck_assert_msg(status == 201 || status == 503, "%d", status);
        refused += status == 503;
    }
    ck_assert_uint_gt(refused, 0);
    ck_assert_uint_lt(refused, 100);
}
END_TEST

START_TEST(counts_what_is_expected)
{
    ck_assert(DIME_EXPECT(test, true));
    setenv("ASKING_SHELF", "oak", 1);
    dime_test *other = dime_test_begin(&function);
    ck_assert_int_eq(dime_test_end(other), 1); /* nothing was expected */
    other = dime_test_begin(&function);
    ck_assert(!DIME_EXPECT(other, false));
    ck_assert(!DIME_EXPECT_ANSWER(other, 200, "")); /* nothing was asked */
    ck_assert_int_eq(dime_test_end(other), 1);
}
END_TEST

START_TEST(stops_where_it_cannot_open)
{
    if (_i == 0)
        unsetenv("ASKING_SHELF");
    else
        setenv("ASKING_SHELF", "broken", 1);
    dime_test_begin(&function);
}
END_TEST

Suite *asking_suite(void)
{
    Suite *suite = suite_create("asking");
    TCase *answering = tcase_create("answering");
    tcase_add_checked_fixture(answering, begin, end);
    tcase_add_test(answering, answers_each_route);
    tcase_add_test(answering, has_problems_of_a_type_of_its_own);
    tcase_add_test(answering, gathers_a_stream);
    tcase_add_loop_test(answering, catches_mistakes, 1, 10);
    tcase_add_test(answering, runs_out_of_memory);
    suite_add_tcase(suite, answering);
    TCase *counting = tcase_create("counting");
    tcase_add_checked_fixture(counting, begin, NULL);
    tcase_add_test(counting, counts_what_is_expected);
    suite_add_tcase(suite, counting);
    TCase *opening = tcase_create("opening");
    tcase_add_loop_exit_test(opening, stops_where_it_cannot_open, 2, 0, 2);
    suite_add_tcase(suite, opening);
    return suite;
}
