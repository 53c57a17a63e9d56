/*
 * redis_look_test.c - the rounds through a list of pending messages: when they begin and go on.
 *
 * The clock and the pages are the test's own, so that a list of a million messages takes no time. A
 * real list is in tests/hosts/consume_test.py.
 */
#include "tool/consume/redis_look.h"

#include <check.h>

#include "unit.h"

Suite *redis_look_suite(void);

#define MS INT64_C(1000000)

static struct redis_look look;
static char at[REDIS_ID_SIZE];

static void begin(void)
{
    redis_look_open(&look, 30000);
}

static void end(void)
{
    redis_look_close(&look);
}

/* Tells of a page that took 2 ms. */
static void paged(int64_t now_ns, const char *found, const char *last, int64_t due_ns)
{
    redis_look_paged(&look, &(struct redis_page){text_of(found), text_of(last), due_ns, now_ns,
                                                 now_ns + 2 * MS});
}

/* When a step is due, within a minute. */
static int64_t next_step(int64_t from_ns)
{
    int64_t at_ns = from_ns;
    while (at_ns < from_ns + 60000 * MS && redis_look_begin(&look, at_ns, at) == REDIS_STEP_NONE)
        at_ns += MS;
    return at_ns - from_ns;
}

/* One thread at a time reads pages, one behind the other, and the others wait for new messages. */
START_TEST(goes_through_by_pages)
{
    ck_assert_int_eq(redis_look_begin(&look, 0, at), REDIS_STEP_PAGE);
    ck_assert_str_eq(at, "");
    ck_assert_int_eq(redis_look_begin(&look, 0, at), REDIS_STEP_NONE);
    ck_assert_int_eq(redis_look_wait(&look, REDIS_STEP_NONE, 0, 400), 400);
    paged(0, "", "(9-0", INT64_MAX);
    ck_assert_int_eq(redis_look_wait(&look, REDIS_STEP_PAGE, 0, 400), 0);
    ck_assert_int_eq(redis_look_wait(&look, REDIS_STEP_NONE, 0, 400), 400);
    ck_assert_int_eq(redis_look_begin(&look, 0, at), REDIS_STEP_PAGE);
    ck_assert_str_eq(at, "(9-0");
    redis_look_paged(&look, NULL); /* the same page again */
    ck_assert_int_eq(redis_look_begin(&look, 0, at), REDIS_STEP_PAGE);
    ck_assert_str_eq(at, "(9-0");
    paged(0, "", "", INT64_MAX);
    ck_assert_int_eq(redis_look_wait(&look, REDIS_STEP_PAGE, 0, 400), 400);
    ck_assert_int_ge(next_step(0), 4900);
}
END_TEST

/* All threads take what is due, until there is nothing, and the round goes on behind it. */
START_TEST(takes_what_is_due)
{
    ck_assert_int_eq(redis_look_begin(&look, 0, at), REDIS_STEP_PAGE);
    paged(0, "5-0", "5-0", INT64_MAX);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(redis_look_begin(&look, 0, at), REDIS_STEP_TAKE);
        ck_assert_str_eq(at, "5-0");
    }
    ck_assert_int_eq(redis_look_wait(&look, REDIS_STEP_NONE, 0, 400), 0);
    redis_look_took(&look, TEXT("6-0"), true, 0);
    redis_look_took(&look, TEXT("7-0"), false, 0);
    redis_look_took(&look, TEXT("8-0"), true, 0); /* it began before that */
    ck_assert_int_eq(redis_look_begin(&look, 0, at), REDIS_STEP_PAGE);
    ck_assert_str_eq(at, "7-0");
    paged(0, "8-0", "8-0", INT64_MAX);
    redis_look_took(&look, TEXT(""), true, 0);
    ck_assert_int_eq(redis_look_begin(&look, 0, at), REDIS_STEP_NONE);
}
END_TEST

static const struct {
    int64_t due_ms, next_ms;
} dues[] = {{1, 500}, {500, 500}, {1234, 1234}, {4000, 4000}, {20000, 5000}};

/* The next round begins when the first message is due, but neither at once nor never. */
START_TEST(comes_back_when_something_is_due)
{
    ck_assert_int_eq(redis_look_begin(&look, 0, at), REDIS_STEP_PAGE);
    paged(-2 * MS, "", "", dues[_i].due_ms * MS);
    int64_t wait_ms = next_step(0) / MS;
    ck_assert_msg(wait_ms >= dues[_i].next_ms && wait_ms <= dues[_i].next_ms + 1, "%lld",
                  (long long)wait_ms);
}
END_TEST

/* What failed here is due when it is known to be. */
START_TEST(comes_back_for_what_failed_here)
{
    ck_assert_int_eq(redis_look_begin(&look, 0, at), REDIS_STEP_PAGE);
    paged(0, "", "", INT64_MAX);
    redis_look_retry(&look, 300 * MS);
    redis_look_retry(&look, 200 * MS);
    ck_assert_int_eq(redis_look_wait(&look, REDIS_STEP_NONE, 100 * MS, 400), 101);
    ck_assert_int_eq(next_step(100 * MS), 100 * MS);
    paged(200 * MS, "", "", 300 * MS);
    ck_assert_int_ge(next_step(202 * MS), 498 * MS);
}
END_TEST

/* A list of a million messages: reading it takes no more than a twentieth of the time. */
START_TEST(rests_after_a_long_round)
{
    int64_t now_ns = 0;
    for (int i = 0; i < 1000; i++, now_ns += 2 * MS) {
        ck_assert_int_eq(redis_look_begin(&look, now_ns, at), REDIS_STEP_PAGE);
        paged(now_ns, "", i < 999 ? "(1-0" : "", 1);
    }
    redis_look_retry(&look, now_ns);
    ck_assert_int_eq(redis_look_wait(&look, REDIS_STEP_NONE, now_ns, 400), 400);
    int64_t rest_ns = next_step(now_ns);
    ck_assert_msg(rest_ns > 39000 * MS && rest_ns < 41000 * MS, "%lld", (long long)rest_ns);
}
END_TEST

Suite *redis_look_suite(void)
{
    Suite *suite = suite_create("redis_look");
    TCase *test = tcase_create("redis_look");
    tcase_add_checked_fixture(test, begin, end);
    tcase_add_test(test, goes_through_by_pages);
    tcase_add_test(test, takes_what_is_due);
    tcase_add_loop_test(test, comes_back_when_something_is_due, 0, sizeof dues / sizeof *dues);
    tcase_add_test(test, comes_back_for_what_failed_here);
    tcase_add_test(test, rests_after_a_long_round);
    suite_add_tcase(suite, test);
    return suite;
}
