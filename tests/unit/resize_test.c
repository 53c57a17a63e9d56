/*
 * resize_test.c - pictures of another size: their shape, which way up, and that no pixel is lost.
 *
 * Each view lies in memory of its very size, so that a sanitizer sees a step beside it. Colours are
 * compared to the last bit: the weights are whole numbers that add up.
 */
#include "vision/resize.h"

#include <check.h>
#include <stdlib.h>

#include "fail_malloc.h"
#include "unit.h"

Suite *resize_suite(void);

static void check_placement(size_t width, size_t height, struct placement right)
{
    struct placement placed = letterbox(width, height, 320);
    ck_assert_uint_eq(placed.width, right.width);
    ck_assert_uint_eq(placed.height, right.height);
}

START_TEST(keeps_the_shape)
{
    check_placement(320, 320, (struct placement){320, 320});
    check_placement(640, 480, (struct placement){320, 240});
    check_placement(480, 640, (struct placement){240, 320});
    check_placement(100, 50, (struct placement){320, 160});
    check_placement(10000, 16, (struct placement){320, 1});
    check_placement(16, 10000, (struct placement){1, 320});
    check_placement(1, 1, (struct placement){320, 320});
}
END_TEST

/* A view of WIDTH x HEIGHT pixels of one colour in memory of its very size, to be freed. */
static struct view plain(size_t width, size_t height, uint8_t red, uint8_t green, uint8_t blue)
{
    uint8_t *pixels = malloc(width * height * 3);
    ck_assert_ptr_nonnull(pixels);
    for (size_t i = 0; i < width * height; i++) {
        pixels[3 * i] = red;
        pixels[3 * i + 1] = green;
        pixels[3 * i + 2] = blue;
    }
    return (struct view){pixels, 3, 3 * (ptrdiff_t)width, width, height};
}

static uint8_t *pixels_of(const struct view *view)
{
    return (uint8_t *)(uintptr_t)view->origin;
}

static const size_t SIZES[][2] = {{1, 1},   {2, 1},   {1, 2},     {3, 5},    {224, 224},
                                  {7, 640}, {640, 7}, {641, 479}, {1250, 2}, {1279, 1279}};

/* One colour stays that colour to the last bit, at every size: all weights add up to one. */
START_TEST(keeps_a_colour)
{
    struct view view = plain(SIZES[_i][0], SIZES[_i][1], 255, 128, 1);
    for (size_t to = 0; to < sizeof SIZES / sizeof *SIZES - 1; to++) {
        size_t width = SIZES[to][0], height = SIZES[to][1];
        uint8_t *into = calloc(width * height, 3);
        ck_assert(resize(view, width, height, into, width * 3));
        size_t others = 0;
        for (size_t i = 0; i < width * height; i++)
            others += memcmp(into + 3 * i, "\xFF\x80\1", 3) != 0;
        ck_assert_uint_eq(others, 0);
        free(into);
    }
    free(pixels_of(&view));
}
END_TEST

START_TEST(copies_what_has_the_right_size)
{
    struct view view = plain(50, 40, 0, 0, 0);
    for (size_t i = 0; i < 50 * 40 * 3; i++)
        pixels_of(&view)[i] = (uint8_t)(i * 37);
    uint8_t into[50 * 40 * 3];
    ck_assert(resize(view, 50, 40, into, 50 * 3));
    ck_assert_mem_eq(into, view.origin, sizeof into);
    free(pixels_of(&view));
}
END_TEST

/* Half as large, the mean brightness stays; a single bright pixel isn't skipped over. */
START_TEST(skips_no_pixel)
{
    for (size_t at = 0; at < 16; at++) {
        struct view view = plain(16, 1, 0, 0, 0);
        pixels_of(&view)[3 * at] = 255;
        uint8_t into[4 * 3];
        unsigned sum = 0;
        ck_assert(resize(view, 4, 1, into, sizeof into));
        for (size_t i = 0; i < 4; i++)
            sum += into[3 * i];
        ck_assert_uint_ge(sum, 40);
        ck_assert_uint_le(sum, 90);
        free(pixels_of(&view));
    }
}
END_TEST

START_TEST(leaves_what_is_beside_a_row)
{
    struct view view = plain(20, 20, 9, 9, 9);
    uint8_t into[10][10 * 3];
    memset(into, 127, sizeof into);
    ck_assert(resize(view, 5, 10, into[0], sizeof *into));
    for (size_t y = 0; y < 10; y++) {
        for (size_t x = 0; x < 10 * 3; x++)
            ck_assert_uint_eq(into[y][x], x < 15 ? 9 : 127);
    }
    free(pixels_of(&view));
}
END_TEST

/*
 * The corners of a stored picture of 3 x 2 pixels, and where EXIF says that they are to be seen
 * (Exif 2.32, section 4.6.4): as upper left, upper right, lower left, lower right.
 */
static const char *const CORNERS[] = {[1] = "acdf", [2] = "cafd", [3] = "fdca", [4] = "dfac",
                                      [5] = "adcf", [6] = "dafc", [7] = "fcda", [8] = "cfad"};

START_TEST(turns_as_exif_says)
{
    uint8_t pixels[6 * 3];
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)("abcdef"[i / 3]);
    struct picture picture = {.pixels = pixels, .width = 3, .height = 2, .orientation = _i};
    struct view view = picture_view(&picture);
    ck_assert_uint_eq(view.width, _i < 5 ? 3 : 2);
    ck_assert_uint_eq(view.height, _i < 5 ? 2 : 3);
    for (size_t corner = 0; corner < 4; corner++) {
        size_t left = corner % 2 ? view.width - 1 : 0, top = corner / 2 ? view.height - 1 : 0;
        const uint8_t *pixel =
            view.origin + (ptrdiff_t)left * view.right + (ptrdiff_t)top * view.down;
        ck_assert_int_eq(*pixel, CORNERS[_i][corner]);
    }
    uint8_t whole[6 * 3];
    ck_assert(resize(view, view.width, view.height, whole, view.width * 3));
    ck_assert_int_eq(whole[0], CORNERS[_i][0]);
    ck_assert_int_eq(whole[sizeof whole - 1], CORNERS[_i][3]);
}
END_TEST

START_TEST(says_when_malloc_fails)
{
    struct view view = plain(64, 48, 1, 2, 3);
    uint8_t into[32 * 32 * 3];
    long live = fail_malloc_live();
    size_t number = 0;
    bool failed = true;
    for (; failed; number++) {
        fail_malloc_begin(number);
        bool done = resize(view, 32, 32, into, 32 * 3);
        failed = fail_malloc_end();
        ck_assert_int_eq(done, !failed);
        ck_assert_int_eq(fail_malloc_live(), live);
    }
    ck_assert_uint_gt(number, 5);
    free(pixels_of(&view));
}
END_TEST

Suite *resize_suite(void)
{
    Suite *suite = suite_create("resize");
    TCase *resizing = tcase_create("resizing");
    tcase_add_test(resizing, keeps_the_shape);
    tcase_add_loop_test(resizing, keeps_a_colour, 0, sizeof SIZES / sizeof *SIZES);
    tcase_add_test(resizing, copies_what_has_the_right_size);
    tcase_add_test(resizing, skips_no_pixel);
    tcase_add_test(resizing, leaves_what_is_beside_a_row);
    tcase_add_loop_test(resizing, turns_as_exif_says, 1, 9);
    if (fail_malloc_works())
        tcase_add_test(resizing, says_when_malloc_fails);
    else
        unit_skip("resize: says_when_malloc_fails", "malloc isn't ours to make fail here");
    suite_add_tcase(suite, resizing);
    return suite;
}
