/*
 * exif_test.c - the orientation is found in either byte order, and nothing hostile is followed.
 *
 * Each structure is cut short at every byte too: what lies behind its end is never read, which a
 * sanitizer would see, since each is copied to memory of its very size.
 */
#include "vision/exif.h"

#include <check.h>
#include <stdlib.h>

Suite *exif_suite(void);

/* TIFF's header, a directory at 8 with two entries: Make, and Orientation 6. */
#define LITTLE                                                                                     \
    "II*\0\10\0\0\0\2\0"                                                                           \
    "\x0F\1\2\0\1\0\0\0x\0\0\0"                                                                    \
    "\x12\1\3\0\1\0\0\0\6\0\0\0"                                                                   \
    "\0\0\0\0"
#define BIG                                                                                        \
    "MM\0*\0\0\0\10\0\2"                                                                           \
    "\1\x0F\0\2\0\0\0\1x\0\0\0"                                                                    \
    "\1\x12\0\3\0\0\0\1\0\6\0\0"                                                                   \
    "\0\0\0\0"

enum { VALUE_ENDS_AT = 10 + 12 + 10 };

static int orientation_of(const char *bytes, size_t length)
{
    char *copy = malloc(length ? length : 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bytes, length);
    int orientation = exif_orientation((dime_text){copy, length});
    free(copy);
    return orientation;
}

START_TEST(finds_it_in_both_byte_orders)
{
    ck_assert_int_eq(orientation_of(LITTLE, sizeof LITTLE - 1), 6);
    ck_assert_int_eq(orientation_of(BIG, sizeof BIG - 1), 6);
}
END_TEST

START_TEST(is_upright_where_it_is_cut_short)
{
    for (size_t length = 0; length < sizeof LITTLE; length++) {
        int right = length < VALUE_ENDS_AT ? 1 : 6;
        ck_assert_int_eq(orientation_of(LITTLE, length), right);
        ck_assert_int_eq(orientation_of(BIG, length), right);
    }
}
END_TEST

START_TEST(takes_the_values_1_to_8_alone)
{
    char bytes[] = LITTLE;
    for (int value = 0; value <= 255; value++) {
        bytes[10 + 12 + 8] = (char)value;
        int right = value >= 1 && value <= 8 ? value : 1;
        ck_assert_int_eq(orientation_of(bytes, sizeof bytes - 1), right);
    }
}
END_TEST

/* {place, byte} in LITTLE, and what comes of it. */
static const struct {
    size_t at;
    char byte;
} DAMAGES[] = {
    {0, 'X'},    /* no byte order */
    {1, 'M'},    /* two of them */
    {2, 43},     /* BigTIFF */
    {4, 0},      /* the directory is the header */
    {4, 28},     /* it lies at the end */
    {7, '\xFF'}, /* and far behind it */
    {24, 4},     /* the orientation is a LONG */
    {26, 2},     /* there are two */
};

START_TEST(is_upright_where_it_is_damaged)
{
    char bytes[] = LITTLE;
    bytes[DAMAGES[_i].at] = DAMAGES[_i].byte;
    ck_assert_int_eq(orientation_of(bytes, sizeof bytes - 1), 1);
}
END_TEST

/* A directory that is its own next one, with 65535 entries that overlap with themselves. */
START_TEST(ends_in_loops)
{
    char bytes[4096];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = i % 2 ? 0 : 8;
    memcpy(bytes, "II*\0\10\0\0\0\xFF\xFF", 10);
    ck_assert_int_eq(orientation_of(bytes, sizeof bytes), 1);
}
END_TEST

Suite *exif_suite(void)
{
    Suite *suite = suite_create("exif");
    TCase *orientation = tcase_create("orientation");
    tcase_add_test(orientation, finds_it_in_both_byte_orders);
    tcase_add_test(orientation, is_upright_where_it_is_cut_short);
    tcase_add_test(orientation, takes_the_values_1_to_8_alone);
    tcase_add_loop_test(orientation, is_upright_where_it_is_damaged, 0,
                        sizeof DAMAGES / sizeof *DAMAGES);
    tcase_add_test(orientation, ends_in_loops);
    suite_add_tcase(suite, orientation);
    return suite;
}
