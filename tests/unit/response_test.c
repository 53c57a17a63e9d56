/*
 * response_test.c - what a function may say, the headers that it may not, problems, and the head.
 *
 * Nothing that a function says may end a line of the head and begin another.
 * Problems are read back with json-c, so that what is checked is what a client sees.
 */
#include "request/response.h"

#include <check.h>
#include <stdio.h>

#include "request/problem.h"
#include "unit.h"

Suite *response_suite(void);

static struct arena arena;
static struct response response;

static void begin(void)
{
    arena_open(&arena, (size_t)32 << 20);
    memset(&response, 0xA5, sizeof response); /* response_open must leave none of it to be read */
    response_open(&response, &arena);
}

static void end(void)
{
    arena_close(&arena);
}

__attribute__((format(printf, 2, 3))) static void blame_field(dime_text name, const char *format,
                                                              ...)
{
    va_list arguments;
    va_start(arguments, format);
    response_field_problem_of(&response, name, format, arguments);
    va_end(arguments);
}

static void check_text(dime_text text, const char *expected)
{
    ck_assert_msg(text_equal(text, text_of(expected)), "%.*s", (int)text.length, text.data);
}

START_TEST(opens_empty)
{
    ck_assert_int_eq(response.answer, ANSWER_NONE);
    ck_assert_int_eq(response.status, 0);
    ck_assert_ptr_null(response.content_type);
    ck_assert_uint_eq(response.header_count, 0);
    ck_assert_uint_eq(response.error_count, 0);
    ck_assert_uint_eq(response.detail.length, 0);
    check_text(buffer_text(&response.body), "");
    ck_assert_uint_eq(arena.total, 0);
}
END_TEST

START_TEST(begins_answers)
{
    buffer_puts(response_begin(&response, ANSWER_JSON, 200, "application/json"), "{}");
    ck_assert_int_eq(response.answer, ANSWER_JSON);
    ck_assert_int_eq(response.status, 200);
    ck_assert_str_eq(response.content_type, "application/json");
    buffer_puts(response_begin(&response, ANSWER_BYTES, 201, "text/html; charset=utf-8"), "<p>");
    ck_assert_int_eq(response.answer, ANSWER_BYTES);
    ck_assert_int_eq(response.status, 201);
    ck_assert_str_eq(response.content_type, "text/html; charset=utf-8");
    check_text(buffer_text(&response.body), "<p>");
}
END_TEST

/* A body of exactly the limit fits. */
START_TEST(limits_the_body)
{
    struct buffer *body = response_begin(&response, ANSWER_JSON, 200, "application/json");
    const dime_text piece = TEXT("0123456789abcdef");
    for (size_t i = 0; i < RESPONSE_BODY_MAX / piece.length; i++)
        buffer_put(body, piece);
    ck_assert(!body->failed);
    ck_assert_uint_eq(body->length, RESPONSE_BODY_MAX);
    buffer_puts(body, "x");
    ck_assert(body->failed);
    ck_assert(!arena.failed);
}
END_TEST

START_TEST(answers_with_problems)
{
    buffer_puts(response_begin(&response, ANSWER_JSON, 200, "application/json"), "{}");
    blame_field(TEXT("a"), "no %s", "good");
    response_problem(&response, 404, "not %d", 7);
    ck_assert_int_eq(response.answer, ANSWER_PROBLEM);
    ck_assert_int_eq(response.status, 404);
    ck_assert_uint_eq(response.error_count, 0);
    check_text(response.detail, "not 7");
    check_text(problem_detail(&response), "not 7");
    response_problem(&response, 400, "%s", "");
    check_text(problem_detail(&response), "No more is known.");
}
END_TEST

START_TEST(cuts_a_detail)
{
    response_problem(&response, 400, "%1023d", 7);
    ck_assert_uint_eq(response.detail.length, 1023);
    ck_assert_int_eq(response.detail.data[1022], '7');
    response_problem(&response, 400, "%5000d", 7);
    ck_assert_uint_eq(response.detail.length, 1023);
    response_problem(&response, 400, "%1021d\u00E9", 7);
    ck_assert_uint_eq(response.detail.length, 1023);
    response_problem(&response, 400, "%1022d\u00E9", 7);
    ck_assert_uint_eq(response.detail.length, 1022);
    blame_field(TEXT("a"), "%5000d", 7);
    ck_assert_uint_eq(response.errors[0].detail.length, 1023);
}
END_TEST

START_TEST(gathers_field_problems)
{
    for (int i = 0; i < RESPONSE_ERRORS + 3; i++) {
        blame_field(TEXT("a"), "%d", i);
        ck_assert_int_eq(response.status, 422);
        check_text(problem_detail(&response),
                   i ? "Some fields are wrong; errors says which and why." : "0");
    }
    ck_assert_uint_eq(response.error_count, RESPONSE_ERRORS);
    check_text(response.errors[RESPONSE_ERRORS - 1].detail, "15");
}
END_TEST

/* What comes last is what is meant, and nothing is left of what was said before. */
START_TEST(forgets_what_was_said_before)
{
    response_problem(&response, 404, "no such thing");
    blame_field(TEXT("a"), "wrong");
    ck_assert_int_eq(response.status, 422);
    check_text(problem_detail(&response), "wrong");
    buffer_puts(response_begin(&response, ANSWER_JSON, 200, "application/json"), "{}");
    ck_assert_int_eq(response.status, 200);
    ck_assert_int_eq(response.answer, ANSWER_JSON);
    blame_field(TEXT("b"), "worse");
    ck_assert_uint_eq(response.error_count, 1);
    check_text(problem_detail(&response), "worse");
}
END_TEST

/* A blame leaves the status alone, comes once, and is of no use but for a problem. */
START_TEST(blames_a_field)
{
    response_blame(&response, TEXT("a"));
    ck_assert_uint_eq(response.error_count, 0);
    response_problem(&response, 415, "not this");
    response_blame(&response, TEXT("a"));
    response_blame(&response, TEXT("b"));
    ck_assert_int_eq(response.status, 415);
    ck_assert_uint_eq(response.error_count, 1);
    check_text(response.errors[0].field, "a");
    check_text(response.errors[0].detail, "not this");
    response_problem(&response, 404, "no such thing");
    ck_assert_uint_eq(response.error_count, 0);
}
END_TEST

START_TEST(copies_headers)
{
    char value[] = "one";
    response_header(&response, "X-A", text_of(value));
    value[0] = 'x';
    response_header(&response, "X-B", TEXT(""));
    response_header(&response, "X-C", TEXT("tab\tand \xC3\xA9"));
    ck_assert_uint_eq(response.header_count, 3);
    check_text(response.headers[0].name, "X-A");
    check_text(response.headers[0].value, "one");
    check_text(response.headers[1].value, "");
    ck_assert_int_eq(response.status, 0);
}
END_TEST

/* The names have a letter each. */
static void check_headers(const char *expected)
{
    char names[RESPONSE_HEADERS + 1] = "";
    for (size_t i = 0; i < response.header_count; i++)
        names[i] = response.headers[i].name.data[0];
    ck_assert_str_eq(names, expected);
}

__attribute__((format(printf, 1, 2))) static void say_wrong_field(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    response_field_problem_of(&response, TEXT("a"), format, arguments);
    va_end(arguments);
}

static void begin_other_answer(int which)
{
    if (which == 0)
        response_begin(&response, ANSWER_EMPTY, 204, NULL);
    else if (which == 1)
        response_problem(&response, 404, "none");
    else
        say_wrong_field("wrong");
}

/* What was set for an answer goes with it; what was set before any stays. */
START_TEST(drops_the_headers_of_an_answer_that_gives_way)
{
    response_header(&response, "A", TEXT("of the call"));
    response_begin(&response, ANSWER_JSON, 200, "application/json");
    response_header(&response, "B", TEXT("of the answer"));
    check_headers("AB");
    begin_other_answer(_i);
    check_headers("A");
    response_header(&response, "C", TEXT("of the other"));
    check_headers("AC");
    begin_other_answer((_i + 1) % 3);
    response_header(&response, "D", TEXT("of the third"));
    check_headers("AD");
}
END_TEST

START_TEST(keeps_the_headers_of_a_problem_that_goes_on)
{
    say_wrong_field("wrong");
    response_header(&response, "A", TEXT("of the problem"));
    say_wrong_field("wrong too");
    check_headers("A");
}
END_TEST

/* A 500 stands, and gets no header of what was begun in its place. */
START_TEST(drops_the_headers_of_what_gives_way_to_a_500)
{
    response_header(&response, "A", TEXT("of the call"));
    response_begin(&response, ANSWER_JSON, 200, "application/json");
    response_header(&response, "B", TEXT("a\n"));
    check_headers("A");
    begin_other_answer(_i ? 2 : 0);
    response_header(&response, "C", TEXT("of the other"));
    check_headers("A");
    ck_assert_int_eq(response.status, 500);
}
END_TEST

/* No header gets in, and the answer that the function goes on to give doesn't hide it. */
START_TEST(refuses_to_break_a_line)
{
    static const dime_text values[] = {TEXT("a\r\nSet-Cookie: b"),
                                       TEXT("a\n"),
                                       TEXT("\r"),
                                       TEXT("a\0b"),
                                       TEXT("a\x7F"),
                                       TEXT("\x1B[2J")};
    response_header(&response, "X-T", TEXT("a\tb"));
    response_header(&response, "X-A", values[_i]);
    ck_assert_uint_eq(response.header_count, 1);
    ck_assert_int_eq(response.status, 500);
    check_text(response.detail, "The function gave the header X-A a control character.");
    buffer_puts(response_begin(&response, ANSWER_JSON, 200, "application/json"), "{}");
    ck_assert_int_eq(response.answer, ANSWER_PROBLEM);
    ck_assert_int_eq(response.status, 500);
    response_begin(&response, ANSWER_EMPTY, 204, NULL);
    ck_assert_int_eq(response.status, 500);
    blame_field(TEXT("a"), "wrong");
    ck_assert_int_eq(response.status, 500);
    ck_assert_uint_eq(response.error_count, 0);
}
END_TEST

/* A function may set so many that the host's own still have room. */
START_TEST(refuses_too_many_headers)
{
    size_t set = 0;
    while (response.status != 500 && set < 100) {
        response_header(&response, "X-A", TEXT("a"));
        set++;
    }
    ck_assert_uint_eq(response.header_count, set - 1);
    ck_assert_uint_eq(response.header_count, RESPONSE_HEADERS - 8);
    check_text(response.detail, "The function set more headers than a response holds.");
    for (size_t i = 0; i < 10; i++)
        response_own_header(&response, "X-B", TEXT("b"));
    ck_assert_uint_eq(response.header_count, RESPONSE_HEADERS);
}
END_TEST

START_TEST(survives_the_end_of_memory)
{
    struct arena none;
    arena_open(&none, 0);
    response_open(&response, &none);
    response_header(&response, "X-A", TEXT("a"));
    ck_assert_uint_eq(response.header_count, 0);
    response_problem(&response, 404, "text");
    check_text(problem_detail(&response), "No more is known.");
    blame_field(TEXT("a"), "text");
    ck_assert_uint_eq(response.errors[0].detail.length, 0);
    buffer_puts(response_begin(&response, ANSWER_JSON, 200, "application/json"), "{}");
    ck_assert(response.body.failed);
    ck_assert(none.failed);
    arena_close(&none);
}
END_TEST

static void check_head(const char *expected)
{
    struct buffer head;
    buffer_open(&head, &arena, 4096);
    response_cgi_head(&response, &head);
    ck_assert(!head.failed);
    check_text(buffer_text(&head), expected);
}

START_TEST(writes_the_head)
{
    buffer_puts(response_begin(&response, ANSWER_JSON, 200, "application/json"), "{\"a\":1}");
    response_header(&response, "X-A", TEXT("b c"));
    check_head("Status: 200 OK\r\nContent-Type: application/json\r\nX-A: b c\r\n"
               "Content-Length: 7\r\n\r\n");
    response_open(&response, &arena);
    response.status = 204;
    response_own_header(&response, "Allow", TEXT("GET"));
    check_head("Status: 204 No Content\r\nAllow: GET\r\n\r\n");
    response.status = 599;
    check_head("Status: 599 Error\r\nAllow: GET\r\n\r\n");
}
END_TEST

START_TEST(knows_phrases)
{
    ck_assert_str_eq(status_phrase(200), "OK");
    ck_assert_str_eq(status_phrase(422), "Unprocessable Content");
    ck_assert_str_eq(status_phrase(504), "Gateway Timeout");
    ck_assert_str_eq(status_phrase(0), "Error");
    ck_assert_str_eq(status_phrase(-1), "Error");
    ck_assert_str_eq(status_phrase(499), "Client Error");
    for (int status = 400; status < 600; status++) {
        if (problem_of(status))
            ck_assert_msg(!strstr(status_phrase(status), "Error") || status == 500, "%d", status);
    }
}
END_TEST

/* Wherever it's cut, no character is. */
START_TEST(cuts_a_long_detail_between_characters)
{
    for (int before = 900; before < 1023; before++) {
        response_open(&response, &arena);
        response_problem(
            &response, 409, "%0*d%s", before, 0,
            "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
        ck_assert(text_is_utf8(response.detail));
        ck_assert_uint_ge(response.detail.length, before < 1002 ? (size_t)before + 18 : 1020);
    }
}
END_TEST

START_TEST(knows_problems)
{
    ck_assert_str_eq(problem_of(422)->uri, "/problems/invalid-field");
    ck_assert_str_eq(problem_of(503)->uri, "/problems/unavailable");
    ck_assert_ptr_null(problem_of(418));
    ck_assert_ptr_null(problem_of(0));
}
END_TEST

static const char *string(struct json_object *object, const char *name)
{
    struct json_object *found = NULL;
    ck_assert_msg(json_object_object_get_ex(object, name, &found), "no %s", name);
    return json_object_get_string(found);
}

static struct json_object *parse_problem(const char *instance)
{
    problem_write_json(&response, text_of(instance));
    dime_text body = buffer_text(&response.body);
    ck_assert_str_eq(response.content_type, "application/problem+json");
    return unit_json(body.data, body.length);
}

START_TEST(writes_problems)
{
    buffer_puts(response_begin(&response, ANSWER_JSON, 200, "application/json"), "{\"half\":");
    response_problem(&response, 413, "%s", "at \"most\" \\ \n\xFF");
    struct json_object *problem = parse_problem("id-1");
    ck_assert_str_eq(string(problem, "type"), "/problems/too-large");
    ck_assert_str_eq(string(problem, "title"), "The request is too large");
    ck_assert_str_eq(string(problem, "status"), "413");
    ck_assert_str_eq(string(problem, "detail"), "at \"most\" \\ \n\xEF\xBF\xBD");
    ck_assert_str_eq(string(problem, "instance"), "id-1");
    ck_assert(!json_object_object_get_ex(problem, "errors", NULL));
    json_object_put(problem);
}
END_TEST

START_TEST(writes_field_problems)
{
    blame_field(TEXT("a\"b"), "%s", "one </script>");
    blame_field(TEXT("c"), "%s", "two");
    struct json_object *problem = parse_problem("id\"2"), *errors;
    ck_assert_str_eq(string(problem, "type"), "/problems/invalid-field");
    ck_assert_str_eq(string(problem, "instance"), "id\"2");
    ck_assert(json_object_object_get_ex(problem, "errors", &errors));
    ck_assert_uint_eq(json_object_array_length(errors), 2);
    ck_assert_str_eq(string(json_object_array_get_idx(errors, 0), "field"), "a\"b");
    ck_assert_str_eq(string(json_object_array_get_idx(errors, 0), "detail"), "one </script>");
    ck_assert_str_eq(string(json_object_array_get_idx(errors, 1), "detail"), "two");
    json_object_put(problem);
}
END_TEST

Suite *response_suite(void)
{
    Suite *suite = suite_create("response");
    TCase *saying = tcase_create("saying");
    tcase_add_checked_fixture(saying, begin, end);
    tcase_add_test(saying, opens_empty);
    tcase_add_test(saying, begins_answers);
    tcase_add_test(saying, limits_the_body);
    tcase_add_test(saying, answers_with_problems);
    tcase_add_test(saying, cuts_a_detail);
    tcase_add_test(saying, gathers_field_problems);
    tcase_add_test(saying, forgets_what_was_said_before);
    tcase_add_test(saying, blames_a_field);
    tcase_add_test(saying, copies_headers);
    tcase_add_loop_test(saying, refuses_to_break_a_line, 0, 6);
    tcase_add_test(saying, refuses_too_many_headers);
    tcase_add_loop_test(saying, drops_the_headers_of_an_answer_that_gives_way, 0, 3);
    tcase_add_test(saying, keeps_the_headers_of_a_problem_that_goes_on);
    tcase_add_loop_test(saying, drops_the_headers_of_what_gives_way_to_a_500, 0, 2);
    tcase_add_test(saying, survives_the_end_of_memory);
    suite_add_tcase(suite, saying);
    TCase *writing = tcase_create("writing");
    tcase_add_checked_fixture(writing, begin, end);
    tcase_add_test(writing, writes_the_head);
    tcase_add_test(writing, knows_phrases);
    tcase_add_test(writing, cuts_a_long_detail_between_characters);
    tcase_add_test(writing, knows_problems);
    tcase_add_test(writing, writes_problems);
    tcase_add_test(writing, writes_field_problems);
    suite_add_tcase(suite, writing);
    return suite;
}
