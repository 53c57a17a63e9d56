/*
 * thumbnail_test.c - checks the pixels of thumbnails and the headers that caches read.
 *
 * The pictures have plain colours: quarters.jpg is red, green, blue and white, row by row, 96 x 64;
 * turned.jpg is the same with an orientation in its EXIF data; half.png, 64 x 32, is red, and its
 * right half of blue can't be seen.
 */
#include <dime/test.h>

#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

extern const dime_function dime_function_thumbnail;

static dime_test *test;

/* RGBA; the caller frees it. */
struct image {
    int width, height;
    unsigned char *data;
};

static struct image decode_jpeg(dime_text bytes)
{
    struct image image = {0};
    const unsigned char *from = (const unsigned char *)bytes.data;
    int sampling, colours;
    tjhandle handle = tjInitDecompress();
    if (tjDecompressHeader3(handle, from, bytes.length, &image.width, &image.height, &sampling,
                            &colours) == 0) {
        image.data = malloc((size_t)image.width * (size_t)image.height * 4);
        tjDecompress2(handle, from, bytes.length, image.data, image.width, 0, image.height,
                      TJPF_RGBA, 0);
    }
    tjDestroy(handle);
    return image;
}

static struct image decode_png(dime_text bytes)
{
    struct image image = {0};
    png_image png = {.version = PNG_IMAGE_VERSION};
    if (png_image_begin_read_from_memory(&png, bytes.data, bytes.length)) {
        png.format = PNG_FORMAT_RGBA;
        image = (struct image){(int)png.width, (int)png.height, malloc(PNG_IMAGE_SIZE(png))};
        png_image_finish_read(&png, NULL, image.data, 0, NULL);
    }
    png_image_free(&png);
    return image;
}

/* The name of the colour at a place that is told in parts of the whole. */
static char colour_at(const struct image *image, double across, double down)
{
    int x = (int)(across * image->width), y = (int)(down * image->height);
    const unsigned char *pixel = image->data + (y * image->width + x) * 4;
    bool red = pixel[0] > 128, green = pixel[1] > 128, blue = pixel[2] > 128;
    return red && green && blue ? 'w' : red ? 'r' : green ? 'g' : blue ? 'b' : '-';
}

/* Asks for a thumbnail of 48 pixels of turned.jpg, held as ORIENTATION says. */
static void stands_upright(int orientation, const char *colours)
{
    static char bytes[4096];
    FILE *file = fopen("tests/pictures/turned.jpg", "rb");
    size_t length = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    const char tag[] = {1, 0x12, 0, 3, 0, 0, 0, 1, 0}; /* Orientation, a short, one of them */
    char *at = memmem(bytes, length, tag, sizeof tag);
    if (file)
        fclose(file);
    if (!DIME_EXPECT(test, at))
        return;
    at[sizeof tag] = (char)orientation;
    const dime_test_answer *answer = dime_test_ask(
        test, "POST /?size=48", "Content-Type: image/jpeg", (dime_text){bytes, length});
    struct image image = decode_jpeg(answer->body);
    bool turned = orientation >= 5 && orientation <= 8;
    DIME_EXPECT(test, image.width == (turned ? 32 : 48) && image.height == (turned ? 48 : 32));
    for (int i = 0; image.data && i < 4; i++)
        DIME_EXPECT(test, colour_at(&image, i % 2 ? 0.8 : 0.2, i / 2 ? 0.8 : 0.2) == colours[i]);
    free(image.data);
}

static void keeps_what_cant_be_seen(void)
{
    const dime_test_answer *answer = dime_test_send(test, "GET /32/half.png", NULL);
    struct image image = decode_png(answer->body);
    DIME_EXPECT(test, image.width == 32 && image.height == 16);
    for (int i = 0; image.data && i < 32 * 16; i++) {
        const unsigned char *pixel = image.data + 4 * i;
        bool left = i % 32 < 16;
        if (!DIME_EXPECT(test, pixel[3] == (left ? 255 : 0) && (!left || pixel[0] == 255)))
            break;
    }
    free(image.data);
}

static void stays_small(void)
{
    const dime_test_answer *answer = dime_test_send(test, "GET /1024/quarters.jpg", NULL);
    struct image image = decode_jpeg(answer->body);
    DIME_EXPECT(test, image.width == 96 && image.height == 64);
    free(image.data);
}

static void is_kept_by_caches(void)
{
    char first[128] = "", header[160];
    const dime_test_answer *answer = dime_test_send(test, "GET /32/quarters.jpg", NULL);
    dime_text tag = dime_test_header(test, "ETag");
    DIME_EXPECT(test, answer->status == 200 && tag.length > 4 && tag.length < sizeof first);
    snprintf(first, sizeof first, "%.*s", DIME_ARG(tag));

    snprintf(header, sizeof header, "If-None-Match: \"other\", %s", first);
    answer = dime_test_ask(test, "GET /32/quarters.jpg", header, dime_text_of(NULL));
    DIME_EXPECT(test, answer->status == 304 && answer->body.length == 0);
    DIME_EXPECT(test, dime_text_is(dime_test_header(test, "ETag"), first));

    answer = dime_test_ask(test, "GET /33/quarters.jpg", header, dime_text_of(NULL));
    DIME_EXPECT(test, answer->status == 200);
    answer = dime_test_ask(test, "GET /32/turned.jpg", header, dime_text_of(NULL));
    DIME_EXPECT(test, answer->status == 200);
}

int main(void)
{
    static const char *const UPRIGHT[] = {"rgbw", "rgbw", "grwb", "wbgr", "bwrg",
                                          "rbgw", "brwg", "wgbr", "gwrb", "rgbw"};
    test = dime_test_begin(&dime_function_thumbnail);
    for (int i = 0; i < 10; i++)
        stands_upright(i, UPRIGHT[i]);
    keeps_what_cant_be_seen();
    stays_small();
    is_kept_by_caches();
    return dime_test_end(test);
}
