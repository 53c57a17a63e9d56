/*
 * cgi_answer_test.c - what programs write to their stdout, as responses, and what isn't one.
 *
 * A program of any kind may have written it. What doesn't hold to RFC 3875 must be refused by a
 * sentence, and what is read must be no longer than a response can hold.
 */
#include "tool/ask/cgi_answer.h"

#include <check.h>
#include <stdio.h>

#include "request/response.h"

Suite *cgi_answer_suite(void);

static struct arena arena;
static struct response response;
static struct buffer answer;

static void begin(void)
{
    arena_open(&arena, 8 << 20);
    buffer_open(&answer, &arena, 4 << 20);
}

static void end(void)
{
    arena_close(&arena);
}

static const char *read_answer(dime_text text, enum dime_method method)
{
    answer.length = 0;
    buffer_put(&answer, text);
    response_open(&response, &arena);
    return cgi_answer_read(&answer, method, &response);
}

static const struct {
    const char *text;
    int status;
    const char *type, *body;
    size_t headers;
} answers[] = {
    {"Content-Type: text/plain\n\nhi", 200, "text/plain", "hi", 0},
    {"Status: 404 Not Found\r\nContent-Type: a/b\r\nX-A: 1\r\nX-A: 2\r\n\r\n", 404, "a/b", "", 2},
    {"Status:204\r\n\r\n", 204, NULL, "", 0},
    {"STATUS: 599\nCONTENT-TYPE:a/b;c=d \n\n\n", 599, "a/b;c=d", "\n", 0},
    {"Location: /x\n\n", 302, NULL, "", 1},
    {"Location: /x\nStatus: 301 Moved\n\n", 301, NULL, "", 1},
    {"Status: 200 OK\n\nbytes", 200, "application/octet-stream", "bytes", 0},
    {"Content-Type: a/b\nContent-Length: 2\n\nhi", 200, "a/b", "hi", 0},
    {"Status: 304\nContent-Length: 9\n\n", 304, NULL, "", 0},
    {"Content-Type: a/b\nX-Empty:\nX-Tab:\ta\tb\n\n", 200, "a/b", "", 2},
};

START_TEST(reads_answers)
{
    const char *fault = read_answer(text_of(answers[_i].text), DIME_POST);
    ck_assert_msg(!fault, "%s", fault);
    ck_assert_int_eq(response.status, answers[_i].status);
    ck_assert_pstr_eq(response.content_type, answers[_i].type);
    ck_assert(text_equal(buffer_text(&response.body), text_of(answers[_i].body)));
    ck_assert_uint_eq(response.header_count, answers[_i].headers);
    ck_assert_int_eq(response.answer, ANSWER_JSON);
}
END_TEST

static const char *const faults[] = {
    "",
    "\n",
    "Content-Type: a/b",
    "Content-Type: a/b\n",
    "Content-Type: a/b\nX: y\n",
    "hello\n\n",
    "X-A: b\n\n",
    ": b\n\n",
    "Content Type: a/b\n\n",
    "Content-Type: a/b\nX\n\n",
    "Content-Type: a/b\nX: a\rb\n\n",
    "Content-Type: a/b\nX: a\001b\n\n",
    "Content-Type: a/b\nX: a\x7F\n\n",
    "Status: 99\n\n",
    "Status: 100 Continue\n\n",
    "Status: 600\n\n",
    "Status: 2000\n\n",
    "Status: 2x0\n\n",
    "Status: -20\n\n",
    "Status: OK\n\n",
    "Content-Type: a/b\nContent-Length: 3\n\nhi",
    "Content-Type: a/b\nContent-Length: 1\n\nhi",
    "Content-Type: a/b\nContent-Length: -1\n\nhi",
    "Content-Type: a/b\nContent-Length: 2x\n\nhi",
};

START_TEST(refuses_what_is_none)
{
    const char *fault = read_answer(text_of(faults[_i]), DIME_POST);
    ck_assert_msg(fault && strlen(fault) > 10, "%s", faults[_i]);
}
END_TEST

START_TEST(has_no_body_for_head)
{
    ck_assert_ptr_null(read_answer(TEXT("Content-Type: a/b\nContent-Length: 7\n\n"), DIME_HEAD));
}
END_TEST

START_TEST(bounds_the_head)
{
    static char head[CGI_ANSWER_HEAD_MAX + 64];
    struct buffer text;
    buffer_over(&text, head, sizeof head);
    buffer_puts(&text, "Content-Type: a/b\n");
    for (int i = 0; i < RESPONSE_HEADERS; i++)
        buffer_puts(&text, "X-A: b\n");
    size_t length = text.length;
    buffer_puts(&text, "\n");
    ck_assert_ptr_null(read_answer(buffer_text(&text), DIME_POST));
    ck_assert_uint_eq(response.header_count, RESPONSE_HEADERS);
    text.length = length;
    buffer_puts(&text, "X-A: b\n\n");
    ck_assert_ptr_nonnull(read_answer(buffer_text(&text), DIME_POST));
    memset(head, 'x', sizeof head);
    memcpy(head, "Content-Type: a/", 16);
    memcpy(head + sizeof head - 2, "\n\n", 2);
    ck_assert_ptr_nonnull(read_answer((dime_text){head, sizeof head}, DIME_POST));
}
END_TEST

START_TEST(knows_what_a_problem_says)
{
    char text[256];
    for (int status = 200; status < 600; status += 222) {
        snprintf(text, sizeof text,
                 "Status: %d\nContent-Type: application/problem+json\n\n"
                 "{\"title\":\"No\",\"detail\":\"Say \\\"please\\\".\"}",
                 status);
        ck_assert_ptr_null(read_answer(text_of(text), DIME_POST));
        ck_assert(text_equal(response.detail, status < 400 ? TEXT("") : TEXT("Say \"please\".")));
    }
    ck_assert_ptr_null(read_answer(
        TEXT("Status: 500\nContent-Type: application/problem+json\n\n{\"detail\":7"), DIME_GET));
    ck_assert_uint_eq(response.detail.length, 0);
}
END_TEST

START_TEST(bears_that_memory_ends)
{
    static char text[] =
        "Content-Type: application/problem+json\nStatus: 500\n\n{\"detail\":\"x\"}";
    bool read = false;
    for (size_t limit = 0; limit < 4096; limit += 16) {
        struct arena small;
        struct buffer whole;
        arena_open(&small, limit);
        buffer_over(&whole, text, sizeof text - 1);
        whole.length = sizeof text - 1;
        response_open(&response, &small);
        read = !cgi_answer_read(&whole, DIME_POST, &response);
        ck_assert(read || small.failed);
        arena_close(&small);
    }
    ck_assert(read);
}
END_TEST

Suite *cgi_answer_suite(void)
{
    Suite *suite = suite_create("cgi_answer");
    TCase *reading = tcase_create("reading");
    tcase_add_checked_fixture(reading, begin, end);
    tcase_add_loop_test(reading, reads_answers, 0, sizeof answers / sizeof *answers);
    tcase_add_loop_test(reading, refuses_what_is_none, 0, sizeof faults / sizeof *faults);
    tcase_add_test(reading, has_no_body_for_head);
    tcase_add_test(reading, bounds_the_head);
    tcase_add_test(reading, knows_what_a_problem_says);
    tcase_add_test(reading, bears_that_memory_ends);
    suite_add_tcase(suite, reading);
    return suite;
}
