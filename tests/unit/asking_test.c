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
#include <sys/wait.h>
#include <unistd.h>

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
    dime_put_text(one, "client", dime_client_address(call));
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

static int lists; /* that are open */

static void close_list(void *memory)
{
    int64_t *left = memory;
    ck_assert_int_eq(shelves, 1); /* the function is open still */
    *left = INT64_MIN;
    lists--;
}

static void export_lines(dime_call *call, const void *input)
{
    const struct item *item = input;
    int64_t *left = dime_alloc_with_close(call, sizeof *left, close_list);
    if (!left)
        return;
    lists++;
    *left = item->count;
    if (dime_text_is(item->code, "none"))
        dime_problem(call, 409, "There is none.");
    else if (dime_text_is(item->code, "other"))
        dime_answer_empty(call, 204);
    else if (!dime_text_is(item->code, "nothing"))
        dime_answer_stream(call, 200, "text/plain", next_line, left);
}

static void close_bytes(void *memory)
{
    memset(memory, 'x', 4);
    lists--;
}

/* Answers with what is gone when the call is over: both the bytes and their type. */
static void lend(dime_call *call, const void *input)
{
    char *bytes = dime_alloc_with_close(call, 4, close_bytes);
    char *type = dime_alloc_with_close(call, 4, close_bytes);
    (void)input;
    if (!bytes || !type)
        return;
    lists += 2;
    memcpy(bytes, "abc", 4);
    memcpy(type, "a/b", 4);
    dime_answer_bytes(call, 200, type, (dime_text){bytes, 3});
}

/* Answers that are unusual, and right. */
static void answer_oddly(dime_call *call, const void *input)
{
    const struct item *item = input;
    switch (item->count) {
    case 1:
        dime_answer_bytes(call, 404, "text/plain", item->code);
        break;
    case 2:
        dime_answer_empty(call, 304);
        break;
    case 3:
        dime_put_null(dime_put_array(dime_answer(call, 200), "gone"), NULL);
        dime_put_format(dime_answer_array(call, 201), NULL, "%0600d", 1);
        break;
    case 4:
        dime_set_header(call, "X-Empty", dime_text_of(""));
        dime_put_boolean(dime_answer(call, 200), "null",
                         !dime_format(call, "%*d", 9 * 1024 * 1024, 1).data);
        break;
    default:
        dime_put_text(dime_answer(call, 200), "a", dime_header(call, "ACCEPT-language"));
        dime_put_text(dime_put_object(dime_answer(call, 200), "type"), "is",
                      dime_header(call, "Content-Type"));
    }
}

static bool fail_at_once(dime_call *call, void *cursor)
{
    (void)cursor;
    dime_write_format(call, "%02000d", 1);
    dime_problem(call, 507, "The disk is full.");
    dime_put_integer(dime_problem_data(call), "left", 0);
    return true;
}

static void stream_a_problem(dime_call *call, const void *input)
{
    (void)input;
    dime_answer_stream(call, 200, "text/plain", fail_at_once, NULL);
}

/* Begins an answer, and gives another one in its place. */
static void turn(dime_call *call, const void *input)
{
    const struct item *item = input;
    dime_set_header(call, "X-Call", dime_text_of("stays"));
    dime_set_cookie(call, "call", dime_text_of("stays"), "Path=/");
    dime_answer_bytes(call, 200, "text/plain", item->code);
    dime_set_header(call, "X-First", dime_text_of("goes"));
    dime_set_cookie(call, "first", dime_text_of("goes"), "Path=/");
    switch (item->count) {
    case 1:
        dime_problem(call, 409, "It is gone.");
        break;
    case 2:
        dime_wrong(call, &item->code, "It is wrong.");
        break;
    case 3:
        dime_problem_at(call, &item->code, 415, "It is of another type.");
        break;
    case 4:
        dime_redirect(call, 303, dime_text_of("/elsewhere"));
        dime_answer_empty(call, 204);
        break;
    case 5:
        dime_format(call, "%*d", 9 * 1024 * 1024, 1); /* 503 */
        break;
    case 6:
        dime_write(call, item->code); /* 500 */
        dime_problem(call, 409, "It is gone.");
        break;
    case 7:
        dime_answer_stream(call, 200, "text/plain", fail_at_once, NULL);
        break;
    default:
        dime_answer(call, 201);
    }
    dime_set_header(call, "X-Last", dime_text_of("is there"));
}

static const dime_route item_routes[] = {
    DIME_ROUTE("GET /", list),
    DIME_ROUTE("POST /", store, DIME_INPUT(struct item, item_fields)),
    DIME_ROUTE("GET /export/{code}", export_lines, DIME_INPUT(struct item, item_fields),
               .answers = "text/plain"),
    DIME_ROUTE("GET /odd/{code}", answer_oddly, DIME_INPUT(struct item, item_fields)),
    DIME_ROUTE("POST /odd/{code}", answer_oddly, DIME_INPUT(struct item, item_fields)),
    DIME_ROUTE("GET /turn/{code}", turn, DIME_INPUT(struct item, item_fields),
               .answers = "text/plain"),
    DIME_ROUTE("GET /full", stream_a_problem),
    DIME_ROUTE("GET /lent", lend, .answers = "a/b"),
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
                       "\"path\":\"/cgi-bin/items\",\"client\":\"127.0.0.1\",\"price\":-0.05,"
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
    dime_test_send(test, "HEAD /", NULL);
    DIME_EXPECT_ANSWER(test, 200, "");
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
    dime_test_send(test, "GET /full", NULL);
    DIME_EXPECT_ANSWER(test, 507,
                       "{\"type\":\"about:blank\",\"title\":\"Insufficient Storage\","
                       "\"status\":507,\"detail\":\"The disk is full.\","
                       "\"instance\":\"items\",\"left\":0}");
}
END_TEST

START_TEST(drops_the_headers_of_an_answer_that_gives_way)
{
    static const int STATUSES[] = {409, 422, 415, 204, 503, 500, 507, 201};
    for (int i = 0; i < 8; i++) {
        char request[64];
        snprintf(request, sizeof request, "GET /turn/x?count=%d", i + 1);
        ck_assert_int_eq(dime_test_send(test, request, NULL)->status, STATUSES[i]);
        ck_assert_str_eq(header("X-Call"), "stays");
        ck_assert_str_eq(header("Set-Cookie"), "call=stays; Path=/");
        ck_assert_ptr_null(dime_test_header(test, "X-First").data);
        ck_assert_ptr_null(dime_test_header(test, "Location").data);
        /* That of a stream goes with it, as that of what a 503 or a 500 has taken the place of. */
        bool there = STATUSES[i] < 500;
        ck_assert_str_eq(header("X-Last"), there ? "is there" : "");
    }
    DIME_EXPECT(test, true);
}
END_TEST

/* Whatever becomes of the answer, and before the test looks at it. */
START_TEST(closes_what_a_call_has_open)
{
    static const struct {
        const char *request;
        int status;
    } CALLS[] = {
        {"GET /export/x?count=3", 200},       {"HEAD /export/x?count=3", 200},
        {"GET /export/x?count=1000000", 500}, {"GET /export/none", 409},
        {"GET /export/other", 204},           {"GET /export/nothing", 500},
    };
    for (size_t i = 0; i < sizeof CALLS / sizeof *CALLS; i++) {
        lists = 0;
        ck_assert_int_eq(dime_test_send(test, CALLS[i].request, NULL)->status, CALLS[i].status);
        ck_assert_int_eq(lists, 0);
    }
    const dime_test_answer *answer = dime_test_send(test, "GET /lent", NULL);
    ck_assert_int_eq(lists, 0);
    DIME_EXPECT_ANSWER(test, 200, "abc");
    DIME_EXPECT(test, dime_text_is(answer->type, "a/b"));
    for (size_t bytes = 0; bytes < 16384; bytes += 64) {
        dime_test_memory(test, bytes);
        dime_test_send(test, "GET /export/x?count=3", NULL);
        ck_assert_int_eq(lists, 0);
    }
    DIME_EXPECT(test, answer->status == 200);
}
END_TEST

START_TEST(answers_what_is_unusual)
{
    dime_test_send(test, "GET /odd/x?count=1", NULL);
    DIME_EXPECT_ANSWER(test, 404, "x");
    dime_test_send(test, "GET /odd/x?count=2", NULL);
    DIME_EXPECT_ANSWER(test, 304, "");
    char wanted[700];
    snprintf(wanted, sizeof wanted, "[\"%0600d\"]", 1);
    dime_test_send(test, "GET /odd/x?count=3", NULL);
    DIME_EXPECT_ANSWER(test, 201, wanted);
    ck_assert_int_eq(dime_test_send(test, "GET /odd/x?count=4", NULL)->status, 503);
    /* A header's name is in any case; what the body is is the same on every host. */
    dime_test_ask(test, "POST /odd/x?count=5", "ACCEPT-Language: en\nCONTENT-type: text/json",
                  dime_text_of("{}"));
    DIME_EXPECT_ANSWER(test, 200, "{\"type\":{\"is\":\"text/json\"}}");
    dime_test_send(test, "POST /odd/x?count=5", "{}");
    DIME_EXPECT_ANSWER(test, 200, "{\"type\":{\"is\":\"\"}}");
}
END_TEST

/* What is wrong in the path was asked, and isn't answered with an empty form. */
START_TEST(tells_a_person_what_is_wrong)
{
    const dime_test_answer *answer =
        dime_test_ask(test, "GET /much-too-long", "Accept: text/html", dime_text_of(NULL));
    DIME_EXPECT(test, answer->status == 422);
    answer = dime_test_ask(test, "GET /", "Accept: text/html", dime_text_of(NULL));
    DIME_EXPECT(test, answer->status == 200);
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
    fflush(NULL);
    int status;
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        dime_test_begin(&function);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 2);
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
    tcase_add_test(answering, drops_the_headers_of_an_answer_that_gives_way);
    tcase_add_test(answering, closes_what_a_call_has_open);
    tcase_add_test(answering, answers_what_is_unusual);
    tcase_add_test(answering, tells_a_person_what_is_wrong);
    tcase_add_test(answering, runs_out_of_memory);
    suite_add_tcase(suite, answering);
    TCase *counting = tcase_create("counting");
    tcase_add_checked_fixture(counting, begin, NULL);
    tcase_add_test(counting, counts_what_is_expected);
    suite_add_tcase(suite, counting);
    TCase *opening = tcase_create("opening");
    tcase_add_loop_test(opening, stops_where_it_cannot_open, 0, 2);
    suite_add_tcase(suite, opening);
    return suite;
}
