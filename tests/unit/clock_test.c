/*
 * clock_test.c - times as the system's calls take them, also after 2038 on a machine of 32 bits.
 *
 * Such a machine has 64 bits for a time or for a place in a file only where it's asked for them,
 * which configure does. What was compiled without that option fails here.
 */
#include <check.h>
#include <sys/types.h>

#include "base/clock.h"

Suite *clock_suite(void);

#define S INT64_C(1000000000)

START_TEST(times_and_sizes_of_files_are_64_bits_wide)
{
    ck_assert_uint_ge(sizeof(time_t), 8);
    ck_assert_uint_ge(sizeof(off_t), 8);
}
END_TEST

START_TEST(nanoseconds_become_a_time_and_come_back)
{
    static const struct {
        int64_t ns, seconds, rest;
    } cases[] = {
        {0, 0, 0},
        {1, 0, 1},
        {S - 1, 0, S - 1},
        {S, 1, 0},
        {4 * S + 2, 4, 2},
        {INT64_C(2147483648) * S + 7, INT64_C(2147483648), 7},
        {INT64_C(4102444800) * S, INT64_C(4102444800), 0}, /* the year 2100 */
        {INT64_MAX, 9223372036, 854775807},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct timespec time = clock_timespec(cases[i].ns);
        ck_assert_int_eq(time.tv_sec, cases[i].seconds);
        ck_assert_int_eq(time.tv_nsec, cases[i].rest);
        ck_assert_int_eq(clock_ns(&time), cases[i].ns);
    }
}
END_TEST

Suite *clock_suite(void)
{
    Suite *suite = suite_create("clock");
    TCase *test = tcase_create("clock");
    tcase_add_test(test, times_and_sizes_of_files_are_64_bits_wide);
    tcase_add_test(test, nanoseconds_become_a_time_and_come_back);
    suite_add_tcase(suite, test);
    return suite;
}
