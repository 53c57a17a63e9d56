/*
 * arena_test.c - memory that is aligned, bounded, and kept or freed by a reset as it should be.
 *
 * An arena behaves otherwise in a build with sanitizers (ARENA_EXACT), where no block is shared or
 * kept; what differs is asked of both.
 */
#include "base/arena.h"

#include <check.h>
#include <stdalign.h>
#include <stdlib.h>

#include "config.h"
#include "fail_malloc.h"
#include "unit.h"

Suite *arena_suite(void);

enum { USUAL = 32 * 1024, PLENTY = 1 << 20 };

static struct arena arena;

static void begin(void)
{
    arena_open(&arena, PLENTY);
}

static void end(void)
{
    arena_close(&arena);
}

START_TEST(opens_without_allocating)
{
    ck_assert_ptr_null(arena.block);
    ck_assert_uint_eq(arena.total, 0);
    ck_assert_uint_eq(arena.limit, PLENTY);
    ck_assert(!arena.failed);
    arena_reset(&arena);
    arena_close(&arena);
    arena_close(&arena);
}
END_TEST

/* Each allocation is filled with a byte of its own, and all are looked at when all are there. */
START_TEST(hands_out_memory_of_ones_own)
{
    enum { MOST = 300 };
    unsigned char *memory[MOST];
    for (size_t size = 0; size < MOST; size++) {
        memory[size] = arena_alloc(&arena, size);
        ck_assert_ptr_nonnull(memory[size]);
        ck_assert_uint_eq((uintptr_t)memory[size] % alignof(max_align_t), 0);
        memset(memory[size], (int)size & 0xFF, size);
    }
    for (size_t size = 0; size < MOST; size++) {
        for (size_t i = 0; i < size; i++) {
            if (memory[size][i] != (size & 0xFF))
                ck_abort_msg("byte %zu of %zu has changed", i, size);
        }
    }
    ck_assert(!arena.failed);
}
END_TEST

START_TEST(clears_an_array)
{
    memset(arena_alloc(&arena, 4096), 0xA5, 4096);
    arena_reset(&arena);
    const int *numbers = arena_array(&arena, 1024, sizeof *numbers);
    ck_assert_ptr_nonnull(numbers);
    for (size_t i = 0; i < 1024; i++) {
        if (numbers[i])
            ck_abort_msg("number %zu is %d", i, numbers[i]);
    }
    ck_assert_ptr_nonnull(arena_array(&arena, 0, sizeof *numbers));
    ck_assert_ptr_nonnull(arena_array(&arena, 1024, 0));
}
END_TEST

START_TEST(refuses_an_array_whose_size_overflows)
{
    volatile size_t half = SIZE_MAX / 2 + 1;
    ck_assert_ptr_null(arena_array(&arena, half, 2));
    ck_assert(arena.failed);
    arena_reset(&arena);
    ck_assert(!arena.failed);
    ck_assert_ptr_null(arena_array(&arena, 2, half));
    ck_assert(arena.failed);
}
END_TEST

START_TEST(copies_texts)
{
    char bytes[] = "a\0b";
    dime_text copy = arena_copy(&arena, (dime_text){bytes, 3});
    bytes[0] = 'x';
    ck_assert(text_equal(copy, TEXT("a\0b")));
    ck_assert_int_eq(copy.data[3], '\0');
    copy = arena_copy(&arena, (dime_text){0});
    ck_assert_ptr_nonnull(copy.data);
    ck_assert_uint_eq(copy.length, 0);
    ck_assert_int_eq(copy.data[0], '\0');
}
END_TEST

/* The last byte of the limit can be had, and not one more. */
START_TEST(keeps_to_its_limit)
{
    static const size_t limits[] = {0, 16, 1024, USUAL, USUAL + 16, 3 * USUAL};
    struct arena small;
    arena_open(&small, limits[_i]);
    char *memory = arena_alloc(&small, limits[_i]);
    ck_assert_ptr_nonnull(memory);
    memset(memory, 1, limits[_i]);
    ck_assert(!small.failed);
    ck_assert_ptr_null(arena_alloc(&small, 1));
    ck_assert(small.failed);
    ck_assert_uint_le(small.total, limits[_i]);
    ck_assert_ptr_null(arena_copy(&small, TEXT("")).data);
    arena_reset(&small);
    ck_assert(!small.failed);
    ck_assert_ptr_null(arena_alloc(&small, limits[_i] + 1));
    ck_assert_ptr_nonnull(arena_alloc(&small, limits[_i]));
    arena_close(&small);
    ck_assert_uint_eq(small.total, 0);
}
END_TEST

START_TEST(keeps_to_its_limit_in_small_steps)
{
    struct arena small;
    size_t had = 0;
    arena_open(&small, 2 * USUAL + 160);
    while (arena_alloc(&small, 16))
        had += 16;
    ck_assert_uint_eq(had, 2 * USUAL + 160);
    ck_assert_uint_eq(small.total, 2 * USUAL + 160);
    arena_close(&small);
}
END_TEST

/* Sizes at which the sum with a block's head, or rounding up, would wrap around. */
START_TEST(refuses_sizes_that_would_wrap_around)
{
    struct arena endless;
    arena_open(&endless, SIZE_MAX);
    for (size_t below = 0; below < 32; below++) {
        volatile size_t size = SIZE_MAX - below;
        ck_assert_ptr_null(arena_alloc(&endless, size));
        ck_assert(endless.failed);
        arena_reset(&endless);
    }
    ck_assert_ptr_null(arena_copy(&endless, (dime_text){"", SIZE_MAX}).data);
    ck_assert_ptr_nonnull(arena_alloc(&endless, 1));
    arena_close(&endless);
}
END_TEST

/* The first block stays for the next request, all others are freed. */
START_TEST(keeps_one_block)
{
    const char *first = arena_alloc(&arena, 100);
    const struct arena_block *block = arena.block;
    for (size_t i = 0; i < 10; i++)
        ck_assert_ptr_nonnull(arena_alloc(&arena, USUAL - 100));
    ck_assert_ptr_nonnull(arena_alloc(&arena, 4 * USUAL));
    ck_assert_uint_gt(arena.total, 4 * USUAL);
    arena_reset(&arena);
    ck_assert_uint_eq(arena.total, ARENA_EXACT ? 0 : USUAL);
    ck_assert_ptr_eq(arena.block, ARENA_EXACT ? NULL : block);
    if (!ARENA_EXACT)
        ck_assert_ptr_eq(arena_alloc(&arena, 200), first);
}
END_TEST

START_TEST(keeps_no_block_that_is_larger_than_usual)
{
    ck_assert_ptr_nonnull(arena_alloc(&arena, USUAL + 16));
    ck_assert_ptr_nonnull(arena_alloc(&arena, 16));
    arena_reset(&arena);
    ck_assert_ptr_null(arena.block);
    ck_assert_uint_eq(arena.total, 0);
}
END_TEST

START_TEST(says_when_malloc_fails)
{
    long live = fail_malloc_live();
    fail_malloc_begin(0);
    void *memory = arena_alloc(&arena, 100);
    ck_assert(fail_malloc_end());
    ck_assert_ptr_null(memory);
    ck_assert(arena.failed);
    ck_assert_uint_eq(arena.total, 0);
    arena_reset(&arena);
    ck_assert_ptr_nonnull(arena_alloc(&arena, 100));
    arena_close(&arena);
    ck_assert_int_eq(fail_malloc_live(), live);
}
END_TEST

/* What makes a usual request cheap: the second one calls neither malloc nor free. */
START_TEST(calls_malloc_for_the_first_request_only)
{
    ck_assert_ptr_nonnull(arena_alloc(&arena, 100));
    long live = fail_malloc_live();
    for (size_t request = 0; request < 10; request++) {
        arena_reset(&arena);
        fail_malloc_begin(0);
        for (size_t i = 0; i < USUAL / 64; i++) {
            if (!arena_alloc(&arena, 60))
                break;
        }
        ck_assert(!fail_malloc_end());
        ck_assert_int_eq(fail_malloc_live(), live);
    }
    ck_assert(!arena.failed);
}
END_TEST

static void add_malloc_tests(TCase *memory)
{
    bool possible = fail_malloc_works();
    if (possible)
        tcase_add_test(memory, says_when_malloc_fails);
    else
        unit_skip("arena: says_when_malloc_fails", "malloc isn't ours to make fail here");
    if (possible && !ARENA_EXACT)
        tcase_add_test(memory, calls_malloc_for_the_first_request_only);
    else
        unit_skip("arena: calls_malloc_for_the_first_request_only",
                  "malloc isn't ours here, or ARENA_EXACT keeps no block");
}

/* What was closed, in the order in which it was. */
static char closed[16];
static size_t closed_count;

static void close_letter(void *memory)
{
    const char *letter = memory;
    closed[closed_count++] = *letter ? *letter : '0';
    closed[closed_count] = '\0';
}

static bool open_letter(char letter)
{
    char *memory = arena_alloc_with_close(&arena, 100, close_letter);
    if (!memory)
        return false;
    ck_assert_int_eq(memory[0] + memory[99], 0);
    *memory = letter;
    return true;
}

START_TEST(closes_the_last_first_and_each_once)
{
    closed_count = 0;
    for (const char *letter = "abc"; *letter; letter++)
        ck_assert(open_letter(*letter));
    ck_assert_uint_eq(closed_count, 0);
    if (_i == 0)
        arena_reset(&arena);
    else if (_i == 1)
        arena_close_all(&arena);
    else
        arena_close(&arena);
    ck_assert_str_eq(closed, "cba");
    ck_assert(open_letter('d'));
    arena_reset(&arena);
    arena_reset(&arena);
    arena_close(&arena);
    ck_assert_str_eq(closed, "cbad");
}
END_TEST

START_TEST(closes_what_came_after_a_mark)
{
    closed_count = 0;
    ck_assert(open_letter('a'));
    struct arena_moment mark = arena_mark(&arena);
    ck_assert(open_letter('b'));
    ck_assert(open_letter('c'));
    arena_rewind(&arena, mark);
    arena_rewind(&arena, mark);
    ck_assert_str_eq(closed, "cb");
    ck_assert(open_letter(0));
    arena_close(&arena);
    ck_assert_str_eq(closed, "cb0a");
}
END_TEST

/* Either there is memory, and it is closed, or there is none, and it isn't. */
START_TEST(closes_nothing_where_memory_runs_out)
{
    size_t refused = 0, opened = 0;
    for (size_t limit = 0; limit < 256; limit++) {
        arena_open(&arena, limit);
        closed_count = 0;
        bool open = open_letter('a');
        ck_assert_int_eq(arena.failed, !open);
        arena_close(&arena);
        ck_assert_uint_eq(closed_count, open);
        *(open ? &opened : &refused) += 1;
    }
    ck_assert_uint_gt(refused, 100);
    ck_assert_uint_gt(opened, 0);
}
END_TEST

Suite *arena_suite(void)
{
    Suite *suite = suite_create("arena");
    TCase *memory = tcase_create("memory");
    tcase_add_checked_fixture(memory, begin, end);
    tcase_add_test(memory, opens_without_allocating);
    tcase_add_test(memory, hands_out_memory_of_ones_own);
    tcase_add_test(memory, clears_an_array);
    tcase_add_test(memory, refuses_an_array_whose_size_overflows);
    tcase_add_test(memory, copies_texts);
    tcase_add_loop_test(memory, keeps_to_its_limit, 0, 6);
    tcase_add_test(memory, keeps_to_its_limit_in_small_steps);
    tcase_add_test(memory, refuses_sizes_that_would_wrap_around);
    tcase_add_test(memory, keeps_one_block);
    tcase_add_loop_test(memory, closes_the_last_first_and_each_once, 0, 3);
    tcase_add_test(memory, closes_what_came_after_a_mark);
    tcase_add_test(memory, closes_nothing_where_memory_runs_out);
    tcase_add_test(memory, keeps_no_block_that_is_larger_than_usual);
    add_malloc_tests(memory);
    suite_add_tcase(suite, memory);
    return suite;
}
