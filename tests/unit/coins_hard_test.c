/*
 * coins_hard_test.c - the solver where a table is too large: each search by itself, and the limit.
 *
 * The requests at the end are the costliest that tests/bench/hardest has found. What they may cost
 * is bounded by the solver's own count of work, which is the same on every machine. The bound of
 * CPU time is generous, as tests run under sanitizers and on busy machines too; `hardest` measures.
 */
#include <check.h>
#include <time.h>

#include "money/coins.h"
#include "money/coins_plan.h"

#define MANY INT64_C(1000000000000)
#define ALL  COINS_UNLIMITED

Suite *coins_hard_suite(void);

static struct arena arena;

static void open_arena(void)
{
    arena_open(&arena, COINS_ARENA_NEED + 65536);
}

static void close_arena(void)
{
    arena_close(&arena);
}

static uint64_t seed;

/* A number from 0 to LIMIT - 1 (xorshift64). */
static int64_t pick(int64_t limit)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (int64_t)(seed % (uint64_t)limit);
}

static enum coins_outcome solve(const struct coins_kind *kinds, size_t count, int64_t amount,
                                struct coins_answer *answer)
{
    arena_reset(&arena);
    enum coins_outcome outcome = coins_solve(&arena, kinds, count, amount, answer);
    ck_assert_uint_le(arena.total, COINS_ARENA_NEED);
    ck_assert_int_le(answer->work, COINS_WORK_MAX);
    return outcome;
}

/* Whether the answer adds up, keeps to what there is, and counts its pieces right. */
static void check_sum(const struct coins_kind *kinds, size_t count, int64_t amount,
                      const struct coins_answer *answer)
{
    int64_t sum = 0;
    int64_t pieces = 0;
    for (size_t i = 0; i < count; i++) {
        ck_assert_int_ge(answer->counts[i], 0);
        ck_assert_int_le(answer->counts[i], kinds[i].available);
        sum += answer->counts[i] * kinds[i].value;
        pieces += answer->counts[i];
    }
    ck_assert_int_eq(sum, amount);
    ck_assert_int_eq(pieces, answer->pieces);
}

static void expect_counts(const struct coins_kind *kinds, size_t count, int64_t amount,
                          const int64_t *wanted)
{
    struct coins_answer answer;
    ck_assert_int_eq(solve(kinds, count, amount, &answer), COINS_MADE);
    check_sum(kinds, count, amount, &answer);
    ck_assert_mem_eq(answer.counts, wanted, count * sizeof *wanted);
}

/* Two to six different values up to 40, of which there are many or few. */
static size_t random_kinds(struct coins_kind *kinds, bool till)
{
    size_t wanted = 2 + (size_t)pick(5);
    size_t count = 0;
    while (count < wanted) {
        struct coins_kind kind = {1 + pick(40), till && pick(4) ? pick(30) : ALL};
        bool twice = false;
        for (size_t i = 0; i < count; i++)
            twice = twice || kinds[i].value == kind.value;
        if (!twice)
            kinds[count++] = kind;
    }
    return count;
}

/* Each search is right by itself, whatever way coins_solve would take. */
START_TEST(searches_agree)
{
    seed = 1234;
    for (int round = 0; round < 3000; round++) {
        struct coins_kind kinds[6];
        size_t count = random_kinds(kinds, round % 3 > 0);
        int64_t amount = 1 + pick(400);
        struct coins_answer wanted, first = {0}, second = {0}, near = {0};
        struct plan plan;
        enum coins_outcome outcome = solve(kinds, count, amount, &wanted);
        ck_assert(plan_open(&plan, &arena, kinds, count, amount));
        if (plan.count < 2 || amount > plan.worth[0] || amount % plan.divisor != 0)
            continue;
        plan_for_amounts(&plan, amount, amount);
        ck_assert_int_eq(plan_solve_by_search(&plan, plan.work, &first), outcome);
        plan.work = COINS_WORK_MAX;
        enum coins_outcome again = plan_solve_by_search(&plan, 0, &second);
        ck_assert(again == outcome || (again == COINS_TOO_HARD && outcome == COINS_IMPOSSIBLE));
        if (outcome == COINS_MADE) {
            ck_assert_mem_eq(first.counts, wanted.counts, sizeof wanted.counts);
            ck_assert_mem_eq(second.counts, wanted.counts, sizeof wanted.counts);
            ck_assert_int_eq(second.pieces, wanted.pieces);
            continue;
        }
        plan_take_largest_first(&plan, amount, &near);
        if (plan.end <= amount)
            continue;
        plan_for_amounts(&plan, near.below, plan.end);
        plan_nearest_by_search(&plan, amount, &near);
        ck_assert(near.nearest);
        ck_assert_int_eq(near.below, wanted.below);
        ck_assert_int_eq(near.above, wanted.above);
    }
}
END_TEST

/* Few kinds are solved whatever their values; the numbers here are as bad as they can be. */
START_TEST(few_large_kinds)
{
    struct coins_answer answer;
    expect_counts((struct coins_kind[]){{10000000, ALL}, {9999999, ALL}, {1, ALL}}, 3, INT64_MAX,
                  (int64_t[]){922331979493, 5224193, 0});
    expect_counts((struct coins_kind[]){{10000000, ALL}, {9999999, ALL}, {1, ALL}}, 3, 29999999,
                  (int64_t[]){2, 1, 0});
    expect_counts((struct coins_kind[]){{9999991, ALL}, {5000011, ALL}}, 2,
                  9999991 * INT64_C(1000) + 5000011, (int64_t[]){1000, 1});
    struct coins_kind four[] = {{999983, ALL}, {999979, ALL}, {999961, ALL}, {999959, ALL}};
    ck_assert_int_eq(solve(four, 4, INT64_C(123456789012), &answer), COINS_MADE);
    check_sum(four, 4, INT64_C(123456789012), &answer);
    ck_assert_int_eq(answer.pieces, 123460); /* 123459 of them are worth no odd number too much */
}
END_TEST

/* Only sets that nobody has in a till are too hard. What is proved is told. */
START_TEST(too_hard_is_said)
{
    struct coins_kind kinds[COINS_MAX_KINDS];
    for (size_t i = 0; i < COINS_MAX_KINDS; i++)
        kinds[i] = (struct coins_kind){9900001 + 3119 * (int64_t)i, 7 + 13 * (int64_t)i};
    struct coins_answer answer;
    ck_assert_int_eq(solve(kinds, COINS_MAX_KINDS, 123456789, &answer), COINS_TOO_HARD);
    ck_assert(!answer.found && !answer.possible);
    ck_assert_int_eq(answer.at_least, 13); /* 12 of the largest are too few */
    ck_assert_int_lt(answer.below, 123456789);
    ck_assert(answer.has_above);
    kinds[0] = (struct coins_kind){1, ALL};
    ck_assert_int_eq(solve(kinds, COINS_MAX_KINDS, 123456789, &answer), COINS_TOO_HARD);
    ck_assert(answer.found && answer.possible);
    check_sum(kinds, COINS_MAX_KINDS, 123456789, &answer);
    ck_assert_int_ge(answer.pieces, answer.at_least);
    /* it can't be made, but what is nearest isn't known */
    static const struct coins_kind two[] = {{9820535, ALL}, {9040521, ALL}};
    ck_assert_int_eq(solve(two, 2, INT64_C(69530211137645), &answer), COINS_IMPOSSIBLE);
    ck_assert(!answer.nearest && answer.has_above);
}
END_TEST

struct hardest {
    int64_t amount;
    struct coins_kind kinds[COINS_MAX_KINDS]; /* ends with a value of 0 */
};

static const struct hardest HARDEST[] = {
    {INT64_C(531186),
     {{95498, 4366},   {94330, 20},    {105307, 7},     {101463, 1786},  {98071, 1000000},
      {96534, 59},     {95391, 8226},  {100097, 940},   {90918, 20},     {100924, 10},
      {96054, 20},     {97719, 1000},  {92862, 738914}, {94016, 831456}, {101273, 69},
      {97986, 409776}, {97218, 9},     {91972, 55},     {97868, 85},     {98897, 44},
      {91859, 250768}, {91990, 9},     {97678, 21096},  {95586, 49},     {101276, 2828},
      {95595, 28425},  {91633, 3862},  {90354, 9},      {93427, 199481}, {94069, 528514},
      {93174, 641590}, {96508, 562828}}},
    {INT64_C(246317587),
     {{47138, 30},  {47179, 1250}, {47144, ALL},  {47135, 1966}, {47174, ALL},  {47133, ALL},
      {47103, 843}, {47110, 573},  {47142, 75},   {47159, ALL},  {47161, ALL},  {47084, ALL},
      {47129, 932}, {47083, 59},   {47172, ALL},  {47116, 1932}, {47177, 1406}, {47122, 1721},
      {47164, ALL}, {47120, ALL},  {211669, 600}, {852, ALL},    {4157381, ALL}}},
    {INT64_C(91539392301),
     {{78389, 7911},
      {78356, 7486},
      {78370, 1},
      {78368, 60},
      {78428, 1},
      {83620, ALL},
      {78407, 69471},
      {78434, 1},
      {78354, 28},
      {78372, 388151},
      {78408, 3126},
      {78373, 975547},
      {78364, 7166},
      {78393, 6006},
      {78361, ALL},
      {78433, 951},
      {54245, 517},
      {79453, 713801}}},
    {INT64_C(9223372036854291089),
     {{3899818, ALL}, {1299883, ALL}, {3899961, ALL}, {1299922, ALL}, {1949766, ALL},
      {1949974, ALL}, {3899909, ALL}, {1299948, ALL}, {1949961, ALL}, {1299974, ALL},
      {1299909, ALL}, {1299857, ALL}, {456989, ALL},  {3900000, ALL}, {1949870, ALL},
      {5081760, ALL}, {3899805, ALL}, {3899896, ALL}, {1949857, ALL}, {1299766, ALL},
      {3899987, ALL}, {1299844, ALL}, {1299805, ALL}, {7975150, ALL}, {1299779, ALL},
      {1949987, ALL}, {1950000, ALL}, {1299831, ALL}, {1300000, ALL}}},
    {INT64_C(77518162),
     {{9999998, ALL},
      {9999976, ALL},
      {9999986, ALL},
      {9999977, ALL},
      {9999987, ALL},
      {9999963, ALL},
      {9999971, ALL},
      {9999990, ALL},
      {9999969, ALL},
      {9999981, ALL},
      {9999970, ALL},
      {9999993, ALL},
      {9999961, ALL},
      {5036623, ALL},
      {9999978, ALL},
      {10000000, ALL}}},
    {INT64_C(9223372036854775807), {{999983, ALL}, {999979, ALL}, {999961, ALL}, {999959, ALL}}},
};

static double cpu_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

START_TEST(hardest_requests)
{
    for (size_t i = 0; i < sizeof HARDEST / sizeof HARDEST[0]; i++) {
        struct coins_answer answer;
        size_t count = 0;
        while (count < COINS_MAX_KINDS && HARDEST[i].kinds[count].value > 0)
            count++;
        double before = cpu_ms();
        enum coins_outcome outcome = solve(HARDEST[i].kinds, count, HARDEST[i].amount, &answer);
        double spent = cpu_ms() - before;
        ck_assert_int_ne(outcome, COINS_NO_MEMORY);
        ck_assert_int_ne(outcome, COINS_INVALID);
        ck_assert_msg(spent < 200, "number %zu costs %.1f ms", i, spent);
    }
}
END_TEST

Suite *coins_hard_suite(void)
{
    Suite *suite = suite_create("coins-hard");
    TCase *tests = tcase_create("coins-hard");
    tcase_add_checked_fixture(tests, open_arena, close_arena);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, searches_agree);
    tcase_add_test(tests, few_large_kinds);
    tcase_add_test(tests, too_hard_is_said);
    tcase_add_test(tests, hardest_requests);
    suite_add_tcase(suite, tests);
    return suite;
}
