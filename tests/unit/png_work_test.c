/*
 * png_work_test.c - a PNG is refused by what its header says that unpacking it would cost.
 *
 * A few hundred kilobytes can hold 50 million pixels of eight bytes, which takes a processor longer
 * than a thousand other requests. What is just affordable is tried out in tests/vision.
 */
#include "vision/format.h"

#include <check.h>
#include <png.h>
#include <string.h>

Suite *png_work_suite(void);

enum { HEADER = 29 };

/* {width, height, depth, type of colour, words of the refusal; NULL: it's decoded} */
static const struct {
    size_t width, height;
    char depth, colour;
    const char *words;
} WORKS[] = {
    {7000, 7000, 1, 0, NULL},
    {6324, 6324, 8, 0, NULL},
    {6325, 6325, 8, 0, "of 8 bits each, at most 40 million pixels"},
    {6325, 6325, 8, 3, "of 8 bits each, at most 40 million pixels"},
    {5000, 4000, 8, 2, NULL},
    {5000, 4001, 8, 2, "of 24 bits each, at most 20 million pixels"},
    {5120, 2880, 8, 6, NULL},
    {7000, 7000, 8, 6, "of 32 bits each, at most 16 million pixels"},
    {7000, 7000, 16, 0, "of 16 bits each, at most 26 million pixels"},
    {7000, 7000, 16, 2, "of 48 bits each, at most 11 million pixels"},
    {2981, 2981, 16, 6, NULL},
    {2982, 2982, 16, 6, "of 64 bits each, at most 8 million pixels"},
    {7000, 7000, 8, 5, "of 64 bits each"},
    {7000, 7000, 8, 99, "of 64 bits each"},
    {7000, 7000, (char)255, 6, "of 64 bits each"},
};

/* The header alone tells; with nothing behind it what is affordable ends too early. */
START_TEST(refuses_a_png_by_its_work)
{
    char bytes[HEADER] = "\x89PNG\r\n\x1A\n\0\0\0\rIHDR";
    struct picture picture;
    struct picture_refusal refusal = {0};
    png_save_uint_32((png_bytep)bytes + 16, (png_uint_32)WORKS[_i].width);
    png_save_uint_32((png_bytep)bytes + 20, (png_uint_32)WORKS[_i].height);
    bytes[24] = WORKS[_i].depth;
    bytes[25] = WORKS[_i].colour;
    ck_assert(!picture_read(&picture, (dime_text){bytes, sizeof bytes}, &refusal));
    ck_assert_int_eq(refusal.status, WORKS[_i].words ? 413 : 400);
    ck_assert_msg(strstr(refusal.why, WORKS[_i].words ? WORKS[_i].words : "send"), "%s",
                  refusal.why);
}
END_TEST

Suite *png_work_suite(void)
{
    Suite *suite = suite_create("png-work");
    TCase *test = tcase_create("work");
    tcase_add_loop_test(test, refuses_a_png_by_its_work, 0, sizeof WORKS / sizeof *WORKS);
    suite_add_tcase(suite, test);
    return suite;
}
