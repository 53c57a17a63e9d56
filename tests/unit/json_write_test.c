/*
 * json_write_test.c - JSON that is written through scopes.
 *
 * What an author forgets to end is ended, what can't stand is a 500 and no broken JSON, and what
 * was written can be had as a text of its own.
 */
#include <check.h>
#include <stdio.h>

#include "request/call.h"

Suite *json_write_suite(void);

static const dime_function function = {.name = "some"};
static struct arena arena;
static struct request request;
static struct response response;
static dime_call call;

static void begin(void)
{
    arena_open(&arena, 1 << 20);
    request = (struct request){.arena = &arena, .id = TEXT("id-1")};
    response_open(&response, &arena);
    call_open(&call, &function, &request, &response);
}

static void end(void)
{
    arena_close(&arena);
}

static void expect_body(const char *json)
{
    call_end(&call);
    dime_text body = buffer_text(&response.body);
    ck_assert_msg(text_equal(body, text_of(json)), "%.*s", DIME_ARG(body));
    ck_assert_int_eq(response.status, 200);
}

static void expect_text(dime_json *json, const char *text)
{
    dime_text all = dime_json_text(json);
    ck_assert_msg(text_equal(all, text_of(text)), "%.*s", DIME_ARG(all));
}

START_TEST(ends_what_is_open)
{
    dime_json *json = dime_answer(&call, 200), *list = dime_put_array(json, "list");
    dime_put_integer(dime_put_object(list, NULL), "a", -1);
    dime_put_boolean(dime_put_object(list, NULL), "b", true);
    dime_put_decimal(json, "c", 150, 2);
    dime_put_string(json, "d\"", "\n");
    dime_put_null(dime_put_array(json, "e"), NULL);
    expect_body("{\"list\":[{\"a\":-1},{\"b\":true}],\"c\":1.50,\"d\\\"\":\"\\n\",\"e\":[null]}");
}
END_TEST

START_TEST(formats_at_any_length)
{
    dime_json *list = dime_answer_array(&call, 200);
    char wanted[16 + 2000];
    dime_put_format(list, NULL, "%02d", 7);
    dime_put_format(list, NULL, "%02000d", 7);
    snprintf(wanted, sizeof wanted, "[\"07\",\"%02000d\"]", 7);
    expect_body(wanted);
}
END_TEST

START_TEST(refuses_what_cannot_stand)
{
    dime_json *json = dime_answer(&call, 200), *list = dime_put_array(json, "list");
    switch (_i) {
    case 0:
        dime_put_integer(list, "name", 1);
        break;
    case 1:
        dime_put_integer(json, NULL, 1);
        break;
    case 2:
        dime_put_decimal(json, "a", 1, 19);
        break;
    case 3:
        dime_put_decimal(json, "a", 1, -1);
        break;
    default:
        dime_put_null(json, "next");
        dime_put_integer(list, NULL, 1);
    }
    ck_assert_int_eq(response.status, 500);
    ck_assert_int_eq(response.answer, ANSWER_PROBLEM);
}
END_TEST

START_TEST(hands_out_its_text)
{
    dime_json *json = dime_answer(&call, 200), *list = dime_put_array(json, "list");
    dime_put_integer(list, NULL, 1);
    dime_json *inner = dime_put_object(list, NULL);
    dime_put_integer(inner, "a", 2);
    expect_text(list, "[1,{\"a\":2}]");
    expect_text(inner, "{\"a\":2}"); /* it has ended with the list */
    dime_put_null(json, "more");
    expect_text(list, "[1,{\"a\":2}]");
    expect_text(json, "{\"list\":[1,{\"a\":2}],\"more\":null}");
    expect_body("{\"list\":[1,{\"a\":2}],\"more\":null}");
}
END_TEST

/* The text outlives the answer that it was written to. */
START_TEST(hands_out_a_copy)
{
    dime_json *list = dime_put_array(dime_answer(&call, 200), "list");
    dime_put_string(list, NULL, "kept");
    dime_text text = dime_json_text(list);
    dime_put_string(dime_answer(&call, 200), "another", "answer, which is longer");
    ck_assert(text_equal(text, TEXT("[\"kept\"]")));
}
END_TEST

START_TEST(has_no_text_of_an_answer_that_was_replaced)
{
    dime_json *list = dime_put_array(dime_answer(&call, 200), "list");
    dime_put_string(list, NULL, "dropped");
    dime_put_string(dime_answer(&call, 200), "another", "answer, which is longer");
    ck_assert_uint_eq(dime_json_text(list).length, 0);
    ck_assert(!arena.failed);
}
END_TEST

START_TEST(has_no_text_without_memory)
{
    dime_json *json = dime_answer(&call, 200);
    dime_put_string(json, "a", "b");
    while (!arena.failed)
        arena_alloc(&arena, 1024);
    dime_json *nowhere = dime_put_array(json, "list");
    for (int i = 0; i < 1000; i++)
        dime_put_integer(nowhere, NULL, i);
    ck_assert_uint_eq(dime_json_text(nowhere).length, 0);
    ck_assert_uint_eq(dime_json_text(json).length, 0);
}
END_TEST

Suite *json_write_suite(void)
{
    Suite *suite = suite_create("json_write");
    TCase *tests = tcase_create("json_write");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, ends_what_is_open);
    tcase_add_test(tests, formats_at_any_length);
    tcase_add_loop_test(tests, refuses_what_cannot_stand, 0, 5);
    tcase_add_test(tests, hands_out_its_text);
    tcase_add_test(tests, hands_out_a_copy);
    tcase_add_test(tests, has_no_text_of_an_answer_that_was_replaced);
    tcase_add_test(tests, has_no_text_without_memory);
    suite_add_tcase(suite, tests);
    return suite;
}
