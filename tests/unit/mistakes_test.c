/*
 * mistakes_test.c - what a function can get wrong with its answer.
 *
 * Each mistake is a few lines that an author could write. Whatever they would have sent, it is a
 * problem of 500 that goes out, and nothing else comes along.
 */
#include <dime/test.h>

#include <check.h>
#include <stdio.h>

Suite *mistakes_suite(void);

struct thing {
    dime_text code;
    int64_t number;
};

static const dime_field thing_fields[] = {
    DIME_TEXT(struct thing, code),
    DIME_INTEGER(struct thing, number),
};

static bool write_nothing(dime_call *call, void *cursor)
{
    (void)call;
    (void)cursor;
    return false;
}

static void write_to_ended_scope(dime_call *call, dime_json *json, const struct thing *thing)
{
    dime_json *inner = dime_put_object(json, "inner");
    (void)call;
    (void)thing;
    dime_put_null(json, "after");
    dime_put_null(inner, "ended already");
}

static void write_item_to_object(dime_call *call, dime_json *json, const struct thing *thing)
{
    (void)call;
    (void)thing;
    dime_put_null(json, NULL);
}

static void write_member_to_array(dime_call *call, dime_json *json, const struct thing *thing)
{
    (void)call;
    (void)thing;
    dime_put_null(dime_put_array(json, "list"), "named");
}

/* What was begun within an answer that another took the place of. */
static void write_to_abandoned_scope(dime_call *call, dime_json *json, const struct thing *thing)
{
    dime_json *inner = dime_put_object(dime_put_array(json, "list"), NULL);
    (void)thing;
    dime_answer(call, 200);
    dime_put_null(inner, "abandoned");
}

static void write_after_a_problem(dime_call *call, dime_json *json, const struct thing *thing)
{
    dime_json *list = dime_put_array(json, "list");
    (void)thing;
    dime_problem(call, 404, "There is none.");
    dime_put_null(list, NULL);
}

static void redirect_with_200(dime_call *call, dime_json *json, const struct thing *thing)
{
    (void)json;
    dime_redirect(call, 200, thing->code);
}

static void answer_with_404(dime_call *call, dime_json *json, const struct thing *thing)
{
    (void)thing;
    (void)json;
    dime_put_null(dime_answer(call, 404), "a");
}

static void answer_array_with_204(dime_call *call, dime_json *json, const struct thing *thing)
{
    (void)thing;
    (void)json;
    dime_put_null(dime_answer_array(call, 204), NULL);
}

static void answer_json_with_404(dime_call *call, dime_json *json, const struct thing *thing)
{
    (void)thing;
    (void)json;
    dime_answer_json(call, 404, dime_text_of("{}"));
}

static void answer_bytes_with_304(dime_call *call, dime_json *json, const struct thing *thing)
{
    (void)json;
    dime_answer_bytes(call, 304, "text/plain", thing->code);
}

static void answer_without_type(dime_call *call, dime_json *json, const struct thing *thing)
{
    (void)json;
    dime_answer_bytes(call, 200, NULL, thing->code);
}

static void answer_with_two_lines_of_type(dime_call *call, dime_json *json,
                                          const struct thing *thing)
{
    (void)json;
    dime_answer_bytes(call, 200, "text/plain\r\nX-More: a", thing->code);
}

static void answer_nothing_with_199(dime_call *call, dime_json *json, const struct thing *thing)
{
    (void)thing;
    (void)json;
    dime_answer_empty(call, 199);
}

static void stream_with_600(dime_call *call, dime_json *json, const struct thing *thing)
{
    (void)thing;
    (void)json;
    dime_answer_stream(call, 600, "text/plain", write_nothing, NULL);
}

static bool answer_in_a_piece(dime_call *call, void *cursor)
{
    (void)cursor;
    dime_put_null(dime_answer(call, 200), "a");
    return true;
}

static void answer_in_a_stream(dime_call *call, dime_json *json, const struct thing *thing)
{
    (void)thing;
    (void)json;
    dime_answer_stream(call, 200, "text/plain", answer_in_a_piece, NULL);
}

static bool say_nothing_in_a_piece(dime_call *call, void *cursor)
{
    (void)cursor;
    dime_answer_empty(call, 204);
    return true;
}

static void say_nothing_in_a_stream(dime_call *call, dime_json *json, const struct thing *thing)
{
    (void)thing;
    (void)json;
    dime_answer_stream(call, 200, "text/plain", say_nothing_in_a_piece, NULL);
}

static void write_without_a_stream(dime_call *call, dime_json *json, const struct thing *thing)
{
    (void)json;
    dime_write(call, thing->code);
}

static void say_problem_of_200(dime_call *call, dime_json *json, const struct thing *thing)
{
    (void)thing;
    (void)json;
    dime_problem(call, 200, "Fine.");
}

static void say_problem_of_600(dime_call *call, dime_json *json, const struct thing *thing)
{
    (void)json;
    dime_problem_at(call, &thing->code, 600, "Fine.");
}

static void blame_what_is_no_field(dime_call *call, dime_json *json, const struct thing *thing)
{
    (void)thing;
    (void)json;
    dime_wrong(call, call, "no field");
}

static void set_cookie_of_two_words(dime_call *call, dime_json *json, const struct thing *thing)
{
    (void)json;
    dime_set_cookie(call, "a b", thing->code, NULL);
}

static void set_header_of_two_lines(dime_call *call, dime_json *json, const struct thing *thing)
{
    (void)thing;
    (void)json;
    dime_set_header(call, "X-Two", dime_text_of("a\r\nb"));
}

static void set_header_of_two_words(dime_call *call, dime_json *json, const struct thing *thing)
{
    (void)json;
    dime_set_header(call, "X-A X-B", thing->code);
}

static void set_header_of_dime(dime_call *call, dime_json *json, const struct thing *thing)
{
    (void)json;
    dime_set_header(call, "content-TYPE", thing->code);
}

static void set_long_header(dime_call *call, dime_json *json, const struct thing *thing)
{
    (void)thing;
    (void)json;
    dime_set_header(call, "X-Long", dime_format(call, "%03100d", 1));
}

static void set_long_cookie(dime_call *call, dime_json *json, const struct thing *thing)
{
    (void)thing;
    (void)json;
    dime_set_cookie(call, "long", dime_format(call, "%03100d", 1), NULL);
}

/* The problem isn't written over the function's bytes, which may be constant. */
static void answer_bytes_after_a_mistake(dime_call *call, dime_json *json,
                                         const struct thing *thing)
{
    static const char bytes[2048] = "constant";
    (void)json;
    dime_set_header(call, "a b", thing->code);
    dime_answer_bytes(call, 200, "text/plain", (dime_text){bytes, sizeof bytes});
    dime_answer_stream(call, 200, "text/plain", write_nothing, NULL);
}

static void say_problem_after_a_mistake(dime_call *call, dime_json *json, const struct thing *thing)
{
    (void)json;
    dime_set_header(call, "a b", thing->code);
    dime_problem(call, 404, "There is none.");
    dime_problem_at(call, &thing->code, 409, "There is one.");
    dime_wrong(call, &thing->code, "It is wrong.");
}

static void answer_with_too_many_bytes(dime_call *call, dime_json *json, const struct thing *thing)
{
    static const char bytes[8 * 1024 * 1024 + 1];
    (void)thing;
    (void)json;
    dime_answer_bytes(call, 200, "text/plain", (dime_text){bytes, sizeof bytes});
}

static void (*const MISTAKES[])(dime_call *call, dime_json *json, const struct thing *thing) = {
    write_to_ended_scope,
    write_item_to_object,
    write_member_to_array,
    write_to_abandoned_scope,
    write_after_a_problem,
    redirect_with_200,
    answer_with_404,
    answer_array_with_204,
    answer_json_with_404,
    answer_bytes_with_304,
    answer_without_type,
    answer_with_too_many_bytes,
    answer_with_two_lines_of_type,
    answer_nothing_with_199,
    stream_with_600,
    answer_in_a_stream,
    say_nothing_in_a_stream,
    write_without_a_stream,
    say_problem_of_200,
    say_problem_of_600,
    blame_what_is_no_field,
    set_cookie_of_two_words,
    set_header_of_two_lines,
    set_header_of_two_words,
    set_header_of_dime,
    set_long_header,
    set_long_cookie,
    answer_bytes_after_a_mistake,
    say_problem_after_a_mistake,
};

static void make_mistake(dime_call *call, const void *input)
{
    const struct thing *thing = input;
    MISTAKES[thing->number](call, dime_answer(call, 200), thing);
}

static const dime_function function = {
    .name = "things",
    .summary = "Makes mistakes",
    DIME_INPUT(struct thing, thing_fields),
    .handle = make_mistake,
};

START_TEST(catches_mistakes)
{
    char request[64];
    dime_test *test = dime_test_begin(&function);
    snprintf(request, sizeof request, "GET /?code=x&number=%d", _i);
    const dime_test_answer *answer = dime_test_send(test, request, NULL);
    ck_assert_int_eq(answer->status, 500);
    ck_assert(dime_text_is(answer->type, "application/problem+json"));
    ck_assert_ptr_null(dime_test_header(test, "X-More").data);
    DIME_EXPECT(test, true);
    ck_assert_int_eq(dime_test_end(test), 0);
}
END_TEST

Suite *mistakes_suite(void)
{
    Suite *suite = suite_create("mistakes");
    TCase *tests = tcase_create("mistakes");
    tcase_add_loop_test(tests, catches_mistakes, 0, sizeof MISTAKES / sizeof *MISTAKES);
    suite_add_tcase(suite, tests);
    return suite;
}
