/*
 * event_answer_test.c - finished responses in the form of each sender: headers as texts and as
 * lists, cookies, bytes that aren't text, and what a queue is told.
 *
 * The texts are compared byte for byte, since a gateway refuses an answer of nearly the right form
 * with a 502 that says nothing.
 */
#include "request/response.h"
#include "events/event.h"

#include <check.h>

Suite *event_answer_suite(void);

static const char DIRECT[] = "{}";
static const char GATEWAY_V1[] = "{\"httpMethod\":\"GET\"}";
static const char GATEWAY_V2[] = "{\"requestContext\":{\"http\":{\"method\":\"GET\"}}}";
static const char BALANCER[] = "{\"httpMethod\":\"GET\",\"requestContext\":{\"elb\":{}}}";
static const char BALANCER_MULTI[] =
    "{\"httpMethod\":\"GET\",\"multiValueHeaders\":{},\"requestContext\":{\"elb\":{}}}";
static const char LATTICE[] =
    "{\"method\":\"GET\",\"path\":\"/\",\"requestContext\":{\"serviceNetworkArn\":\"a\"}}";
static const char LATTICE_V1[] = "{\"method\":\"GET\",\"raw_path\":\"/\"}";
static const char QUEUE[] =
    "{\"Records\":[{\"eventSource\":\"aws:sqs\",\"messageId\":\"a\\u00e9\"},"
    "{\"messageId\":5},7,{},{\"messageId\":\"b\"}]}";

static struct arena arena;
static struct event event;
static struct response response;

static void begin(void)
{
    arena_open(&arena, 16 << 20);
    response_open(&response, &arena);
}

static void end(void)
{
    arena_close(&arena);
}

/* Answers with this type and body, and no headers. */
static void answer_with(const char *type, dime_text body)
{
    response_open(&response, &arena);
    buffer_put(response_begin(&response, ANSWER_JSON, 200, "application/json"), body);
    response.content_type = type;
}

static void check_written(const char *expected)
{
    struct buffer out;
    buffer_open(&out, &arena, 1 << 20);
    event_answer(&event, &response, &out);
    ck_assert(!out.failed);
    buffer_put(&out, (dime_text){"", 1});
    ck_assert_str_eq(out.data, expected);
}

static void check_answer(const char *of_event, const char *expected)
{
    event_read(&event, text_of(of_event), &arena);
    check_written(expected);
}

#define HEADERS "\"headers\":{\"Content-Type\":\"application/json\"}"
#define BODY    "\"body\":\"{\\\"a\\\":\\\"\xC3\xA9\\\"}\",\"isBase64Encoded\":false}"

START_TEST(answers_in_each_form)
{
    answer_with("application/json", TEXT("{\"a\":\"\xC3\xA9\"}"));
    check_answer(DIRECT, "{\"statusCode\":200," HEADERS "," BODY);
    check_answer(GATEWAY_V1, "{\"statusCode\":200," HEADERS "," BODY);
    check_answer(GATEWAY_V2, "{\"statusCode\":200," HEADERS "," BODY);
    check_answer(BALANCER,
                 "{\"statusCode\":200,\"statusDescription\":\"200 OK\"," HEADERS "," BODY);
    check_answer(LATTICE, "{\"statusCode\":200,\"statusDescription\":\"200 OK\"," HEADERS "," BODY);
    check_answer(LATTICE_V1,
                 "{\"statusCode\":200,\"statusDescription\":\"200 OK\"," HEADERS "," BODY);
    check_answer(BALANCER_MULTI,
                 "{\"statusCode\":200,\"statusDescription\":\"200 OK\","
                 "\"multiValueHeaders\":{\"Content-Type\":[\"application/json\"]}," BODY);
}
END_TEST

START_TEST(answers_without_a_body)
{
    answer_with("application/json", TEXT("{}"));
    check_answer("{\"httpMethod\":\"HEAD\"}",
                 "{\"statusCode\":200," HEADERS ",\"body\":\"\",\"isBase64Encoded\":false}");
    response.content_type = NULL;
    response.status = 204;
    check_answer(GATEWAY_V2,
                 "{\"statusCode\":204,\"headers\":{},\"body\":\"\",\"isBase64Encoded\":false}");
    response_header(&response, "Allow", TEXT("GET"));
    check_answer(GATEWAY_V2, "{\"statusCode\":204,\"headers\":{\"Allow\":\"GET\"},\"body\":\"\","
                             "\"isBase64Encoded\":false}");
}
END_TEST

START_TEST(repeats_headers_as_the_sender_can)
{
    answer_with(NULL, TEXT(""));
    response_header(&response, "Set-Cookie", TEXT("a=1"));
    response_header(&response, "Link", TEXT("<\"x\">"));
    response_header(&response, "set-cookie", TEXT("b=2"));
    response_header(&response, "link", TEXT("<y>"));
    response_header(&response, "Link", TEXT("<z>"));
    check_answer(GATEWAY_V2,
                 "{\"statusCode\":200,\"headers\":{\"Link\":\"<\\\"x\\\">, <y>, <z>\"},"
                 "\"cookies\":[\"a=1\",\"b=2\"],\"body\":\"\",\"isBase64Encoded\":false}");
    check_answer(GATEWAY_V1,
                 "{\"statusCode\":200,\"headers\":{\"Link\":\"<\\\"x\\\">, <y>, <z>\"},"
                 "\"multiValueHeaders\":{\"Set-Cookie\":[\"a=1\",\"b=2\"]},\"body\":\"\","
                 "\"isBase64Encoded\":false}");
    check_answer(BALANCER_MULTI,
                 "{\"statusCode\":200,\"statusDescription\":\"200 OK\",\"multiValueHeaders\":{"
                 "\"Set-Cookie\":[\"a=1\",\"b=2\"],\"Link\":[\"<\\\"x\\\">\",\"<y>\",\"<z>\"]},"
                 "\"body\":\"\",\"isBase64Encoded\":false}");
    /* Two in one would be neither: their names differ in case. */
    check_answer(BALANCER, "{\"statusCode\":200,\"statusDescription\":\"200 OK\",\"headers\":{"
                           "\"Set-Cookie\":\"a=1\",\"Link\":\"<\\\"x\\\">, <y>, <z>\","
                           "\"Set-cookie\":\"b=2\"},"
                           "\"body\":\"\",\"isBase64Encoded\":false}");
}
END_TEST

/* As many as a response holds: each has a name that no other has. */
START_TEST(names_each_cookie)
{
    struct arena own;
    struct json_value answer, headers;
    struct json_error error;
    struct json_member member;
    struct buffer out;
    size_t count = 0;
    arena_open(&own, 1 << 20);
    answer_with(NULL, TEXT(""));
    for (int i = 0; i < RESPONSE_HEADERS; i++)
        response_own_header(&response, "Set-Cookie", TEXT("a=1"));
    event_read(&event, text_of(BALANCER), &arena);
    buffer_open(&out, &arena, 1 << 20);
    event_answer(&event, &response, &out);
    ck_assert(json_check(buffer_text(&out), &own, &answer, &error)); /* no name twice */
    ck_assert(json_find(answer, TEXT("headers"), &headers));
    for (struct json_cursor names = json_members(headers, &own); json_next(&names, &member);)
        count += text_equal_nocase(member.name, TEXT("set-cookie"));
    ck_assert_uint_eq(count, RESPONSE_HEADERS);
    arena_close(&own);
}
END_TEST

static const struct {
    const char *type;
    dime_text body;
    bool binary;
} types[] = {
    {"text/html; charset=utf-8", TEXT("a"), false},
    {"TEXT/CSV", TEXT("a"), false},
    {"application/json", TEXT("a"), false},
    {"application/problem+json", TEXT("a"), false},
    {"image/svg+xml ;x", TEXT("a"), false},
    {"application/x+yaml", TEXT("a"), false},
    {"application/javascript", TEXT("a"), false},
    {"application/xml", TEXT("a"), false},
    {"text/plain", TEXT("a\0b"), false},
    {"image/png", TEXT("a"), true},
    {"application/octet-stream", TEXT("a"), true},
    {"application/jsonx", TEXT("a"), true},
    {"text", TEXT("a"), true},
    {"", TEXT("a"), true},
    {"text/plain", TEXT("\xFF"), true},
    {"application/json", TEXT("\xC3"), true},
};

START_TEST(encodes_what_is_not_text)
{
    struct buffer out;
    answer_with(types[_i].type, types[_i].body);
    event_read(&event, text_of(DIRECT), &arena);
    buffer_open(&out, &arena, 1000);
    event_answer(&event, &response, &out);
    buffer_put(&out, (dime_text){"", 1});
    const char *said =
        types[_i].binary ? "\"isBase64Encoded\":true}" : "\"isBase64Encoded\":false}";
    ck_assert_msg(strstr(out.data, said) != NULL, "%s: %s", types[_i].type, out.data);
}
END_TEST

START_TEST(encodes_what_is_compressed)
{
    answer_with("application/json", TEXT("abc"));
    response_header(&response, "content-ENCODING", TEXT("br"));
    check_answer(GATEWAY_V2,
                 "{\"statusCode\":200,\"headers\":{\"Content-Type\":\"application/json\","
                 "\"content-ENCODING\":\"br\"},\"body\":\"YWJj\","
                 "\"isBase64Encoded\":true}");
}
END_TEST

/* What can't be named makes the queue keep all: an empty identifier says so (AWS's "Handling errors
 * for an SQS event source"). */
START_TEST(tells_a_queue_what_is_to_come_again)
{
    static const enum message_end none[5],
        some[] = {MESSAGE_DONE, MESSAGE_FAILED, MESSAGE_DONE, MESSAGE_LEFT, MESSAGE_DONE};
    answer_with("application/json", TEXT("{}"));
    check_answer(QUEUE, "{\"batchItemFailures\":[]}");
    response_problem(&response, 422, "No.");
    check_answer(QUEUE, "{\"batchItemFailures\":[{\"itemIdentifier\":\"a\\u00e9\"},"
                        "{\"itemIdentifier\":\"\"},{\"itemIdentifier\":\"\"},"
                        "{\"itemIdentifier\":\"\"},{\"itemIdentifier\":\"b\"}]}");
    event.ends = none;
    check_written("{\"batchItemFailures\":[]}");
    event.ends = some;
    check_written("{\"batchItemFailures\":[{\"itemIdentifier\":\"\"},{\"itemIdentifier\":\"\"}]}");
}
END_TEST

/* A name, ": ", a value and a line break each. */
START_TEST(counts_the_bytes_of_headers)
{
    answer_with(NULL, TEXT(""));
    ck_assert_uint_eq(event_header_bytes(&response), 0);
    answer_with("a/b", TEXT(""));
    response_header(&response, "Link", TEXT("<x>"));
    ck_assert_uint_eq(event_header_bytes(&response), 12 + 2 + 3 + 2 + 4 + 2 + 3 + 2);
    event_read(&event, text_of(GATEWAY_V2), &arena);
    ck_assert_uint_eq(event_limits_of(&event).headers, 10240);
    ck_assert_uint_eq(event_limits_of(&event).answer, SIZE_MAX);
    event_read(&event, text_of(BALANCER), &arena);
    ck_assert_uint_eq(event_limits_of(&event).answer, 1 << 20);
    event_read(&event, text_of(DIRECT), &arena);
    ck_assert_uint_eq(event_limits_of(&event).headers, SIZE_MAX);
}
END_TEST

/* Any room that is too small makes the buffer fail, and never half an answer that looks whole. */
START_TEST(says_where_room_ends)
{
    static const char *const EVENTS[] = {DIRECT, GATEWAY_V1, GATEWAY_V2, BALANCER, BALANCER_MULTI};
    char room[2000];
    for (size_t i = 0; i < sizeof EVENTS / sizeof *EVENTS; i++) {
        struct buffer out;
        answer_with("image/png", TEXT("some bytes"));
        response_header(&response, "Set-Cookie", TEXT("a=1"));
        response_header(&response, "Link", TEXT("a"));
        response_header(&response, "Link", TEXT("b"));
        event_read(&event, text_of(EVENTS[i]), &arena);
        buffer_over(&out, room, sizeof room);
        event_answer(&event, &response, &out);
        ck_assert(!out.failed);
        for (size_t size = 0, whole = out.length; size < whole; size++) {
            buffer_over(&out, room, size);
            event_answer(&event, &response, &out);
            ck_assert(out.failed);
        }
    }
}
END_TEST

Suite *event_answer_suite(void)
{
    Suite *suite = suite_create("event_answer");
    TCase *test = tcase_create("event_answer");
    tcase_add_checked_fixture(test, begin, end);
    tcase_add_test(test, answers_in_each_form);
    tcase_add_test(test, answers_without_a_body);
    tcase_add_test(test, repeats_headers_as_the_sender_can);
    tcase_add_test(test, names_each_cookie);
    tcase_add_loop_test(test, encodes_what_is_not_text, 0, sizeof types / sizeof *types);
    tcase_add_test(test, encodes_what_is_compressed);
    tcase_add_test(test, tells_a_queue_what_is_to_come_again);
    tcase_add_test(test, counts_the_bytes_of_headers);
    tcase_add_test(test, says_where_room_ends);
    suite_add_tcase(suite, test);
    return suite;
}
