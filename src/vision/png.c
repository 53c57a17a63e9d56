/*
 * png.c - reads a PNG through libpng a row at a time and adds its pixels up.
 *
 * A few bytes of PNG can hold 50 million pixels, of up to eight bytes each. Unpacking takes about
 * as long for each byte as for each pixel. Their sum has a limit, and the header shows whether a
 * picture is over it. No picture is ever unpacked as a whole: each pixel is added to the block of
 * pixels that it becomes a part of, in whatever order the passes of interlacing bring them. libpng
 * sees only the chunks that the pixels need, so that what is packed into others stays packed. It
 * unpacks IDAT to its end whatever follows the last row, so it gets little more than that row can
 * need.
 */
#include "vision/png.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>

#include "vision/exif.h"
#include "vision/vision.h"

enum {
    SIGNATURE = 8,
    CHUNK_AROUND = 12, /* bytes: its length and type before its content, its CRC behind */
    PIXEL = 4,         /* red, green, blue, alpha */
    PIXEL_MAX = 8,     /* bytes of the same in a file */
    SPARE = 1 << 16    /* bytes of chunks' heads, flushed blocks and the like behind the last row */
};

struct png_reading {
    dime_text rest;    /* what libpng hasn't read yet */
    const char *limit; /* up to where it may; NULL: to the end */
    struct picture *picture;
    struct picture_refusal *refusal;
    png_structp png;
    png_infop info;
    size_t block;     /* so many pixels a side become one */
    uint8_t *row;     /* of the file's width */
    uint32_t *sums;   /* of red, green and blue, of each pixel of the picture */
    uint32_t *column; /* of each pixel of a row: where in a row of sums it belongs */
};

static uint32_t number32(const char *bytes)
{
    return png_get_uint_32((png_const_bytep)bytes);
}

/* Cuts the next chunk off *REST; false at the end, or where it isn't whole. */
static bool cut_chunk(dime_text *rest, dime_text *type, dime_text *content)
{
    size_t length = rest->length >= CHUNK_AROUND ? number32(rest->data) : 0;
    if (rest->length < CHUNK_AROUND || length > rest->length - CHUNK_AROUND)
        return false;
    *type = (dime_text){rest->data + 4, 4};
    *content = (dime_text){rest->data + 8, length};
    *rest = text_skip(*rest, CHUNK_AROUND + length);
    return true;
}

static int find_orientation(dime_text bytes)
{
    dime_text rest = text_skip(bytes, SIGNATURE), type, content;
    while (cut_chunk(&rest, &type, &content)) {
        if (text_equal(type, TEXT("eXIf")))
            return exif_orientation(content);
    }
    return 1;
}

/* The bits of a pixel by IHDR's depth and type of colour; for an invalid type the most. */
static size_t bits_of_pixel(unsigned char depth, unsigned char colour)
{
    static const size_t CHANNELS[] = {[PNG_COLOR_TYPE_GRAY] = 1,
                                      [PNG_COLOR_TYPE_RGB] = 3,
                                      [PNG_COLOR_TYPE_PALETTE] = 1,
                                      [PNG_COLOR_TYPE_GRAY_ALPHA] = 2,
                                      [PNG_COLOR_TYPE_RGB_ALPHA] = 4};
    size_t channels = colour < sizeof CHANNELS / sizeof *CHANNELS ? CHANNELS[colour] : 0;
    size_t bits = channels * depth, most = (size_t)8 * PIXEL_MAX;
    return bits && bits <= most ? bits : most;
}

static bool png_is_affordable(const struct picture *picture, size_t bits,
                              struct picture_refusal *refusal)
{
    size_t width = picture->full_width, height = picture->full_height;
    size_t work = width * height + (width * bits + 7) / 8 * height;
    if (!picture_fits(width, height, refusal))
        return false;
    if (work <= VISION_PNG_WORK_MAX)
        return true;
    return picture_refuse(
        refusal, 413,
        "This PNG of %zu x %zu pixels is too much work: of %zu bits each, at most %zu "
        "million pixels. Send it smaller, with fewer bits, or as a JPEG.",
        width, height, bits, (size_t)VISION_PNG_WORK_MAX * 8 / (8 + bits) / 1000000);
}

/* The first chunk is IHDR, which begins with the size (ISO/IEC 15948, section 11.2.2). */
static bool read_size(struct picture *picture, dime_text bytes, struct picture_refusal *refusal)
{
    static const char HEADER[] = "\0\0\0\rIHDR";
    if (bytes.length < SIGNATURE + 16)
        return picture_refuse(refusal, 400, "This PNG ends too early; send all of it again.");
    if (memcmp(bytes.data + SIGNATURE, HEADER, sizeof HEADER - 1) != 0)
        return picture_refuse(refusal, 400, "This PNG is damaged in its header; send it again.");
    picture->full_width = number32(bytes.data + 16);
    picture->full_height = number32(bytes.data + 20);
    if (bytes.length < SIGNATURE + 18)
        return picture_refuse(refusal, 400, "This PNG ends too early; send all of it again.");
    return png_is_affordable(
        picture, bits_of_pixel((unsigned char)bytes.data[24], (unsigned char)bytes.data[25]),
        refusal);
}

/* libpng's functions don't return on an error: they go back to where decode_png began. */
static void on_error(png_structp png, png_const_charp message)
{
    struct png_reading *reading = png_get_error_ptr(png);
    if (strstr(message, "emory"))
        picture_refuse_memory(reading->refusal);
    picture_refuse(reading->refusal, 400, "This PNG is damaged (%.120s); send it again.", message);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png, (void)message;
}

static void on_read(png_structp png, png_bytep bytes, size_t length)
{
    struct png_reading *reading = png_get_io_ptr(png);
    if (length > reading->rest.length) {
        picture_refuse(reading->refusal, 400, "This PNG ends too early; send all of it again.");
        png_error(png, "cut short");
    }
    if (reading->limit && (size_t)(reading->limit - reading->rest.data) < length) {
        picture_refuse(reading->refusal, 400,
                       "This PNG holds far more than its pixels; save it anew, and send that.");
        png_error(png, "too long");
    }
    memcpy(bytes, reading->rest.data, length);
    reading->rest = text_skip(reading->rest, length);
}

/* Has libpng convert all rows to eight bits each of red, green, blue and alpha. */
static void ask_for_colours(const struct png_reading *reading)
{
    png_set_expand(reading->png);
    png_set_scale_16(reading->png);
    png_set_gray_to_rgb(reading->png);
    png_set_add_alpha(reading->png, 0xFF, PNG_FILLER_AFTER);
    png_read_update_info(reading->png, reading->info);
}

static bool allocate_rows(struct png_reading *reading)
{
    struct picture *picture = reading->picture;
    size_t width = picture->full_width, height = picture->full_height;
    size_t block = (width > height ? width : height) / PICTURE_SIDE;
    reading->block = block ? block : 1;
    if (!picture_allocate(picture, (width + reading->block - 1) / reading->block,
                          (height + reading->block - 1) / reading->block, 3, reading->refusal))
        return false;
    reading->row = malloc(width * PIXEL);
    reading->sums = calloc(picture->width * picture->height, 3 * sizeof *reading->sums);
    reading->column = malloc(width * sizeof *reading->column);
    if (!reading->row || !reading->sums || !reading->column)
        return picture_refuse_memory(reading->refusal);
    for (size_t x = 0; x < width; x++)
        reading->column[x] = (uint32_t)(3 * (x / reading->block));
    return true;
}

static unsigned over_white(unsigned colour, unsigned alpha)
{
    return (colour * alpha + 255 * (255 - alpha) + 127) / 255;
}

/* Adds a row of pixels that stand STEP apart, the first of them at X. */
static void add_row(const struct png_reading *reading, size_t y, size_t x, size_t step)
{
    const struct picture *picture = reading->picture;
    uint32_t *sums = reading->sums + 3 * (y / reading->block) * picture->width;
    const uint8_t *pixel = reading->row;
    for (; x < picture->full_width; x += step, pixel += PIXEL) {
        uint32_t *sum = sums + reading->column[x];
        unsigned alpha = pixel[3];
        for (size_t colour = 0; colour < 3; colour++)
            sum[colour] += alpha == 255 ? pixel[colour] : over_white(pixel[colour], alpha);
    }
}

/* Reads a row. With the last one, libpng reads all that IDAT has. */
static void read_row(struct png_reading *reading, bool last)
{
    size_t most = reading->picture->full_width * PIXEL_MAX + SPARE;
    if (last)
        reading->limit =
            reading->rest.data + (most < reading->rest.length ? most : reading->rest.length);
    png_read_row(reading->png, reading->row, NULL);
}

/* The last pass has a pixel in every picture of two rows, and a smaller one isn't read. */
static void add_pass(struct png_reading *reading, unsigned pass)
{
    const struct picture *picture = reading->picture;
    size_t x = PNG_PASS_START_COL(pass), step = PNG_PASS_COL_OFFSET(pass);
    size_t down = PNG_PASS_ROW_OFFSET(pass);
    bool last = pass + 1 == PNG_INTERLACE_ADAM7_PASSES;
    if (x >= picture->full_width)
        return;
    for (size_t y = PNG_PASS_START_ROW(pass); y < picture->full_height; y += down) {
        read_row(reading, last && y + down >= picture->full_height);
        add_row(reading, y, x, step);
    }
}

static void add_all(struct png_reading *reading)
{
    size_t height = reading->picture->full_height;
    if (png_get_interlace_type(reading->png, reading->info) == PNG_INTERLACE_ADAM7) {
        for (unsigned pass = 0; pass < PNG_INTERLACE_ADAM7_PASSES; pass++)
            add_pass(reading, pass);
        return;
    }
    for (size_t y = 0; y < height; y++) {
        read_row(reading, y + 1 == height);
        add_row(reading, y, 0, 1);
    }
}

/* How many of the file's pixels lie in a block: fewer at the right and lower edge. */
static size_t extent(size_t at, size_t block, size_t full)
{
    return full - at * block < block ? full - at * block : block;
}

static void average(const struct png_reading *reading)
{
    const struct picture *picture = reading->picture;
    const uint32_t *sum = reading->sums;
    uint8_t *into = picture->pixels;
    for (size_t y = 0; y < picture->height; y++) {
        size_t down = extent(y, reading->block, picture->full_height);
        for (size_t x = 0; x < picture->width; x++) {
            size_t count = down * extent(x, reading->block, picture->full_width);
            for (size_t colour = 0; colour < 3; colour++)
                *into++ = (uint8_t)((*sum++ + count / 2) / count);
        }
    }
}

static bool read_rows(struct png_reading *reading)
{
    png_read_info(reading->png, reading->info);
    ask_for_colours(reading);
    size_t width = reading->picture->full_width;
    if (png_get_image_width(reading->png, reading->info) != width ||
        png_get_image_height(reading->png, reading->info) != reading->picture->full_height ||
        png_get_rowbytes(reading->png, reading->info) != width * PIXEL)
        return picture_refuse(reading->refusal, 400,
                              "This PNG is damaged in its header; send it again.");
    if (!allocate_rows(reading))
        return false;
    add_all(reading);
    average(reading);
    return true;
}

static bool decode_png(struct png_reading *reading)
{
    reading->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reading, on_error, on_warning);
    reading->info = reading->png ? png_create_info_struct(reading->png) : NULL;
    if (!reading->info)
        return picture_refuse_memory(reading->refusal);
    if (setjmp(png_jmpbuf(reading->png)))
        return false;
    png_set_read_fn(reading->png, reading, on_read);
    png_set_user_limits(reading->png, VISION_SIDE_MAX, VISION_SIDE_MAX);
    png_set_keep_unknown_chunks(reading->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    return read_rows(reading);
}

bool png_read(struct picture *picture, dime_text bytes, struct picture_refusal *refusal)
{
    struct png_reading reading = {.rest = bytes, .picture = picture, .refusal = refusal};
    if (!read_size(picture, bytes, refusal))
        return false;
    picture->orientation = find_orientation(bytes);
    bool done = decode_png(&reading);
    png_destroy_read_struct(&reading.png, &reading.info, NULL);
    free(reading.row);
    free(reading.sums);
    free(reading.column);
    return done;
}
