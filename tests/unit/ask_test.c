/*
 * ask_test.c - that whoever asks has an answer, with any amount of memory.
 *
 * What is asked here is no FastCGI program, or none at all. Programs that answer, and that fail in
 * every way, are in tests/hosts/ask_test.py.
 */
#include "tool/ask/ask.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "fail_malloc.h"
#include "request/log.h"
#include "request/response.h"

Suite *ask_suite(void);

static struct ask asked;
static struct response response;

static const struct header headers[] = {
    {{"accept", 6}, {"a", 1}}, {{"x-a", 3}, {"b", 1}}, {{"accept", 6}, {"c", 1}}};

/* No log in the tests' own output. */
static void begin(void)
{
    log_least(LOG_LEVEL_NONE);
}

static void end(void)
{
    log_least(LOG_LEVEL_INFO);
}

static int ask_for(const struct callee *callee, const struct incoming *incoming,
                   struct arena *arena)
{
    struct request request = {.arena = arena,
                              .id = TEXT("id"),
                              .source = DIME_DIRECT,
                              .method = DIME_POST,
                              .scheme = TEXT("https"),
                              .path = TEXT("/"),
                              .query = TEXT(""),
                              .headers = headers,
                              .header_count = sizeof headers / sizeof *headers,
                              .body = TEXT("{}"),
                              .deadline_ms = clock_epoch_ms() + 20000};
    ask_open(&asked, callee, "command");
    response_open(&response, arena);
    ask_function(&asked, &request, incoming, &response);
    ask_close(&asked);
    return response.status;
}

static void check_says(const char *words)
{
    dime_text body = buffer_text(&response.body);
    ck_assert_msg(memmem(body.data, body.length, words, strlen(words)), "%.*s", (int)body.length,
                  body.data);
    ck_assert_str_eq(response.content_type, "application/problem+json");
}

START_TEST(answers_in_place_of_a_program)
{
    const struct callee missing = {"missing", "/nowhere/at/all"}, none = {"none", "/bin/false"};
    struct arena arena;
    arena_open(&arena, 1 << 20);
    ck_assert_int_eq(ask_for(&missing, &(struct incoming){0}, &arena), 503);
    check_says("can't be started: its program can't be run: No such file or directory.");
    ck_assert_int_eq(ask_for(&none, &(struct incoming){0}, &arena), 502);
    check_says("program ended with status 1 before it had answered");
    const struct incoming refused = {.refusal = REFUSED_EVENT, .status = 422, .why = "It's wrong."};
    ck_assert_int_eq(ask_for(&missing, &refused, &arena), 422);
    check_says("\"detail\":\"It's wrong.\",\"instance\":\"id\"");
    arena_close(&arena);
}
END_TEST

START_TEST(answers_with_any_memory)
{
    const struct callee none = {"none", "/bin/false"};
    int status = 503;
    for (size_t limit = 0; status == 503; limit += 512) {
        struct arena small;
        arena_open(&small, limit);
        status = ask_for(&none, &(struct incoming){0}, &small);
        ck_assert(status == 503 || status == 502);
        check_says("\"instance\":\"id\"");
        arena_close(&small);
    }
}
END_TEST

START_TEST(answers_where_malloc_fails)
{
    const struct callee none = {"none", "/bin/false"};
    bool failed = fail_malloc_works();
    for (size_t number = 0; failed; number++) {
        struct arena arena;
        long live = fail_malloc_live();
        arena_open(&arena, 1 << 20);
        fail_malloc_begin(number);
        int status = ask_for(&none, &(struct incoming){0}, &arena);
        failed = fail_malloc_end();
        ck_assert_msg(status == (failed ? 503 : 502), "%d: %.*s", status, (int)response.body.length,
                      response.body.data);
        arena_close(&arena);
        ck_assert_int_eq(fail_malloc_live(), live);
    }
}
END_TEST

Suite *ask_suite(void)
{
    Suite *suite = suite_create("ask");
    TCase *asking = tcase_create("asking");
    tcase_add_checked_fixture(asking, begin, end);
    tcase_add_test(asking, answers_in_place_of_a_program);
    tcase_add_test(asking, answers_with_any_memory);
    tcase_add_test(asking, answers_where_malloc_fails);
    suite_add_tcase(suite, asking);
    return suite;
}
