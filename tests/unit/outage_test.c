/*
 * outage_test.c - how many lines the log has of something that fails.
 *
 * The clock is the test's own, so that a day of failures takes no time. Failures come every tenth
 * of a second, as those of some threads do.
 */
#include "tool/consume/outage.h"

#include <check.h>

#include "unit.h"

Suite *outage_suite(void);

#define S INT64_C(1000000000)

static struct outage outage;

static void begin(void)
{
    outage_open(&outage, "test", "it fails", "it works again");
}

static void end(void)
{
    outage_close(&outage);
}

/* Failures every 100 ms from FIRST to LAST; returns how many lines are due, and counts the rest. */
static int fail_from(int64_t first_ns, int64_t last_ns, uint64_t *told)
{
    int lines = 0;
    uint64_t untold;
    for (int64_t at_ns = first_ns; at_ns < last_ns; at_ns += S / 10) {
        if (!outage_is_due(&outage, at_ns, &untold))
            continue;
        *told += untold + 1;
        lines++;
    }
    return lines;
}

START_TEST(says_less_and_less)
{
    uint64_t told = 0;
    ck_assert_int_eq(fail_from(0, 20 * S, &told), 1);
    ck_assert_int_eq(fail_from(20 * S, 61 * S, &told), 1);
    ck_assert_uint_eq(told, 601); /* a minute of them */
    ck_assert_int_le(fail_from(61 * S, 3600 * S, &told), 5);
    ck_assert_int_le(fail_from(3600 * S, 24 * 3600 * S, &told), 24);
    ck_assert_int_ge(fail_from(24 * 3600 * S, 27 * 3600 * S, &told), 2); /* an hour at most */
}
END_TEST

/* A failure after a calm is news; one that comes and goes isn't each time. */
START_TEST(says_it_again_after_a_calm)
{
    uint64_t untold;
    ck_assert(outage_is_due(&outage, 0, &untold));
    for (int64_t at_ns = S; at_ns < 50 * S; at_ns += 10 * S) {
        ck_assert(!outage_is_due(&outage, at_ns, &untold));
        outage_end(&outage);
    }
    ck_assert(outage_is_due(&outage, 200 * S, &untold));
    ck_assert_uint_eq(untold, 5);
    ck_assert_int_eq(outage.pause_ns, 60 * S);
}
END_TEST

Suite *outage_suite(void)
{
    Suite *suite = suite_create("outage");
    TCase *test = tcase_create("outage");
    tcase_add_checked_fixture(test, begin, end);
    tcase_add_test(test, says_less_and_less);
    tcase_add_test(test, says_it_again_after_a_calm);
    suite_add_tcase(suite, test);
    return suite;
}
