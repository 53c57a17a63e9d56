/*
 * coins_test.c - the solver against brute force, and where brute force can't follow.
 *
 * Random sets of coins, tills and amounts are compared with a table that tries everything, down to
 * which of several best answers is given. Huge amounts are compared with small ones by the theorem
 * that all but a small rest is made of the largest coin. The seed is fixed, so a failure comes
 * back.
 */
#include "money/coins.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "money/currency.h"

#define MANY INT64_C(1000000000000)

Suite *coins_suite(void);

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

/* The fewest pieces for each amount up to MOST, from kinds FIRST on, in the caller's order. */
enum { MOST = 1200, KINDS = 6 };
static int fewest[KINDS + 1][MOST + 1];
#define CANNOT (1 << 30)

static void brute_force(const struct coins_kind *kinds, size_t count)
{
    for (int amount = 0; amount <= MOST; amount++)
        fewest[count][amount] = amount == 0 ? 0 : CANNOT;
    for (size_t k = count; k-- > 0;) {
        for (int amount = 0; amount <= MOST; amount++) {
            int best = CANNOT;
            for (int used = 0; used <= kinds[k].available; used++) {
                int64_t rest = amount - used * kinds[k].value;
                if (rest < 0)
                    break;
                if (fewest[k + 1][rest] + used < best)
                    best = fewest[k + 1][rest] + used;
            }
            fewest[k][amount] = best;
        }
    }
}

/* KINDS must be from large to small here: checks that each count is the largest that is best. */
static void check_choice(const struct coins_kind *kinds, size_t count, int amount,
                         const struct coins_answer *answer)
{
    int64_t rest = amount;
    for (size_t k = 0; k < count; k++) {
        int64_t wanted = 0;
        for (int64_t used = 0; used <= kinds[k].available && used * kinds[k].value <= rest;
             used++) {
            if (fewest[k + 1][rest - used * kinds[k].value] + used == fewest[k][rest])
                wanted = used;
        }
        ck_assert_int_eq(answer->counts[k], wanted);
        rest -= wanted * kinds[k].value;
    }
}

static void check_nearest(int amount, const struct coins_answer *answer)
{
    int below = amount;
    while (fewest[0][below] >= CANNOT)
        below--;
    ck_assert_int_eq(answer->below, below);
    int above = amount;
    while (above <= MOST && fewest[0][above] >= CANNOT)
        above++;
    if (above <= MOST)
        ck_assert_msg(answer->has_above && answer->above == above, "%d: above", amount);
    else
        ck_assert_msg(!answer->has_above || answer->above > MOST, "%d: none above", amount);
}

static void check_against_brute_force(const struct coins_kind *kinds, size_t count, int amount)
{
    struct coins_answer answer;
    enum coins_outcome outcome = solve(kinds, count, amount, &answer);
    if (fewest[0][amount] >= CANNOT) {
        ck_assert_int_eq(outcome, COINS_IMPOSSIBLE);
        check_nearest(amount, &answer);
        return;
    }
    ck_assert_int_eq(outcome, COINS_MADE);
    check_sum(kinds, count, amount, &answer);
    ck_assert_int_eq(answer.pieces, fewest[0][amount]);
    check_choice(kinds, count, amount, &answer);
}

static int larger_first(const void *a, const void *b)
{
    const struct coins_kind *x = a;
    const struct coins_kind *y = b;
    return (x->value < y->value) - (x->value > y->value);
}

/* Random kinds of different values up to LARGEST, from large to small. Returns how many. */
static size_t random_kinds(struct coins_kind *kinds, size_t wanted, int64_t largest, bool till)
{
    static const int64_t numbers[] = {1, 4, 30, 300};
    size_t count = 0;
    while (count < wanted) {
        struct coins_kind kind = {1 + pick(largest), COINS_UNLIMITED};
        bool twice = false;
        for (size_t i = 0; i < count; i++)
            twice = twice || kinds[i].value == kind.value;
        if (twice)
            continue;
        if (till && pick(4) > 0)
            kind.available = pick(numbers[pick(4)] + 1);
        kinds[count++] = kind;
    }
    qsort(kinds, count, sizeof *kinds, larger_first);
    return count;
}

START_TEST(random_sets_and_tills)
{
    static const int64_t largest[] = {8, 20, 60, 250};
    seed = 20240229;
    for (int round = 0; round < 1000; round++) {
        struct coins_kind kinds[KINDS];
        size_t wanted = 1 + (size_t)pick(KINDS);
        size_t count = random_kinds(kinds, wanted, largest[pick(4)], round % 3 > 0);
        if (round % 5 == 0) {
            for (size_t i = 0; i < count; i++)
                kinds[i].value *= 3;
        }
        brute_force(kinds, count);
        for (int i = 0; i < 12; i++)
            check_against_brute_force(kinds, count, (int)pick(i < 6 ? 120 : MOST));
    }
}
END_TEST

/* Fills KINDS from the pieces of CURRENCY and returns how many. What is both a note and a coin is
 * one kind. */
static size_t kinds_of(const struct currency *currency, bool notes, struct coins_kind *kinds)
{
    size_t count = 0;
    for (size_t i = 0; i < currency->count; i++) {
        int64_t value = currency->pieces[i].value;
        bool smaller = count == 0 || value < kinds[count - 1].value;
        if (smaller && (notes || currency->pieces[i].kind == PIECE_COIN))
            kinds[count++] = (struct coins_kind){value, COINS_UNLIMITED};
    }
    return count;
}

/* The fewest pieces of KINDS, nothing running out, for each amount below END; -1 where none do. */
static int32_t *unlimited_table(const struct coins_kind *kinds, size_t count, int64_t end)
{
    int32_t *table = malloc((size_t)end * sizeof *table);
    ck_assert_ptr_nonnull(table);
    table[0] = 0;
    for (int64_t amount = 1; amount < end; amount++) {
        table[amount] = -1;
        for (size_t k = 0; k < count; k++) {
            int32_t rest = amount < kinds[k].value ? -1 : table[amount - kinds[k].value];
            if (rest >= 0 && (table[amount] < 0 || rest + 1 < table[amount]))
                table[amount] = rest + 1;
        }
    }
    return table;
}

static void check_currency(const struct currency *currency, bool notes)
{
    enum { END = 2500 };
    struct coins_kind kinds[COINS_MAX_KINDS];
    size_t count = kinds_of(currency, notes, kinds);
    int32_t *table = unlimited_table(kinds, count, END);
    for (int64_t amount = 0; amount < END; amount++) {
        struct coins_answer answer;
        enum coins_outcome outcome = solve(kinds, count, amount, &answer);
        ck_assert_int_eq(outcome, table[amount] < 0 ? COINS_IMPOSSIBLE : COINS_MADE);
        if (outcome == COINS_MADE) {
            check_sum(kinds, count, amount, &answer);
            ck_assert_int_eq(answer.pieces, table[amount]);
        }
    }
    free(table);
}

START_TEST(every_currency)
{
    size_t count;
    const struct currency *all = currency_list(&count);
    for (size_t i = 0; i < count; i++) {
        check_currency(&all[i], false);
        check_currency(&all[i], true);
    }
}
END_TEST

/* Each of these currencies is one where the largest first is best, however large the amount. */
START_TEST(largest_amounts)
{
    size_t count;
    const struct currency *all = currency_list(&count);
    for (size_t i = 0; i < count; i++) {
        struct coins_kind kinds[COINS_MAX_KINDS];
        size_t n = kinds_of(&all[i], i % 2 == 0, kinds);
        for (int64_t less = 0; less < 300; less++) {
            int64_t smallest = kinds[n - 1].value;
            int64_t amount = (INT64_MAX / smallest - less) * smallest;
            struct coins_answer answer;
            ck_assert_int_eq(solve(kinds, n, amount, &answer), COINS_MADE);
            check_sum(kinds, n, amount, &answer);
            int64_t rest = amount;
            for (size_t k = 0; k < n; k++) {
                ck_assert_int_eq(answer.counts[k], rest / kinds[k].value);
                rest %= kinds[k].value;
            }
        }
    }
}
END_TEST

/* With c the largest value, more than c times c is always begun with a piece of c. */
START_TEST(large_amounts_of_random_sets)
{
    seed = 1975;
    for (int round = 0; round < 150; round++) {
        struct coins_kind kinds[5];
        size_t count = random_kinds(kinds, 2 + (size_t)pick(4), 80, false);
        int64_t largest = kinds[0].value;
        int64_t end = largest * largest * 2;
        int32_t *table = unlimited_table(kinds, count, end + largest);
        for (int i = 0; i < 20; i++) {
            int64_t amount = end + pick(i < 10 ? MANY : INT64_MAX - end);
            int64_t begun = (amount - end) / largest;
            struct coins_answer answer;
            enum coins_outcome outcome = solve(kinds, count, amount, &answer);
            int32_t rest = table[amount - begun * largest];
            ck_assert_int_eq(outcome, rest < 0 ? COINS_IMPOSSIBLE : COINS_MADE);
            if (rest >= 0) {
                check_sum(kinds, count, amount, &answer);
                ck_assert_int_eq(answer.pieces, begun + rest);
            }
        }
        free(table);
    }
}
END_TEST

/* Values in the thousands without a common factor: too much for the table of windows. */
START_TEST(sets_for_residues)
{
    seed = 2005;
    for (int round = 0; round < 4; round++) {
        enum { END = 1500000 };
        struct coins_kind kinds[12];
        size_t count = random_kinds(kinds, 12, 4000, false);
        for (size_t i = 0; i < count; i++)
            kinds[i].value += 4000;
        int32_t *table = unlimited_table(kinds, count, END);
        for (int i = 0; i < 12; i++) {
            int64_t amount = i < 4 ? pick(40000) : END - 1 - pick(500000);
            struct coins_answer answer;
            enum coins_outcome outcome = solve(kinds, count, amount, &answer);
            ck_assert_int_eq(outcome, table[amount] < 0 ? COINS_IMPOSSIBLE : COINS_MADE);
            if (outcome == COINS_MADE) {
                check_sum(kinds, count, amount, &answer);
                ck_assert_int_eq(answer.pieces, table[amount]);
                continue;
            }
            int64_t below = amount;
            while (table[below] < 0)
                below--;
            ck_assert_int_eq(answer.below, below);
            int64_t above = amount;
            while (table[above] < 0)
                above++;
            ck_assert(answer.has_above);
            ck_assert_int_eq(answer.above, above);
        }
        free(table);
    }
}
END_TEST

static void expect_counts(const struct coins_kind *kinds, size_t count, int64_t amount,
                          const int64_t *wanted)
{
    struct coins_answer answer;
    ck_assert_int_eq(solve(kinds, count, amount, &answer), COINS_MADE);
    check_sum(kinds, count, amount, &answer);
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(answer.counts[i], wanted[i]);
}

static void expect_nearest(const struct coins_kind *kinds, size_t count, int64_t amount,
                           int64_t below, int64_t above)
{
    struct coins_answer answer;
    ck_assert_int_eq(solve(kinds, count, amount, &answer), COINS_IMPOSSIBLE);
    ck_assert_int_eq(answer.below, below);
    ck_assert_int_eq(answer.has_above, above > 0);
    ck_assert_int_eq(answer.above, above);
}

#define ALL COINS_UNLIMITED

START_TEST(known_answers)
{
    expect_counts((struct coins_kind[]){{25, ALL}, {10, ALL}, {5, ALL}, {1, ALL}}, 4, 189,
                  (int64_t[]){7, 1, 0, 4});
    /* the caller's order */
    expect_counts((struct coins_kind[]){{1, ALL}, {25, ALL}, {5, ALL}, {10, ALL}}, 4, 189,
                  (int64_t[]){4, 7, 0, 1});
    /* the largest first would take three, and five */
    expect_counts((struct coins_kind[]){{4, ALL}, {3, ALL}, {1, ALL}}, 3, 6, (int64_t[]){0, 2, 0});
    expect_counts((struct coins_kind[]){{25, ALL}, {10, ALL}, {1, ALL}}, 3, 30,
                  (int64_t[]){0, 3, 0});
    /* of two best answers, the one with more of the largest */
    expect_counts((struct coins_kind[]){{5, ALL}, {4, ALL}, {3, ALL}}, 3, 8, (int64_t[]){1, 0, 1});
    /* a till that has one quarter, and one whose dimes are of no use */
    expect_counts((struct coins_kind[]){{25, 1}, {10, ALL}, {1, ALL}}, 3, 60, (int64_t[]){0, 6, 0});
    expect_counts((struct coins_kind[]){{25, 3}, {10, 0}, {5, 1}}, 3, 80, (int64_t[]){3, 0, 1});
    /* few pieces of huge values that share no factor */
    expect_counts((struct coins_kind[]){{9999991, ALL}, {7000003, ALL}, {3, ALL}}, 3,
                  3 * INT64_C(9999991) + 2 * INT64_C(7000003) + 6, (int64_t[]){3, 2, 2});
    expect_counts((struct coins_kind[]){{9999991, 3}, {7000003, 9}, {1000, 5}}, 3,
                  INT64_C(9999991) + 4 * INT64_C(7000003) + 2000, (int64_t[]){1, 4, 2});
}
END_TEST

START_TEST(huge_numbers_in_a_till)
{
    expect_counts((struct coins_kind[]){{25, MANY}, {10, MANY}, {1, INT64_MAX - 1}}, 3,
                  35 * MANY + 7, (int64_t[]){MANY, MANY, 7});
    expect_counts((struct coins_kind[]){{25, MANY}, {10, MANY}, {1, INT64_MAX - 1}}, 3, INT64_MAX,
                  (int64_t[]){MANY, MANY, INT64_MAX - 35 * MANY});
    expect_counts((struct coins_kind[]){{1, COINS_UNLIMITED}}, 1, INT64_MAX,
                  (int64_t[]){INT64_MAX});
    expect_counts((struct coins_kind[]){{25, 0}, {1, COINS_UNLIMITED}}, 2, INT64_MAX,
                  (int64_t[]){0, INT64_MAX});
    expect_counts((struct coins_kind[]){{25, MANY}, {10, MANY}}, 2, 25 * MANY + 5,
                  (int64_t[]){MANY - 1, 3});
    expect_nearest((struct coins_kind[]){{25, MANY}, {10, MANY}}, 2, 25 * MANY + 7, 25 * MANY + 5,
                   25 * MANY + 10);
    expect_nearest((struct coins_kind[]){{25, MANY}, {10, MANY}}, 2, 35 * MANY + 7, 35 * MANY, 0);
    expect_nearest((struct coins_kind[]){{25, MANY}, {10, MANY}}, 2, 35 * MANY - 6, 35 * MANY - 10,
                   35 * MANY);
}
END_TEST

START_TEST(nearest_amounts)
{
    expect_nearest((struct coins_kind[]){{25, ALL}, {10, ALL}, {5, ALL}}, 3, 189, 185, 190);
    expect_nearest((struct coins_kind[]){{5, ALL}, {3, ALL}}, 2, 4, 3, 5);
    expect_nearest((struct coins_kind[]){{5, ALL}, {3, ALL}}, 2, 1, 0, 3);
    expect_nearest((struct coins_kind[]){{25, 2}, {10, 1}}, 2, 30, 25, 35);
    expect_nearest((struct coins_kind[]){{25, 2}, {10, 1}}, 2, 61, 60, 0);
    expect_nearest((struct coins_kind[]){{25, 0}}, 1, 25, 0, 0);
    expect_nearest(NULL, 0, 1, 0, 0);
    /* no amount above fits into an int64 */
    expect_nearest((struct coins_kind[]){{10, ALL}}, 1, INT64_MAX, INT64_MAX / 10 * 10, 0);
    expect_nearest((struct coins_kind[]){{10, ALL}}, 1, INT64_MAX - 1, INT64_MAX - 7, 0);
    expect_nearest((struct coins_kind[]){{10, ALL}}, 1, INT64_MAX - 8, INT64_MAX - 17,
                   INT64_MAX - 7);
    /* values that no table holds: by residues, and by search */
    expect_nearest((struct coins_kind[]){{9999991, ALL}, {500009, ALL}}, 2, 600000, 500009,
                   1000018);
    expect_nearest((struct coins_kind[]){{99991, ALL}, {99989, ALL}, {99971, ALL}, {99961, ALL}}, 4,
                   399000, 299973, 399844);
    expect_nearest((struct coins_kind[]){{9999991, 1}, {7000003, 1}}, 2, 5, 0, 7000003);
    expect_nearest((struct coins_kind[]){{9999991, 2}, {7000003, 1}}, 2, 17000000, 16999994,
                   19999982);
}
END_TEST

START_TEST(nothing_takes_nothing)
{
    struct coins_answer answer;
    ck_assert_int_eq(solve(NULL, 0, 0, &answer), COINS_MADE);
    ck_assert_int_eq(answer.pieces, 0);
    ck_assert_int_eq(solve((struct coins_kind[]){{25, 0}}, 1, 0, &answer), COINS_MADE);
    ck_assert_int_eq(answer.counts[0], 0);
}
END_TEST

START_TEST(refuses_bad_kinds)
{
    static const struct coins_kind bad[][2] = {
        {{0, ALL}, {1, ALL}}, {{-1, ALL}, {1, ALL}}, {{COINS_MAX_VALUE + 1, ALL}, {1, ALL}},
        {{5, ALL}, {5, ALL}}, {{5, 2}, {5, 0}},      {{5, -1}, {1, ALL}},
        {{1, ALL}, {1, ALL}},
    };
    struct coins_answer answer;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_int_eq(solve(bad[i], 2, 5, &answer), COINS_INVALID);
    ck_assert_int_eq(solve((struct coins_kind[]){{1, ALL}}, 1, -1, &answer), COINS_INVALID);
    struct coins_kind many[COINS_MAX_KINDS + 1];
    for (size_t i = 0; i <= COINS_MAX_KINDS; i++)
        many[i] = (struct coins_kind){(int64_t)i + 1, ALL};
    ck_assert_int_eq(solve(many, COINS_MAX_KINDS + 1, 5, &answer), COINS_INVALID);
    ck_assert_int_eq(solve(many, COINS_MAX_KINDS, 5, &answer), COINS_MADE);
}
END_TEST

START_TEST(memory_runs_out)
{
    static const struct coins_kind kinds[] = {{25, ALL}, {10, ALL}, {1, ALL}};
    static const struct coins_kind residues[] = {{9973, ALL}, {9967, ALL}, {9949, ALL}, {9941, ALL},
                                                 {9931, ALL}, {9929, ALL}, {9923, ALL}};
    struct coins_answer answer;
    struct arena tiny;
    arena_open(&tiny, 16);
    ck_assert_int_eq(coins_solve(&tiny, kinds, 3, 30, &answer), COINS_NO_MEMORY);
    ck_assert(tiny.failed);
    ck_assert_int_eq(coins_solve(&tiny, residues, 7, MANY, &answer), COINS_NO_MEMORY);
    ck_assert_int_eq(coins_solve(&tiny, kinds, 3, 0, &answer), COINS_MADE);
    arena_close(&tiny);
    ck_assert_int_eq(solve(residues, 7, MANY, &answer), COINS_MADE);
    check_sum(residues, 7, MANY, &answer);
}
END_TEST

/* Memory may also end when the amount is known to be impossible, but not yet what is next to it. */
START_TEST(memory_runs_out_later)
{
    static const struct coins_kind till[] = {{2500, 10}, {999, 10}, {998, 10}};
    static const struct coins_kind residues[] = {{9999991, ALL}, {500009, ALL}};
    struct coins_answer answer;
    enum coins_outcome outcome = COINS_NO_MEMORY;
    size_t limit = 0;
    for (; outcome == COINS_NO_MEMORY; limit += 64) {
        struct arena small;
        arena_open(&small, limit);
        outcome = coins_solve(&small, till, 3, 12345, &answer);
        arena_close(&small);
    }
    ck_assert_int_eq(outcome, COINS_IMPOSSIBLE);
    ck_assert_uint_gt(limit, 64);
    struct arena small;
    arena_open(&small, 65536);
    ck_assert_int_eq(coins_solve(&small, residues, 2, 600000, &answer), COINS_NO_MEMORY);
    arena_close(&small);
}
END_TEST

/* Whatever the set: within COINS_ARENA_NEED (solve checks it), and what is made adds up. */
START_TEST(any_set_is_answered)
{
    static const int64_t largest[] = {1000, 30000, 1000000, COINS_MAX_VALUE};
    int hard = 0;
    seed = 42;
    for (int round = 0; round < 80; round++) {
        struct coins_kind kinds[COINS_MAX_KINDS];
        size_t count =
            random_kinds(kinds, 1 + (size_t)pick(COINS_MAX_KINDS), largest[round % 4], round % 3);
        int64_t amount = pick(round % 2 ? INT64_MAX : 100000000);
        struct coins_answer answer;
        enum coins_outcome outcome = solve(kinds, count, amount, &answer);
        ck_assert_int_ne(outcome, COINS_NO_MEMORY);
        ck_assert_int_ne(outcome, COINS_INVALID);
        if (outcome == COINS_MADE)
            check_sum(kinds, count, amount, &answer);
        hard += outcome == COINS_TOO_HARD;
    }
    ck_assert_int_lt(hard, 40);
}
END_TEST

Suite *coins_suite(void)
{
    Suite *suite = suite_create("coins");
    TCase *tests = tcase_create("coins");
    tcase_add_checked_fixture(tests, open_arena, close_arena);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, known_answers);
    tcase_add_test(tests, nothing_takes_nothing);
    tcase_add_test(tests, nearest_amounts);
    tcase_add_test(tests, huge_numbers_in_a_till);
    tcase_add_test(tests, refuses_bad_kinds);
    tcase_add_test(tests, memory_runs_out);
    tcase_add_test(tests, memory_runs_out_later);
    tcase_add_test(tests, every_currency);
    tcase_add_test(tests, largest_amounts);
    tcase_add_test(tests, random_sets_and_tills);
    tcase_add_test(tests, large_amounts_of_random_sets);
    tcase_add_test(tests, sets_for_residues);
    tcase_add_test(tests, any_set_is_answered);
    suite_add_tcase(suite, tests);
    return suite;
}
