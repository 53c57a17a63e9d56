/*
 * runtime_test.c - heads of the Runtime API, escaped ids, error documents, metrics, preludes.
 *
 * These are the parts of the Lambda host that work on bytes alone. Heads come as any bytes in any
 * number; what is written must be JSON, or a path, whatever it is made of and wherever memory runs
 * out.
 */
#include "hosts/lambda/runtime_text.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "request/response.h"
#include "events/event.h"
#include "hosts/lambda/metrics.h"

Suite *runtime_suite(void);

static struct arena arena;
static struct runtime_head head;

static void begin(void)
{
    arena_open(&arena, 1 << 20);
    runtime_head_open(&head);
}

static void end(void)
{
    arena_close(&arena);
}

static void read_line(const char *line)
{
    runtime_head_line(&head, text_of(line));
}

static void check_value(enum runtime_header which, const char *wanted)
{
    dime_text value = head.values[which];
    ck_assert_msg(text_equal(value, text_of(wanted)), "%.*s", (int)value.length, value.data);
}

static void check_is(const struct buffer *out, const char *wanted)
{
    ck_assert(!out->failed);
    ck_assert_msg(text_equal(buffer_text(out), text_of(wanted)), "%.*s", (int)out->length,
                  out->data);
}

START_TEST(reads_every_header)
{
    read_line("HTTP/1.1 200 OK\r\n");
    read_line("Lambda-Runtime-Aws-Request-Id: a b\r\n");
    read_line("lambda-runtime-deadline-ms:\t1542409706888 \r\n");
    read_line("LAMBDA-RUNTIME-INVOKED-FUNCTION-ARN: arn:aws:lambda\r\n");
    read_line("Lambda-Runtime-Trace-Id: Root=1;Parent=2\r\n");
    read_line("Lambda-Runtime-Client-Context: e30=\r\n");
    read_line("Lambda-Runtime-Cognito-Identity: {\"a\":\"b\"}\r\n");
    read_line("Lambda-Runtime-Aws-Tenant-Id: t\r\n");
    read_line("Lambda-Runtime-Invocation-Id: i\r\n");
    ck_assert(!head.whole);
    read_line("\r\n");
    ck_assert(head.whole);
    check_value(RUNTIME_REQUEST_ID, "a b");
    check_value(RUNTIME_FUNCTION_ARN, "arn:aws:lambda");
    check_value(RUNTIME_TRACE_ID, "Root=1;Parent=2");
    check_value(RUNTIME_CLIENT_CONTEXT, "e30=");
    check_value(RUNTIME_COGNITO_IDENTITY, "{\"a\":\"b\"}");
    check_value(RUNTIME_TENANT_ID, "t");
    check_value(RUNTIME_INVOCATION_ID, "i");
    ck_assert_int_eq(runtime_head_deadline(&head), 1542409706888);
}
END_TEST

START_TEST(passes_over_other_lines)
{
    static const char *const lines[] = {
        "",
        "\r\n",
        ":",
        "x",
        "Lambda-Runtime",
        "Lambda-Runtime-: x\r\n",
        ": x",
        "Lambda-Runtime-Aws-Request-Id",
        "\xFF",
        "Lambda-Runtime-Aws-Request-Id : x",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        read_line(lines[i]);
    for (size_t i = 0; i < RUNTIME_HEADERS; i++)
        ck_assert_uint_eq(head.values[i].length, 0);
}
END_TEST

START_TEST(keeps_the_first_and_what_fits)
{
    size_t size = RUNTIME_HEAD_MAX + 64;
    char *line = malloc(size);
    ck_assert_ptr_nonnull(line);
    memset(line, 'x', size);
    memcpy(line, "lambda-runtime-client-context:", 30);
    runtime_head_line(&head, (dime_text){line, size});
    memcpy(line, "lambda-runtime-aws-request-id:", 30);
    runtime_head_line(&head, (dime_text){line, 30 + RUNTIME_ID_MAX + 1});
    check_value(RUNTIME_CLIENT_CONTEXT, "");
    check_value(RUNTIME_REQUEST_ID, "");
    runtime_head_line(&head, (dime_text){line, 30 + RUNTIME_ID_MAX});
    ck_assert_uint_eq(head.values[RUNTIME_REQUEST_ID].length, RUNTIME_ID_MAX);
    read_line("Lambda-Runtime-Aws-Request-Id: second\r\n");
    ck_assert_uint_eq(head.values[RUNTIME_REQUEST_ID].length, RUNTIME_ID_MAX);
    read_line("Lambda-Runtime-Trace-Id:  \r\n");
    read_line("Lambda-Runtime-Trace-Id: t\r\n");
    check_value(RUNTIME_TRACE_ID, "t");
    free(line);
}
END_TEST

START_TEST(reads_a_deadline_or_none)
{
    static const struct {
        const char *line;
        int64_t deadline;
    } cases[] = {{"Lambda-Runtime-Deadline-Ms: soon", 0},
                 {"Lambda-Runtime-Deadline-Ms: -5", 0},
                 {"Lambda-Runtime-Deadline-Ms: 99999999999999999999", 0},
                 {"Lambda-Runtime-Deadline-Ms: 12", 12}};
    ck_assert_int_eq(runtime_head_deadline(&head), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        runtime_head_open(&head);
        read_line(cases[i].line);
        ck_assert_int_eq(runtime_head_deadline(&head), cases[i].deadline);
    }
}
END_TEST

START_TEST(shares_what_is_there)
{
    struct header headers[RUNTIME_HEADERS];
    ck_assert_uint_eq(runtime_head_share(&head, headers), 0);
    read_line("Lambda-Runtime-Aws-Request-Id: id");
    read_line("Lambda-Runtime-Aws-Tenant-Id: t");
    read_line("Lambda-Runtime-Invoked-Function-Arn: arn");
    ck_assert_uint_eq(runtime_head_share(&head, headers), 2);
    ck_assert(text_equal(headers[0].name, TEXT("lambda-runtime-invoked-function-arn")));
    ck_assert(text_equal(headers[1].name, TEXT("lambda-runtime-aws-tenant-id")));
    ck_assert(text_equal(headers[1].value, TEXT("t")));
}
END_TEST

START_TEST(escapes_every_byte)
{
    static const char PLAIN[] =
        "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~";
    for (int byte = 0; byte < 256; byte++) {
        char wanted[4] = {(char)byte}, c = (char)byte;
        struct buffer out;
        buffer_open(&out, &arena, 16);
        if (!byte || !strchr(PLAIN, byte))
            snprintf(wanted, sizeof wanted, "%%%02X", byte);
        buffer_percent(&out, (dime_text){&c, 1});
        check_is(&out, wanted);
    }
}
END_TEST

START_TEST(writes_errors_of_any_bytes)
{
    struct buffer out;
    char bytes[256];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)i;
    buffer_open(&out, &arena, 4096);
    runtime_put_error(&out, TEXT("caf\xC3\xA9 \xE2\x98\x95 \"\\\n\x01"), "Runtime.Kind");
    check_is(&out, "{\"errorMessage\":\"caf\xC3\xA9 \xE2\x98\x95 \\\"\\\\\\n\\u0001\","
                   "\"errorType\":\"Runtime.Kind\",\"stackTrace\":[]}");
    buffer_open(&out, &arena, 4096);
    runtime_put_error(&out, (dime_text){bytes, sizeof bytes}, "Runtime.Kind");
    struct json_value value;
    struct json_error error;
    ck_assert_msg(json_check(buffer_text(&out), &arena, &value, &error), "%s", error.message);
    buffer_open(&out, &arena, 40);
    runtime_put_error(&out, (dime_text){bytes, sizeof bytes}, "Runtime.Kind");
    ck_assert(out.failed);
}
END_TEST

START_TEST(writes_metrics)
{
    struct metrics metrics = {.function = "change",
                              .status = 422,
                              .duration_ns = 1023456,
                              .now_ms = 1700000000123,
                              .request_id = TEXT("i\"d")};
    struct buffer out;
    buffer_open(&out, &arena, 4096);
    metrics_put(&metrics, &out);
    check_is(
        &out,
        "{\"_aws\":{\"Timestamp\":1700000000123,\"CloudWatchMetrics\":[{\"Namespace\":\"dime\","
        "\"Dimensions\":[[\"function\"],[\"function\",\"statusClass\"]],\"Metrics\":["
        "{\"Name\":\"duration\",\"Unit\":\"Milliseconds\"},"
        "{\"Name\":\"invocations\",\"Unit\":\"Count\"}]}]},\"function\":\"change\","
        "\"statusClass\":\"4xx\",\"duration\":1.023,\"invocations\":1,"
        "\"requestId\":\"i\\\"d\"}\n");
}
END_TEST

START_TEST(wants_metrics_where_it_is_said)
{
    unsetenv("DIME_METRICS");
    ck_assert(!metrics_wanted());
    setenv("DIME_METRICS", "Emf", 1);
    ck_assert(metrics_wanted());
    setenv("DIME_METRICS", "emfx", 1);
    ck_assert(!metrics_wanted());
    unsetenv("DIME_METRICS");
}
END_TEST

START_TEST(writes_a_prelude)
{
    struct event event = {.shape = EVENT_GATEWAY_V2};
    struct response response;
    struct buffer out;
    response_open(&response, &arena);
    response_begin(&response, ANSWER_JSON, 200, "application/json");
    response_header(&response, "Set-Cookie", TEXT("a=1"));
    response_header(&response, "X-Name", TEXT("caf\xC3\xA9"));
    response_header(&response, "Set-Cookie", TEXT("b=2"));
    buffer_open(&out, &arena, 4096);
    event_prelude(&event, &response, &out);
    check_is(&out, "{\"statusCode\":200,\"headers\":{\"Content-Type\":\"application/json\","
                   "\"X-Name\":\"caf\xC3\xA9\"},\"cookies\":[\"a=1\",\"b=2\"]}");
}
END_TEST

Suite *runtime_suite(void)
{
    Suite *suite = suite_create("runtime");
    TCase *test = tcase_create("runtime");
    tcase_add_checked_fixture(test, begin, end);
    tcase_add_test(test, reads_every_header);
    tcase_add_test(test, passes_over_other_lines);
    tcase_add_test(test, keeps_the_first_and_what_fits);
    tcase_add_test(test, reads_a_deadline_or_none);
    tcase_add_test(test, shares_what_is_there);
    tcase_add_test(test, escapes_every_byte);
    tcase_add_test(test, writes_errors_of_any_bytes);
    tcase_add_test(test, writes_metrics);
    tcase_add_test(test, wants_metrics_where_it_is_said);
    tcase_add_test(test, writes_a_prelude);
    suite_add_tcase(suite, test);
    return suite;
}
