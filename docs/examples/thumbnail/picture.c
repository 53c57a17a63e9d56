/*
 * picture.c - decodes, averages and encodes, by the libraries of libjpeg-turbo, libpng and libexif.
 *
 * A header is judged before a pixel is decoded. JPEG is decoded small to begin with, which costs a
 * fraction of the whole; what is left is the average of the pixels that fall on each new one.
 */
#include "picture.h"

#include <libexif/exif-data.h>
#include <png.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

enum { CHANNELS = 4, QUALITY = 85 };

/* RGBA, row by row. */
struct pixels {
    int width, height;
    unsigned char *data; /* malloc's */
};

static enum picture_fault make_room(struct pixels *pixels)
{
    pixels->data = malloc((size_t)pixels->width * (size_t)pixels->height * CHANNELS);
    return pixels->data ? PICTURE_FINE : PICTURE_NO_MEMORY;
}

static enum picture_fault judge_size(const struct picture *picture)
{
    if (picture->width < 1 || picture->height < 1)
        return PICTURE_BROKEN;
    return (int64_t)picture->width * picture->height > PICTURE_PIXELS_MAX ? PICTURE_TOO_LARGE
                                                                          : PICTURE_FINE;
}

/* Decodes at the smallest of 1/1, 1/2, 1/4 and 1/8 that has twice the pixels that are wanted. */
static enum picture_fault read_jpeg(tjhandle handle, const unsigned char *bytes, size_t length,
                                    int size, struct picture *picture, struct pixels *pixels)
{
    int subsampling, colours;
    if (tjDecompressHeader3(handle, bytes, length, &picture->width, &picture->height, &subsampling,
                            &colours) != 0)
        return PICTURE_BROKEN;
    enum picture_fault fault = judge_size(picture);
    if (fault != PICTURE_FINE)
        return fault;
    tjscalingfactor scale = {1, 1};
    int longest = picture->width > picture->height ? picture->width : picture->height;
    while (scale.denom < 8 && longest / (scale.denom * 2) >= size * 2)
        scale.denom *= 2;
    pixels->width = TJSCALED(picture->width, scale);
    pixels->height = TJSCALED(picture->height, scale);
    if (make_room(pixels) != PICTURE_FINE)
        return PICTURE_NO_MEMORY;
    /* A progressive file may go over the same pixels thousands of times: LIMITSCANS. */
    return tjDecompress2(handle, bytes, length, pixels->data, pixels->width, 0, pixels->height,
                         TJPF_RGBA, TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS) == 0
               ? PICTURE_FINE
               : PICTURE_BROKEN;
}

static enum picture_fault read_png(const unsigned char *bytes, size_t length,
                                   struct picture *picture, struct pixels *pixels)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_memory(&image, bytes, length))
        return PICTURE_BROKEN;
    picture->width = pixels->width = (int)image.width;
    picture->height = pixels->height = (int)image.height;
    image.format = PNG_FORMAT_RGBA;
    enum picture_fault fault = judge_size(picture);
    if (fault == PICTURE_FINE)
        fault = make_room(pixels);
    if (fault == PICTURE_FINE && !png_image_finish_read(&image, NULL, pixels->data, 0, NULL))
        fault = PICTURE_BROKEN;
    png_image_free(&image);
    return fault;
}

/* How the camera was held: 1 to 8, as EXIF counts; 1 is upright. */
static int read_orientation(const unsigned char *bytes, size_t length)
{
    ExifData *data = exif_data_new_from_data(bytes, (unsigned)length);
    ExifEntry *entry =
        data ? exif_content_get_entry(data->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION) : NULL;
    int orientation = 1;
    if (entry && entry->format == EXIF_FORMAT_SHORT && entry->components == 1)
        orientation = exif_get_short(entry->data, exif_data_get_byte_order(data));
    exif_data_unref(data);
    return orientation >= 1 && orientation <= 8 ? orientation : 1;
}

/* Averages the pixels from (x0, y0) up to, but not, (x1, y1): each counts as much as it covers. */
static void average(const struct pixels *from, int x0, int y0, int x1, int y1, unsigned char *to)
{
    uint64_t sums[CHANNELS] = {0}, count = (uint64_t)(x1 - x0) * (uint64_t)(y1 - y0);
    for (int y = y0; y < y1; y++) {
        const unsigned char *at =
            from->data + ((size_t)y * (size_t)from->width + (size_t)x0) * CHANNELS;
        for (int x = x0; x < x1; x++, at += CHANNELS) {
            for (int i = 0; i < 3; i++)
                sums[i] += (uint64_t)at[i] * at[3];
            sums[3] += at[3];
        }
    }
    for (int i = 0; i < 3; i++)
        to[i] = (unsigned char)(sums[3] ? (sums[i] + sums[3] / 2) / sums[3] : 0);
    to[3] = (unsigned char)((sums[3] + count / 2) / count);
}

/* The side of a picture that is made smaller by LONGEST to SIZE; never larger, never none. */
static int scaled(int side, int longest, int size)
{
    int64_t result = longest > size ? ((int64_t)side * size + longest / 2) / longest : side;
    return result < 1 ? 1 : (int)result;
}

/* Fills SMALL, which is upright, from WIDE. */
static enum picture_fault shrink(const struct pixels *wide, int size, int orientation,
                                 struct pixels *small)
{
    int longest = wide->width > wide->height ? wide->width : wide->height;
    const int width = scaled(wide->width, longest, size),
              height = scaled(wide->height, longest, size);
    const bool turned = orientation >= 5;
    const bool from_right = orientation == 2 || orientation == 3 || orientation >= 7;
    const bool from_below =
        orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    small->width = turned ? height : width;
    small->height = turned ? width : height;
    if (make_room(small) != PICTURE_FINE)
        return PICTURE_NO_MEMORY;
    unsigned char *to = small->data;
    for (int y = 0; y < small->height; y++) {
        for (int x = 0; x < small->width; x++, to += CHANNELS) {
            int64_t column = turned ? y : x, row = turned ? x : y;
            column = from_right ? width - 1 - column : column;
            row = from_below ? height - 1 - row : row;
            average(wide, (int)(column * wide->width / width), (int)(row * wide->height / height),
                    (int)((column + 1) * wide->width / width),
                    (int)((row + 1) * wide->height / height), to);
        }
    }
    return PICTURE_FINE;
}

static enum picture_fault write_jpeg(const struct pixels *pixels, struct picture *picture)
{
    unsigned long length = tjBufSize(pixels->width, pixels->height, TJSAMP_420);
    tjhandle handle = tjInitCompress();
    picture->bytes = malloc(length);
    bool written =
        handle && picture->bytes &&
        tjCompress2(handle, pixels->data, pixels->width, 0, pixels->height, TJPF_RGBX,
                    &picture->bytes, &length, TJSAMP_420, QUALITY, TJFLAG_NOREALLOC) == 0;
    if (handle)
        tjDestroy(handle);
    picture->length = length;
    return written ? PICTURE_FINE : PICTURE_NO_MEMORY;
}

static enum picture_fault write_png(const struct pixels *pixels, struct picture *picture)
{
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)pixels->width,
                       .height = (png_uint_32)pixels->height,
                       .format = PNG_FORMAT_RGBA};
    png_alloc_size_t length = PNG_IMAGE_PNG_SIZE_MAX(image);
    picture->bytes = malloc(length);
    bool written = picture->bytes && png_image_write_to_memory(&image, picture->bytes, &length, 0,
                                                               pixels->data, 0, NULL);
    png_image_free(&image);
    picture->length = length;
    return written ? PICTURE_FINE : PICTURE_NO_MEMORY;
}

static enum picture_fault shrink_jpeg(const unsigned char *bytes, size_t length, int size,
                                      struct picture *picture)
{
    struct pixels wide = {0}, small = {0};
    tjhandle handle = tjInitDecompress();
    if (!handle)
        return PICTURE_NO_MEMORY;
    enum picture_fault fault = read_jpeg(handle, bytes, length, size, picture, &wide);
    tjDestroy(handle);
    if (fault == PICTURE_FINE)
        fault = shrink(&wide, size, read_orientation(bytes, length), &small);
    if (fault == PICTURE_FINE)
        fault = write_jpeg(&small, picture);
    free(wide.data);
    free(small.data);
    return fault;
}

static enum picture_fault shrink_png(const unsigned char *bytes, size_t length, int size,
                                     struct picture *picture)
{
    struct pixels wide = {0}, small = {0};
    enum picture_fault fault = read_png(bytes, length, picture, &wide);
    if (fault == PICTURE_FINE)
        fault = shrink(&wide, size, 1, &small);
    if (fault == PICTURE_FINE)
        fault = write_png(&small, picture);
    free(wide.data);
    free(small.data);
    return fault;
}

enum picture_fault picture_shrink(const void *bytes, size_t length, int size,
                                  struct picture *picture)
{
    *picture = (struct picture){.type = "image/jpeg"};
    if (length > 3 && memcmp(bytes, "\xFF\xD8\xFF", 3) == 0)
        return shrink_jpeg(bytes, length, size, picture);
    picture->type = "image/png";
    if (length > 8 && memcmp(bytes, "\x89PNG\r\n\x1A\n", 8) == 0)
        return shrink_png(bytes, length, size, picture);
    return PICTURE_UNKNOWN;
}

void picture_free(struct picture *picture)
{
    free(picture->bytes);
    picture->bytes = NULL;
}
