/*
 * invoke_test.c - events through a function: ids, paths, limits, an `open` that failed, and memory
 * that ends anywhere on the way.
 *
 * Whatever happens, the answer is one that the sender can read. The function is a real one, so that
 * memory runs out in its solver and in its page too.
 */
#include "events/invoke.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "fail_malloc.h"
#include "registry.h"
#include "unit.h"

Suite *invoke_suite(void);

static const char *const events[] = {
    "{\"amount\":1.89}",
    "{\"httpMethod\":\"GET\",\"queryStringParameters\":{\"amount\":\"$1.89\"},"
    "\"headers\":{\"Accept\":\"text/html\",\"Host\":\"h\"}}",
    "{\"requestContext\":{\"http\":{\"method\":\"POST\"}},\"cookies\":[\"a=b\",\"c=d\"],"
    "\"headers\":{\"content-type\":\"application/json\"},\"isBase64Encoded\":true,"
    "\"body\":\"eyJhbW91bnQiOjEuODl9\"}",
    "{\"httpMethod\":\"POST\",\"requestContext\":{\"elb\":{}},\"multiValueHeaders\":{\"a\":[\"b\"]}"
    ","
    "\"body\":\"amount=1.89&till=25:9,10:9,1:9\"}",
    "{\"Records\":[{\"eventSource\":\"aws:sqs\",\"messageId\":\"a\"}]}",
    "{\"body\":\"?\",\"isBase64Encoded\":true}",
    "[",
};

static struct arena arena;
static struct invocation invocation;
static struct invoker invoker;

static void begin(void)
{
    arena_open(&arena, INVOKE_MEMORY_MAX);
    invoker = (struct invoker){.function = registry_find(TEXT("change"))};
    ck_assert_ptr_nonnull(invoker.function);
}

static void end(void)
{
    arena_close(&arena);
}

/* The answer to this event with a NUL behind it. */
static const char *answer_to(const char *event)
{
    dime_text answer = invoke(&invocation, &invoker, text_of(event), &arena);
    ck_assert_ptr_nonnull(answer.data);
    return arena_copy(&arena, answer).data;
}

static void check_has(const char *answer, const char *part)
{
    ck_assert_msg(strstr(answer, part) != NULL, "%s lacks %s", answer, part);
}

START_TEST(answers_an_event)
{
    const char *answer = answer_to(events[_i]);
    check_has(answer, "\"statusCode\":200");
    check_has(answer, "quarters");
    ck_assert_int_eq(invocation.response.status, 200);
}
END_TEST

START_TEST(chooses_an_id)
{
    invoker.id = TEXT("of-the-host");
    check_has(answer_to("{\"httpMethod\":\"GET\",\"headers\":{\"X-Request-ID\":\"theirs\"}}"),
              "\"X-Request-Id\":\"theirs\"");
    check_has(answer_to("{\"httpMethod\":\"GET\",\"headers\":{\"X-Request-ID\":\"a\\r\\nb\"}}"),
              "\"X-Request-Id\":\"of-the-host\"");
    invoker.id = TEXT("caf\xC3\xA9");
    answer_to("{}");
    ck_assert_uint_eq(invocation.event.request.id.length, 32);
}
END_TEST

START_TEST(parts_a_path)
{
    answer_to("{\"httpMethod\":\"GET\",\"path\":\"/cgi-bin/change/x\"}");
    ck_assert_int_eq(invocation.response.status, 404);
    answer_to("{\"httpMethod\":\"GET\",\"path\":\"/cgi-bin/changes\"}");
    ck_assert_int_eq(invocation.response.status, 422);
    answer_to("{\"httpMethod\":\"GET\",\"path\":\"/cgi-bin/\"}");
    ck_assert_int_eq(invocation.response.status, 422);
    check_has(answer_to("{\"httpMethod\":\"GET\",\"path\":\"/healthz/change\"}"),
              "{\\\"status\\\":\\\"ok\\\"}");
}
END_TEST

static void answer_address(dime_call *call, const void *input)
{
    (void)input;
    dime_put_text(dime_answer(call, 200), "at", dime_address(call));
}

/* A gateway sends a function with routes what is below its root, or what a web server would. */
START_TEST(leads_routes_from_the_root)
{
    static const dime_route routes[] = {DIME_ROUTE("GET /a", answer_address)};
    static const dime_function routed = {.name = "routed", DIME_ROUTES(routes)};
    invoker.function = &routed;
    check_has(answer_to("{\"httpMethod\":\"GET\",\"path\":\"/a\",\"headers\":{\"Host\":\"h\","
                        "\"X-Forwarded-Proto\":\"https\"}}"),
              "{\\\"at\\\":\\\"https://h\\\"}");
    check_has(answer_to("{\"httpMethod\":\"GET\",\"path\":\"/cgi-bin/routed/a\"}"),
              "{\\\"at\\\":\\\"https://localhost/cgi-bin/routed\\\"}");
    answer_to("{\"httpMethod\":\"GET\",\"path\":\"/b\"}");
    ck_assert_int_eq(invocation.response.status, 404);
}
END_TEST

struct place {
    dime_text code;
};

static void answer_code(dime_call *call, const void *input)
{
    const struct place *place = input;
    dime_put_text(dime_answer(call, 200), "code", place->code);
}

/* Web servers decode a path, and gateways hand it on as it was written. */
START_TEST(decodes_a_path)
{
    static const dime_field fields[] = {DIME_TEXT(struct place, code)};
    static const dime_route routes[] = {
        DIME_ROUTE("GET /{code}", answer_code, DIME_INPUT(struct place, fields))};
    static const dime_function routed = {.name = "routed", DIME_ROUTES(routes)};
    static const struct {
        const char *path;
        int status;
        const char *code;
    } paths[] = {
        {"/a%41%c3%A9+%2b", 200, "aA\xC3\xA9++"},
        {"/cgi-bin/%72outed/%61", 200, "a"},
        {"/50%25", 200, "50%"},
        {"/50%", 200, "50%"},
        {"/%zz", 200, "%zz"},
        {"/a%00", 200, "a%00"},
        {"/a%2Fb", 404, "no-such-function"},
        {"/%E9", 422, "code must be text in UTF-8."},
    };
    static const char *const shapes[] = {
        "{\"httpMethod\":\"GET\",\"path\":\"",
        "{\"requestContext\":{\"http\":{\"method\":\"GET\"}},\"rawPath\":\"",
        "{\"requestContext\":{\"elb\":{}},\"httpMethod\":\"GET\",\"path\":\"",
    };
    char event[256];
    invoker.function = &routed;
    snprintf(event, sizeof event, "%s%s\"}", shapes[_i % 3], paths[_i / 3].path);
    check_has(answer_to(event), paths[_i / 3].code);
    ck_assert_int_eq(invocation.response.status, paths[_i / 3].status);
}
END_TEST

START_TEST(refuses_in_the_senders_form)
{
    check_has(answer_to("["),
              "{\"statusCode\":400,\"headers\":{\"Content-Type\":\"application/problem");
    check_has(answer_to("{\"httpMethod\":\"DELETE\",\"requestContext\":{\"elb\":{}},"
                        "\"multiValueHeaders\":{\"a\":7}}"),
              "{\"statusCode\":422,\"statusDescription\":\"422 Unprocessable Content\","
              "\"multiValueHeaders\":{");
    invoker.not_open = "The model is missing.";
    check_has(answer_to("{}"), "The model is missing.");
    ck_assert_int_eq(invocation.response.status, 503);
}
END_TEST

START_TEST(refuses_a_large_body)
{
    size_t size = invoker.function->body_max + 2;
    char *event = malloc(size);
    ck_assert_ptr_nonnull(event);
    memset(event, ' ', size);
    memcpy(event, "{}", 2);
    dime_text answer = invoke(&invocation, &invoker, (dime_text){event, size - 1}, &arena);
    check_has(arena_copy(&arena, answer).data, "{\"statusCode\":413,");
    free(event);
}
END_TEST

START_TEST(replaces_an_answer_that_is_too_long)
{
    invoker.answer_max = 400;
    const char *answer = answer_to(events[1]);
    check_has(answer, "{\"statusCode\":500,");
    check_has(answer, "at most 400 can be sent from here");
    check_has(answer_to(events[0]), "\"statusCode\":200");
    check_has(answer_to("{\"httpMethod\":\"GET\",\"requestContext\":{\"elb\":{}},\"headers\":"
                        "{\"accept\":\"text/html\"}}"),
              "\"statusDescription\":\"500 Internal Server Error\"");
}
END_TEST

static void answer_at_length(dime_call *call, const void *input)
{
    (void)input;
    dime_set_header(call, "X-Call", dime_text_of("stays"));
    dime_answer_bytes(call, 200, "text/plain", dime_format(call, "%*d", 5000, 1));
    dime_set_header(call, "X-Answer", dime_text_of("goes"));
}

START_TEST(keeps_the_calls_headers_where_it_replaces_an_answer)
{
    const dime_function function = {.name = "long", .summary = "L", .handle = answer_at_length};
    invoker = (struct invoker){.function = &function, .answer_max = 4000};
    const char *answer = answer_to("{}");
    check_has(answer, "{\"statusCode\":500,");
    check_has(answer, "\"X-Call\":\"stays\"");
    ck_assert_ptr_null(strstr(answer, "X-Answer"));
}
END_TEST

START_TEST(puts_the_hosts_headers_first)
{
    const struct header own = {TEXT("lambda-runtime-x"), TEXT("ours")};
    invoker.headers = &own;
    invoker.header_count = 1;
    answer_to("{\"httpMethod\":\"GET\",\"headers\":{\"lambda-runtime-x\":\"theirs\",\"a\":\"b\"}}");
    dime_text value = request_header(&invocation.event.request, "lambda-runtime-x");
    ck_assert(text_equal(value, TEXT("ours")));
    ck_assert(text_equal(request_header(&invocation.event.request, "a"), TEXT("b")));
    answer_to("{}");
    ck_assert_uint_eq(invocation.event.request.header_count, 1);
}
END_TEST

/* Whether it is one whole JSON value, with the status that the response has. */
static bool is_whole(dime_text answer)
{
    struct arena own;
    struct json_value value, status;
    struct json_error error;
    int64_t number = 0;
    arena_open(&own, 1 << 20);
    bool whole = json_check(answer, &own, &value, &error);
    if (whole && invocation.event.shape != EVENT_QUEUE)
        whole = json_find(value, TEXT("statusCode"), &status) && json_integer(status, &number) &&
                number == invocation.response.status;
    arena_close(&own);
    return whole;
}

START_TEST(adds_the_hosts_fields)
{
    invoker.query = TEXT("currency=EUR&till=100:1,50:2");
    check_has(answer_to("{\"httpMethod\":\"GET\",\"queryStringParameters\":{\"amount\":\"1.50\"}}"),
              "50-cent");
    check_has(answer_to("{\"statusCode\":200,\"body\":\"{\\\"amount\\\":1}\"}"), "1-euro");
    check_has(answer_to("{\"currency\":\"USD\",\"amount\":1}"), "more than once");
}
END_TEST

START_TEST(answers_where_memory_ends)
{
    invoker.query = TEXT("currency=USD");
    answer_to(events[_i]);
    int right = invocation.response.status;
    for (size_t limit = 0; limit < 256 * 1024; limit += 1024) {
        struct arena small;
        arena_open(&small, limit);
        dime_text answer = invoke(&invocation, &invoker, text_of(events[_i]), &small);
        ck_assert_msg(is_whole(answer), "%zu: %.*s", limit, (int)answer.length, answer.data);
        ck_assert_int_eq(invocation.response.status,
                         invocation.response.status == 503 ? 503 : right);
        arena_close(&small);
    }
}
END_TEST

START_TEST(answers_where_malloc_fails)
{
    answer_to(events[_i]);
    int right = invocation.response.status;
    bool failed = true;
    for (size_t number = 0; failed; number++) {
        struct arena own;
        long live = fail_malloc_live();
        arena_open(&own, INVOKE_MEMORY_MAX);
        fail_malloc_begin(number);
        dime_text answer = invoke(&invocation, &invoker, text_of(events[_i]), &own);
        failed = fail_malloc_end();
        int status = invocation.response.status;
        bool whole = answer.data && (status == right || (failed && status == 503));
        arena_close(&own);
        ck_assert_msg(whole, "malloc %zu: %d", number, status);
        ck_assert_int_eq(fail_malloc_live(), live);
    }
}
END_TEST

Suite *invoke_suite(void)
{
    Suite *suite = suite_create("invoke");
    TCase *test = tcase_create("invoke");
    tcase_add_checked_fixture(test, begin, end);
    tcase_set_timeout(test, 60);
    tcase_add_loop_test(test, answers_an_event, 0, 4);
    tcase_add_test(test, chooses_an_id);
    tcase_add_test(test, parts_a_path);
    tcase_add_test(test, leads_routes_from_the_root);
    tcase_add_loop_test(test, decodes_a_path, 0, 3 * 8);
    tcase_add_test(test, adds_the_hosts_fields);
    tcase_add_test(test, refuses_in_the_senders_form);
    tcase_add_test(test, refuses_a_large_body);
    tcase_add_test(test, replaces_an_answer_that_is_too_long);
    tcase_add_test(test, keeps_the_calls_headers_where_it_replaces_an_answer);
    tcase_add_test(test, puts_the_hosts_headers_first);
    tcase_add_loop_test(test, answers_where_memory_ends, 0, sizeof events / sizeof *events);
    if (fail_malloc_works())
        tcase_add_loop_test(test, answers_where_malloc_fails, 0, sizeof events / sizeof *events);
    else
        unit_skip("answers_where_malloc_fails", "the sanitizers bring a malloc of their own");
    suite_add_tcase(suite, test);
    return suite;
}
