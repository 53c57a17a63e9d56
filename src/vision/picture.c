/*
 * picture.c - which format a picture has, its limits, and which way up it is.
 *
 * The format is told by the first bytes, never by a name or a Content-Type, which senders get
 * wrong. One that isn't taken is named where it's known, since "send a JPEG" helps more to somebody
 * who hears that the file is a HEIC.
 */
#include "vision/picture.h"

#include <stdlib.h>

#include "vision/jpeg.h"
#include "vision/png.h"
#include "vision/vision.h"

/* How formats that aren't taken begin: MAGIC stands at AT. */
static const struct {
    size_t at;
    dime_text magic;
    const char *name;
} OTHERS[] = {
    {0, {"GIF8", 4}, "a GIF"},
    {8, {"WEBP", 4}, "a WebP"},
    {4, {"ftypavi", 7}, "an AVIF"},
    {4, {"ftyphei", 7}, "a HEIC"},
    {4, {"ftyphev", 7}, "a HEIC"},
    {4, {"ftypmif", 7}, "a HEIF"},
    {4, {"ftyp", 4}, "a video"},
    {0, {"II*\0", 4}, "a TIFF or a raw photo"},
    {0, {"MM\0*", 4}, "a TIFF or a raw photo"},
    {0, {"\0\0\0\x0CjP  ", 8}, "a JPEG 2000"},
    {0, {"\0\0\0\x0CJXL ", 8}, "a JPEG XL"},
    {0, {"\xFF\x0A", 2}, "a JPEG XL"},
    {0, {"BM", 2}, "a BMP"},
    {0, {"\0\0\1\0", 4}, "an icon"},
    {0, {"%PDF", 4}, "a PDF"},
    {0, {"PK\3\4", 4}, "a zip"},
    {0, {"<svg", 4}, "an SVG"},
};

enum { TEXT_LOOKED_AT = 512 };

static bool is_control(char c)
{
    return (unsigned char)c < ' ' && c != '\t' && c != '\n' && c != '\f' && c != '\r';
}

/* UTF-8 at its beginning, where a character may be cut at the end, and no control characters. */
static bool is_text(dime_text bytes)
{
    size_t cut = bytes.length > TEXT_LOOKED_AT ? 3 : 0;
    if (cut)
        bytes.length = TEXT_LOOKED_AT;
    while (bytes.length > cut) {
        size_t length = text_utf8_length(bytes);
        if (!length || is_control(bytes.data[0]))
            return false;
        bytes = (dime_text){bytes.data + length, bytes.length - length};
    }
    return true;
}

static const char *name_format(dime_text bytes)
{
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++) {
        size_t at = OTHERS[i].at;
        if (at <= bytes.length &&
            text_starts((dime_text){bytes.data + at, bytes.length - at}, OTHERS[i].magic))
            return OTHERS[i].name;
    }
    return is_text(bytes) ? "text" : NULL;
}

static bool refuse_format(dime_text bytes, struct refusal *refusal)
{
    const char *name = name_format(bytes);
    if (!name)
        return refuse(refusal, 415, "This is no picture that is known here; send a JPEG or a PNG.");
    return refuse(refusal, 415, "This is %s; send a JPEG or a PNG.", name);
}

bool picture_read(struct picture *picture, dime_text bytes, struct refusal *refusal)
{
    *picture = (struct picture){.orientation = 1};
    bool done = false;
    if (!bytes.length)
        refuse(refusal, 400, "There are no bytes; send a JPEG or a PNG.");
    else if (bytes.length > VISION_BYTES_MAX)
        refuse(refusal, 413, "Send a picture of at most %d MiB.", VISION_BYTES_MAX >> 20);
    else if (text_starts(bytes, TEXT("\xFF\xD8\xFF")))
        done = jpeg_read(picture, bytes, refusal);
    else if (text_starts(bytes, TEXT("\x89PNG\r\n\x1A\n")))
        done = png_read(picture, bytes, refusal);
    else
        refuse_format(bytes, refusal);
    if (!done)
        picture_free(picture);
    return done;
}

void picture_free(struct picture *picture)
{
    free(picture->pixels);
    *picture = (struct picture){.orientation = 1};
}

bool picture_fits(size_t width, size_t height, struct refusal *refusal)
{
    if (width > VISION_SIDE_MAX || height > VISION_SIDE_MAX || width * height > VISION_PIXELS_MAX)
        return refuse(refusal, 413,
                      "The picture has %zu x %zu pixels; send one of at most %d million, and of "
                      "%d a side.",
                      width, height, VISION_PIXELS_MAX / 1000000, VISION_SIDE_MAX);
    if (width < VISION_SIDE_MIN || height < VISION_SIDE_MIN)
        return refuse(refusal, 422,
                      "The picture has %zu x %zu pixels, too few to see anything; send one of at "
                      "least %d a side.",
                      width, height, VISION_SIDE_MIN);
    return true;
}

bool picture_allocate(struct picture *picture, size_t width, size_t height, size_t bytes,
                      struct refusal *refusal)
{
    picture->pixels = malloc(width * height * bytes);
    if (!picture->pixels)
        return refuse_memory(refusal);
    picture->width = width;
    picture->height = height;
    return true;
}

/*
 * What EXIF's orientations are made of: the first row is on the left or right side where they turn,
 * and either direction may be reversed.
 */
struct view picture_view(const struct picture *picture)
{
    static const struct {
        bool turned, from_right, from_bottom;
    } WAYS[] = {
        [1] = {false, false, false}, [2] = {false, true, false}, [3] = {false, true, true},
        [4] = {false, false, true},  [5] = {true, false, false}, [6] = {true, false, true},
        [7] = {true, true, true},    [8] = {true, true, false},
    };
    ptrdiff_t right = 3, down = 3 * (ptrdiff_t)picture->width;
    ptrdiff_t last_right = right * ((ptrdiff_t)picture->width - 1);
    ptrdiff_t last_down = down * ((ptrdiff_t)picture->height - 1);
    bool turned = WAYS[picture->orientation].turned;
    bool from_right = WAYS[picture->orientation].from_right;
    bool from_bottom = WAYS[picture->orientation].from_bottom;
    const uint8_t *origin = picture->pixels;
    if (from_right) {
        origin += last_right;
        right = -right;
    }
    if (from_bottom) {
        origin += last_down;
        down = -down;
    }
    return turned ? (struct view){origin, down, right, picture->height, picture->width}
                  : (struct view){origin, right, down, picture->width, picture->height};
}

struct view view_part(struct view view, size_t left, size_t top, size_t width, size_t height)
{
    return (struct view){view.origin + (ptrdiff_t)left * view.right + (ptrdiff_t)top * view.down,
                         view.right, view.down, width, height};
}
