/*
 * variants.c - one photo in every kind of JPEG, and as plain pixels for other formats.
 *
 *     variants PHOTO.jpg FOLDER
 *
 * Writes plain.ppm and JPEGs: of each sampling, grey, of four inks, progressive, with each colour
 * in a scan of its own (by arithmetic code too), with restart markers, and turned as each of EXIF's
 * orientations has it, without the tag. tests/vision/pictures.py makes the rest out of these.
 */
#include "look.h"

#include <string.h>
#include <turbojpeg.h>

enum { ORIENTATIONS = 8 };

static const char *folder;

static void must(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "variants: %s failed\n", what);
        exit(2);
    }
}

static void save(const char *name, const void *head, size_t head_length, const void *bytes,
                 size_t length)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wbe");
    must(file && fwrite(head, 1, head_length, file) == head_length &&
             fwrite(bytes, 1, length, file) == length && fclose(file) == 0,
         path);
}

struct pixels {
    unsigned char *bytes;
    int width, height;
};

static struct pixels decode(dime_text file, int format)
{
    struct pixels pixels = {0};
    int sampling, colours;
    tjhandle handle = tjInitDecompress();
    const unsigned char *data = (const unsigned char *)file.data;
    must(tjDecompressHeader3(handle, data, file.length, &pixels.width, &pixels.height, &sampling,
                             &colours) == 0,
         "reading the photo");
    pixels.bytes = malloc((size_t)(pixels.width * pixels.height * tjPixelSize[format]));
    must(tjDecompress2(handle, data, file.length, pixels.bytes, pixels.width, 0, pixels.height,
                       format, 0) == 0,
         "decoding the photo");
    tjDestroy(handle);
    return pixels;
}

static void encode(const char *name, const struct pixels *pixels, int format, int sampling,
                   int flags)
{
    unsigned char *bytes = NULL;
    unsigned long length = 0;
    tjhandle handle = tjInitCompress();
    must(tjCompress2(handle, pixels->bytes, pixels->width, 0, pixels->height, format, &bytes,
                     &length, sampling, 92, flags) == 0,
         name);
    save(name, "", 0, bytes, length);
    tjFree(bytes);
    tjDestroy(handle);
}

/* As a printer would have them, 255 being no ink; libjpeg writes Adobe's marker with them. */
static void encode_inks(const struct pixels *pixels)
{
    struct pixels inks = *pixels;
    size_t count = (size_t)(pixels->width * pixels->height);
    inks.bytes = malloc(count * 4);
    must(inks.bytes != NULL, "allocating");
    for (size_t i = 0; i < count; i++) {
        memcpy(inks.bytes + 4 * i, pixels->bytes + 3 * i, 3);
        inks.bytes[4 * i + 3] = 255;
    }
    encode("inks.jpg", &inks, TJPF_CMYK, TJSAMP_444, 0);
    encode("inks-420.jpg", &inks, TJPF_CMYK, TJSAMP_420, 0);
    free(inks.bytes);
}

static void transform(const char *name, dime_text file, int operation, int options)
{
    tjtransform how = {.op = operation, .options = options};
    unsigned char *bytes = NULL;
    unsigned long length = 0;
    tjhandle handle = tjInitTransform();
    must(tjTransform(handle, (const unsigned char *)file.data, file.length, 1, &bytes, &length,
                     &how, 0) == 0,
         name);
    save(name, "", 0, bytes, length);
    tjFree(bytes);
    tjDestroy(handle);
}

/* What undoes each orientation: the stored picture that looks right once it's turned so. */
static void turn(dime_text file)
{
    static const int OPERATIONS[ORIENTATIONS] = {TJXOP_NONE,       TJXOP_HFLIP,     TJXOP_ROT180,
                                                 TJXOP_VFLIP,      TJXOP_TRANSPOSE, TJXOP_ROT270,
                                                 TJXOP_TRANSVERSE, TJXOP_ROT90};
    for (int i = 0; i < ORIENTATIONS; i++) {
        char name[32];
        snprintf(name, sizeof name, "turned-%d.jpg", i + 1);
        transform(name, file, OPERATIONS[i], TJXOPT_TRIM);
    }
}

static void encode_all(dime_text file)
{
    struct pixels pixels = decode(file, TJPF_RGB);
    char head[64];
    int length = snprintf(head, sizeof head, "P6\n%d %d\n255\n", pixels.width, pixels.height);
    save("plain.ppm", head, (size_t)length, pixels.bytes,
         (size_t)(pixels.width * pixels.height * 3));
    encode("444.jpg", &pixels, TJPF_RGB, TJSAMP_444, 0);
    encode("422.jpg", &pixels, TJPF_RGB, TJSAMP_422, 0);
    encode("420.jpg", &pixels, TJPF_RGB, TJSAMP_420, 0);
    encode("440.jpg", &pixels, TJPF_RGB, TJSAMP_440, 0);
    encode("411.jpg", &pixels, TJPF_RGB, TJSAMP_411, 0);
    encode("grey.jpg", &pixels, TJPF_RGB, TJSAMP_GRAY, 0);
    encode("progressive.jpg", &pixels, TJPF_RGB, TJSAMP_420, TJFLAG_PROGRESSIVE);
    setenv("TJ_RESTART", "4", 1);
    encode("restarts.jpg", &pixels, TJPF_RGB, TJSAMP_420, 0);
    unsetenv("TJ_RESTART");
    setenv("TJ_ARITHMETIC", "1", 1);
    encode("arithmetic.jpg", &pixels, TJPF_RGB, TJSAMP_420, 0);
    unsetenv("TJ_ARITHMETIC");
    encode_inks(&pixels);
    free(pixels.bytes);
}

int main(int count, char **arguments)
{
    if (count != 3)
        return 2;
    folder = arguments[2];
    dime_text file = read_file(arguments[1]);
    encode_all(file);
    turn(file);
    free_file(file);
    return 0;
}
