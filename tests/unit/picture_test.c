/*
 * picture_test.c - pictures are decoded small, within limits, or refused with what to do.
 *
 * The JPEGs are made by libjpeg-turbo and the PNGs by libpng as they are needed. What it takes
 * other programs to make is in tests/vision.
 */
#include "vision/format.h"

#include <check.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <turbojpeg.h>

#include "fail_malloc.h"
#include "unit.h"
#include "vision/jpeg.h"
#include "vision/vision.h"

Suite *picture_suite(void);

static struct picture picture;
static struct picture_refusal refusal;

static bool reads(const void *bytes, size_t length)
{
    refusal = (struct picture_refusal){0};
    return picture_read(&picture, (dime_text){bytes, length}, &refusal);
}

/* Refused with this status and a sentence that has these words; and there is nothing to free. */
static void check_refused(const void *bytes, size_t length, int status, const char *words)
{
    ck_assert(!reads(bytes, length));
    ck_assert_int_eq(refusal.status, status);
    ck_assert_msg(strstr(refusal.why, words) != NULL, "\"%s\" has no \"%s\"", refusal.why, words);
    ck_assert_int_eq(refusal.why[strlen(refusal.why) - 1], '.');
    ck_assert_ptr_null(picture.pixels);
}

static const struct {
    dime_text bytes;
    int status;
    const char *words;
} REFUSED[] = {
    {{"", 0}, 400, "no bytes"},
    {{"GIF89a\1\0\1\0", 10}, 415, "a GIF"},
    {{"RIFF\0\0\0\0WEBPVP8 ", 16}, 415, "a WebP"},
    {{"\0\0\0\x1C"
      "ftypheic",
      12},
     415,
     "a HEIC"},
    {{"\0\0\0\x1C"
      "ftypavif",
      12},
     415,
     "an AVIF"},
    {{"\0\0\0\x1C"
      "ftypisom",
      12},
     415,
     "a video"},
    {{"II*\0\10\0\0\0", 8}, 415, "a TIFF"},
    {{"BM6\0\0\0", 6}, 415, "a BMP"},
    {{"%PDF-1.7", 8}, 415, "a PDF"},
    {{"Hello,\r\n\tyou", 12}, 415, "text"},
    {{"a", 1}, 415, "text"},
    {{"gr\xC3\xBC\xC3\x9F", 6}, 415, "text"},
    {{"\0\1\2\3", 4}, 415, "no picture that is known"},
    {{"\xFF\xD8", 2}, 415, "no picture that is known"},
    {{"\xFF\xD8\xFF", 3}, 400, "send it again"},
    {{"\xFF\xD8\xFF\xD9", 4}, 400, "send it again"},
    {{"\xFF\xD8\xFF\xE0\0\1", 6}, 400, "send it again"},
    {{"\x89PNG\r\n\x1A\n", 8}, 400, "too early"},
    {{"\x89PNG\r\n\x1A\n\0\0\0\rIDAT12345678", 24}, 400, "damaged in its header"},
};

START_TEST(refuses_what_is_no_picture)
{
    check_refused(REFUSED[_i].bytes.data, REFUSED[_i].bytes.length, REFUSED[_i].status,
                  REFUSED[_i].words);
}
END_TEST

START_TEST(refuses_too_many_bytes)
{
    char *bytes = calloc(1, VISION_BYTES_MAX + 1);
    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes, "\xFF\xD8\xFF", 3);
    check_refused(bytes, VISION_BYTES_MAX + 1, 413, "at most 15 MiB");
    check_refused(bytes, VISION_BYTES_MAX, 400, "send it again");
    free(bytes);
}
END_TEST

/* The header of a PNG of this size, with nothing behind it. */
static size_t png_header(char *bytes, size_t width, size_t height)
{
    memcpy(bytes, "\x89PNG\r\n\x1A\n\0\0\0\rIHDR", 16);
    png_save_uint_32((png_bytep)bytes + 16, (png_uint_32)width);
    png_save_uint_32((png_bytep)bytes + 20, (png_uint_32)height);
    memcpy(bytes + 24, "\10\2\0\0\0", 5);
    return 29;
}

/* A baseline JPEG's headers of this size, with one empty scan. */
static size_t jpeg_header(char *bytes, size_t width, size_t height)
{
    static const char PARTS[] = "\xFF\xD8\xFF\xC0\0\13\10\0\0\0\0\1\1\x11\0"
                                "\xFF\xDA\0\10\1\1\0\0\x3F\0\xFF\xD9";
    memcpy(bytes, PARTS, sizeof PARTS - 1);
    bytes[7] = (char)(height >> 8 & 0xFF);
    bytes[8] = (char)(height & 0xFF);
    bytes[9] = (char)(width >> 8 & 0xFF);
    bytes[10] = (char)(width & 0xFF);
    return sizeof PARTS - 1;
}

static const struct {
    size_t width, height;
    int status;
    const char *words;
} LIMITS[] = {
    {30000, 30000, 413, "30000 x 30000"},
    {10001, 100, 413, "at most 50 million"},
    {100, 10001, 413, "10000 a side"},
    {7072, 7071, 413, "7072 x 7071"},
    {15, 100, 422, "at least 16"},
    {100, 15, 422, "15"},
    {1, 1, 422, "1 x 1"},
    {65535, 65535, 413, "65535"},
};

START_TEST(refuses_a_size_before_it_decodes)
{
    char bytes[64];
    size_t width = LIMITS[_i].width, height = LIMITS[_i].height;
    check_refused(bytes, png_header(bytes, width, height), LIMITS[_i].status, LIMITS[_i].words);
    check_refused(bytes, jpeg_header(bytes, width, height), LIMITS[_i].status, LIMITS[_i].words);
}
END_TEST

/* {what a PNG may say of itself, 2^31 - 1}: neither is added to nor multiplied into something
 * small. */
START_TEST(refuses_a_huge_png)
{
    char bytes[64];
    check_refused(bytes, png_header(bytes, 0x7FFFFFFF, 0x7FFFFFFF), 413, "2147483647");
    check_refused(bytes, png_header(bytes, 0xFFFFFFFF, 0xFFFFFFFF), 413, "4294967295");
    check_refused(bytes, png_header(bytes, 0, 100), 422, "0 x 100");
}
END_TEST

/* Half of the picture red, half blue, from left to right. */
static unsigned char *halves(size_t width, size_t height, size_t bytes)
{
    unsigned char *pixels = calloc(width * height, bytes);
    ck_assert_ptr_nonnull(pixels);
    for (size_t i = 0; i < width * height; i++)
        pixels[i * bytes + (i % width < width / 2 ? 0 : 2)] = 255;
    return pixels;
}

struct jpeg {
    unsigned char *bytes;
    unsigned long length;
};

static struct jpeg make_jpeg(size_t width, size_t height, int format, int sampling, int flags)
{
    struct jpeg jpeg = {0};
    unsigned char *pixels = halves(width, height, (size_t)tjPixelSize[format]);
    tjhandle handle = tjInitCompress();
    ck_assert_int_eq(tjCompress2(handle, pixels, (int)width, 0, (int)height, format, &jpeg.bytes,
                                 &jpeg.length, sampling, 90, flags),
                     0);
    tjDestroy(handle);
    free(pixels);
    return jpeg;
}

static void check_colour(size_t x, size_t y, int red, int green, int blue)
{
    const uint8_t *pixel = picture.pixels + 3 * (y * picture.width + x);
    ck_assert_msg(abs(pixel[0] - red) < 16 && abs(pixel[1] - green) < 16 &&
                      abs(pixel[2] - blue) < 16,
                  "%d %d %d isn't %d %d %d", pixel[0], pixel[1], pixel[2], red, green, blue);
}

static void check_halves(size_t width, size_t height)
{
    ck_assert_msg(refusal.status == 0, "%s", refusal.why);
    ck_assert_uint_eq(picture.width, width);
    ck_assert_uint_eq(picture.height, height);
    check_colour(width / 8, height / 2, 255, 0, 0);
    check_colour(width - 1 - width / 8, height / 2, 0, 0, 255);
}

/* {size of the file, size of what is looked at} */
static const size_t SIZES[][4] = {
    {16, 16, 16, 16},     {320, 200, 320, 200}, {639, 400, 320, 200},
    {640, 400, 320, 200}, {641, 400, 321, 200}, {1280, 96, 320, 24},
    {2560, 64, 320, 8},   {64, 5120, 8, 640},   {10000, 16, 1250, 2},
};

START_TEST(decodes_jpeg_at_a_fraction)
{
    const size_t *size = SIZES[_i];
    struct jpeg jpeg = make_jpeg(size[0], size[1], TJPF_RGB, TJSAMP_420, 0);
    reads(jpeg.bytes, jpeg.length);
    check_halves(size[2], size[3]);
    ck_assert_uint_eq(picture.full_width, size[0]);
    ck_assert_uint_eq(picture.full_height, size[1]);
    picture_free(&picture);
    tjFree(jpeg.bytes);
}
END_TEST

static const struct {
    int format, sampling, flags;
} KINDS[] = {
    {TJPF_RGB, TJSAMP_444, 0},
    {TJPF_RGB, TJSAMP_422, 0},
    {TJPF_RGB, TJSAMP_440, 0},
    {TJPF_RGB, TJSAMP_411, 0},
    {TJPF_RGB, TJSAMP_420, TJFLAG_PROGRESSIVE},
};

START_TEST(decodes_kinds_of_jpeg)
{
    struct jpeg jpeg = make_jpeg(640, 80, KINDS[_i].format, KINDS[_i].sampling, KINDS[_i].flags);
    reads(jpeg.bytes, jpeg.length);
    check_halves(320, 40);
    picture_free(&picture);
    tjFree(jpeg.bytes);
}
END_TEST

START_TEST(decodes_grey_jpeg)
{
    struct jpeg jpeg = make_jpeg(320, 80, TJPF_RGB, TJSAMP_GRAY, 0);
    ck_assert(reads(jpeg.bytes, jpeg.length));
    check_colour(40, 40, 76, 76, 76);
    check_colour(280, 40, 29, 29, 29);
    picture_free(&picture);
    tjFree(jpeg.bytes);
}
END_TEST

/* Without Adobe's marker 255 is full ink: cyan and yellow leave red and blue nothing, ... */
START_TEST(decodes_inks)
{
    struct jpeg jpeg = make_jpeg(320, 80, TJPF_CMYK, TJSAMP_444, 0);
    struct jpeg_survey survey;
    ck_assert(jpeg_take_survey((dime_text){(char *)jpeg.bytes, jpeg.length}, &survey));
    ck_assert_int_eq(survey.components, 4);
    ck_assert(survey.inverted_inks);
    ck_assert(reads(jpeg.bytes, jpeg.length));
    check_colour(40, 40, 0, 0, 0); /* no black means full black where inks are inverted */
    picture_free(&picture);
    unsigned char *adobe = memmem(jpeg.bytes, jpeg.length, "Adobe", 5);
    ck_assert_ptr_nonnull(adobe);
    memcpy(adobe, "adobe", 5);
    ck_assert(reads(jpeg.bytes, jpeg.length));
    ck_assert_uint_eq(picture.width, 320);
    picture_free(&picture);
    tjFree(jpeg.bytes);
}
END_TEST

START_TEST(surveys_what_decoding_costs)
{
    struct jpeg_survey survey;
    struct jpeg jpeg = make_jpeg(170, 33, TJPF_RGB, TJSAMP_420, 0);
    ck_assert(jpeg_take_survey((dime_text){(char *)jpeg.bytes, jpeg.length}, &survey));
    ck_assert_uint_eq(survey.width, 170);
    ck_assert_uint_eq(survey.height, 33);
    ck_assert_uint_eq(survey.scans, 1);
    ck_assert_uint_eq(survey.coefficient_bytes, 0);
    ck_assert(survey.readable && survey.whole && !survey.open_end && !survey.exif.length);
    tjFree(jpeg.bytes);
    jpeg = make_jpeg(170, 33, TJPF_RGB, TJSAMP_420, TJFLAG_PROGRESSIVE);
    ck_assert(jpeg_take_survey((dime_text){(char *)jpeg.bytes, jpeg.length}, &survey));
    ck_assert_uint_eq(survey.scans, 10);
    /* 11 x 3 units of 16 x 16 pixels, six blocks each */
    ck_assert_uint_eq(survey.coefficient_bytes, 11 * 3 * 6 * 128);
    tjFree(jpeg.bytes);
}
END_TEST

/* Whether what is behind LENGTH bytes is a scan's marker, or a table's that a scan has of its own.
 */
static bool is_between_scans(const struct jpeg *jpeg, size_t length)
{
    static const unsigned char scan[] = {0xFF, 0xDA};
    if (!memmem(jpeg->bytes, length, scan, sizeof scan))
        return false;
    size_t at = jpeg->bytes[length - 1] == 0xFF ? length - 1 : length; /* or in a marker */
    unsigned char marker = jpeg->bytes[at + 1];
    return jpeg->bytes[at] == 0xFF && (marker == 0xDA || marker == 0xC4);
}

/*
 * Cut short anywhere, the answer is a refusal, save where it lacks its end alone, or whole scans of
 * a progressive one; at the end of a copy, so that reads past it show.
 */
START_TEST(refuses_a_jpeg_cut_short)
{
    struct jpeg jpeg = make_jpeg(64, 48, TJPF_RGB, TJSAMP_420, _i ? TJFLAG_PROGRESSIVE : 0);
    for (size_t length = 3; length < jpeg.length - 2; length++) {
        char *copy = malloc(length);
        memcpy(copy, jpeg.bytes, length);
        if (is_between_scans(&jpeg, length))
            ck_assert_msg(reads(copy, length), "%zu bytes: %s", length, refusal.why);
        else
            check_refused(copy, length, 400, "send");
        picture_free(&picture);
        free(copy);
    }
    tjFree(jpeg.bytes);
}
END_TEST

/* Without its last marker, or with half of it, or with what isn't one in its place. */
START_TEST(reads_a_jpeg_without_its_end)
{
    struct jpeg jpeg = make_jpeg(320, 80, TJPF_RGB, TJSAMP_420, _i ? TJFLAG_PROGRESSIVE : 0);
    static const dime_text ends[] = {TEXT(""), TEXT("\xFF"), TEXT("\0\0\0\0\0\0\0\0"),
                                     TEXT("\0\0\xFF\0 a phone's own \xFF\xFF\0")};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t length = jpeg.length - 2 + ends[i].length;
        char *copy = malloc(length);
        memcpy(copy, jpeg.bytes, jpeg.length - 2);
        memcpy(copy + jpeg.length - 2, ends[i].data, ends[i].length);
        ck_assert_msg(reads(copy, length), "%s", refusal.why);
        check_halves(320, 80);
        picture_free(&picture);
        free(copy);
    }
    tjFree(jpeg.bytes);
}
END_TEST

/* What follows the end, as in a file that is a zip as well, is no part of the picture. */
START_TEST(reads_a_jpeg_with_more_behind_it)
{
    struct jpeg jpeg = make_jpeg(320, 80, TJPF_RGB, TJSAMP_420, 0);
    char *longer = calloc(1, jpeg.length + 1000);
    memcpy(longer, jpeg.bytes, jpeg.length);
    memcpy(longer + jpeg.length, "PK\3\4<script>\xFF\xDA\xFF\xC0", 16);
    reads(longer, jpeg.length + 1000);
    check_halves(320, 80);
    picture_free(&picture);
    free(longer);
    tjFree(jpeg.bytes);
}
END_TEST

/* The last scan over and over: a marker, a few bytes and many blocks to go over each time. */
static size_t repeat_last_scan(const struct jpeg *jpeg, size_t times, char *into)
{
    size_t last = jpeg->length - 2;
    while (jpeg->bytes[last] != 0xFF || jpeg->bytes[last + 1] != 0xDA)
        last--;
    size_t length = jpeg->length - 2 - last;
    memcpy(into, jpeg->bytes, last);
    char *end = into + last;
    for (size_t i = 0; i < times; i++, end += length)
        memcpy(end, jpeg->bytes + last, length);
    memcpy(end, "\xFF\xD9", 2);
    return (size_t)(end - into) + 2;
}

START_TEST(refuses_many_scans)
{
    struct jpeg jpeg = make_jpeg(64, 48, TJPF_RGB, TJSAMP_420, TJFLAG_PROGRESSIVE);
    char *bytes = malloc(jpeg.length * 1001);
    ck_assert(reads(bytes, repeat_last_scan(&jpeg, 91, bytes)));
    picture_free(&picture);
    check_refused(bytes, repeat_last_scan(&jpeg, 92, bytes), 413, "101 scans");
    check_refused(bytes, repeat_last_scan(&jpeg, 991, bytes), 413, "1000 scans");
    free(bytes);
    tjFree(jpeg.bytes);
}
END_TEST

/* A progressive JPEG's frame of a size, by changing that of a small one. */
START_TEST(refuses_a_progressive_jpeg_by_its_memory_and_work)
{
    struct jpeg jpeg = make_jpeg(64, 48, TJPF_RGB, TJSAMP_420, TJFLAG_PROGRESSIVE);
    unsigned char *frame = memmem(jpeg.bytes, jpeg.length, "\xFF\xC2", 2);
    ck_assert_ptr_nonnull(frame);
    memcpy(frame + 5, "\x1B\x58\x1B\x58", 4); /* 7000 x 7000 */
    check_refused(jpeg.bytes, jpeg.length, 413, "needs too much memory");
    memcpy(frame + 5, "\x13\x88\x13\x88", 4); /* 5000 x 5000 */
    char *bytes = malloc(jpeg.length * 100);
    check_refused(bytes, repeat_last_scan(&jpeg, 17, bytes), 413, "26 scans is too much work");
    check_refused(bytes, repeat_last_scan(&jpeg, 8, bytes), 413, "400 million pixels of all");
    free(bytes);
    tjFree(jpeg.bytes);
}
END_TEST

static void check_frame_refused(unsigned char marker, unsigned char precision)
{
    char bytes[64];
    size_t length = jpeg_header(bytes, 64, 64);
    bytes[3] = (char)marker;
    bytes[6] = (char)precision;
    check_refused(bytes, length, 415, "of 8 bits");
}

START_TEST(refuses_kinds_of_jpeg_that_nobody_uses)
{
    check_frame_refused(0xC3, 8);
    check_frame_refused(0xC5, 8);
    check_frame_refused(0xCB, 8);
    check_frame_refused(0xC1, 12);
}
END_TEST

struct png {
    void *bytes;
    png_alloc_size_t length;
};

/* libpng's formats of 16 bits have native numbers; 0xFFFF is white in any order. */
static struct png make_png(png_uint_32 width, png_uint_32 height, png_uint_32 format,
                           const void *pixels, const void *palette)
{
    struct png png = {0};
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = width,
                       .height = height,
                       .format = format,
                       .colormap_entries = palette ? 2 : 0};
    ck_assert(png_image_write_to_memory(&image, NULL, &png.length, 0, pixels, 0, palette));
    png.bytes = malloc(png.length);
    ck_assert_ptr_nonnull(png.bytes);
    ck_assert(png_image_write_to_memory(&image, png.bytes, &png.length, 0, pixels, 0, palette));
    return png;
}

static const size_t PNG_SIZES[][4] = {
    {16, 16, 16, 16},   {320, 200, 320, 200}, {639, 40, 639, 40}, {640, 40, 320, 20},
    {960, 41, 320, 14}, {10000, 16, 323, 1},  {64, 5120, 4, 320},
};

START_TEST(decodes_png_at_a_fraction)
{
    const size_t *size = PNG_SIZES[_i];
    unsigned char *pixels = halves(size[0], size[1], 3);
    struct png png =
        make_png((png_uint_32)size[0], (png_uint_32)size[1], PNG_FORMAT_RGB, pixels, NULL);
    reads(png.bytes, png.length);
    check_halves(size[2], size[3]);
    picture_free(&picture);
    free(png.bytes);
    free(pixels);
}
END_TEST

START_TEST(lays_a_transparent_png_over_white)
{
    unsigned char pixels[32 * 32 * 4];
    for (size_t i = 0; i < 32 * 32; i++)
        memcpy(pixels + 4 * i, i % 32 < 16 ? "\xFF\0\0\x80" : "\0\0\0\0", 4);
    struct png png = make_png(32, 32, PNG_FORMAT_RGBA, pixels, NULL);
    ck_assert(reads(png.bytes, png.length));
    check_colour(4, 4, 255, 127, 127);
    check_colour(28, 4, 255, 255, 255);
    picture_free(&picture);
    free(png.bytes);
}
END_TEST

START_TEST(decodes_a_palette)
{
    static const unsigned char PALETTE[] = {255, 0, 0, 0, 0, 255};
    unsigned char pixels[32 * 32];
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = i % 32 >= 16;
    struct png png = make_png(32, 32, PNG_FORMAT_RGB | PNG_FORMAT_FLAG_COLORMAP, pixels, PALETTE);
    reads(png.bytes, png.length);
    check_halves(32, 32);
    picture_free(&picture);
    free(png.bytes);
}
END_TEST

START_TEST(refuses_a_png_cut_short_or_damaged)
{
    unsigned char *pixels = halves(64, 48, 3);
    for (size_t i = 0; i < 64 * 48; i += 7)
        pixels[3 * i + 1] = (unsigned char)i;
    struct png png = make_png(64, 48, PNG_FORMAT_RGB, pixels, NULL);
    size_t last_data = png.length - 12 - 4 - 4; /* before IEND, the check of IDAT and zlib's own */
    for (size_t length = 8; length < last_data; length++) {
        char *copy = malloc(length);
        memcpy(copy, png.bytes, length);
        check_refused(copy, length, 400, "send");
        free(copy);
    }
    ck_assert(reads(png.bytes, png.length - 12)); /* without IEND, which viewers show as well */
    picture_free(&picture);
    ((char *)png.bytes)[png.length / 2] ^= 1;
    check_refused(png.bytes, png.length, 400, "damaged");
    free(png.bytes);
    free(pixels);
}
END_TEST

/* All that malloc gives may be missing; then the refusal says so, and all is given back. */
static void check_every_failure(const void *bytes, size_t length, size_t least)
{
    long live = fail_malloc_live();
    size_t number = 0, refused = 0;
    bool failed = true;
    for (; failed; number++) {
        fail_malloc_begin(number);
        bool done = reads(bytes, length);
        failed = fail_malloc_end();
        if (done)
            picture_free(&picture);
        else
            ck_assert_msg(refusal.status == 503, "%zu: %s", number, refusal.why);
        ck_assert(done || failed);
        refused += !done;
        ck_assert_int_eq(fail_malloc_live(), live);
    }
    ck_assert_uint_ge(refused, least);
}

START_TEST(says_when_malloc_fails)
{
    struct jpeg jpeg = make_jpeg(64, 48, TJPF_RGB, TJSAMP_420, TJFLAG_PROGRESSIVE);
    check_every_failure(jpeg.bytes, jpeg.length, 5);
    check_every_failure(jpeg.bytes, jpeg.length - 2, 6); /* without its end it's copied */
    tjFree(jpeg.bytes);
    unsigned char *pixels = halves(64, 48, 4);
    struct png png = make_png(64, 48, PNG_FORMAT_RGBA, pixels, NULL);
    check_every_failure(png.bytes, png.length, 5);
    free(png.bytes);
    free(pixels);
}
END_TEST

static void add_jpeg_tests(TCase *jpeg)
{
    tcase_add_loop_test(jpeg, decodes_jpeg_at_a_fraction, 0, sizeof SIZES / sizeof *SIZES);
    tcase_add_loop_test(jpeg, decodes_kinds_of_jpeg, 0, sizeof KINDS / sizeof *KINDS);
    tcase_add_test(jpeg, decodes_grey_jpeg);
    tcase_add_test(jpeg, decodes_inks);
    tcase_add_test(jpeg, surveys_what_decoding_costs);
    tcase_add_loop_test(jpeg, refuses_a_jpeg_cut_short, 0, 2);
    tcase_add_test(jpeg, reads_a_jpeg_with_more_behind_it);
    tcase_add_loop_test(jpeg, reads_a_jpeg_without_its_end, 0, 2);
    tcase_add_test(jpeg, refuses_many_scans);
    tcase_add_test(jpeg, refuses_a_progressive_jpeg_by_its_memory_and_work);
    tcase_add_test(jpeg, refuses_kinds_of_jpeg_that_nobody_uses);
}

static void add_png_tests(TCase *png)
{
    tcase_add_loop_test(png, decodes_png_at_a_fraction, 0, sizeof PNG_SIZES / sizeof *PNG_SIZES);
    tcase_add_test(png, lays_a_transparent_png_over_white);
    tcase_add_test(png, decodes_a_palette);
    tcase_add_test(png, refuses_a_png_cut_short_or_damaged);
}

Suite *picture_suite(void)
{
    Suite *suite = suite_create("picture");
    TCase *limits = tcase_create("limits");
    tcase_add_loop_test(limits, refuses_what_is_no_picture, 0, sizeof REFUSED / sizeof *REFUSED);
    tcase_add_test(limits, refuses_too_many_bytes);
    tcase_add_loop_test(limits, refuses_a_size_before_it_decodes, 0,
                        sizeof LIMITS / sizeof *LIMITS);
    tcase_add_test(limits, refuses_a_huge_png);
    if (fail_malloc_works())
        tcase_add_test(limits, says_when_malloc_fails);
    else
        unit_skip("picture: says_when_malloc_fails", "malloc isn't ours to make fail here");
    suite_add_tcase(suite, limits);
    TCase *jpeg = tcase_create("jpeg"), *png = tcase_create("png");
    add_jpeg_tests(jpeg);
    add_png_tests(png);
    suite_add_tcase(suite, jpeg);
    suite_add_tcase(suite, png);
    return suite;
}
