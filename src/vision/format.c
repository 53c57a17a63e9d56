/*
 * format.c - detects a picture's format, and calls its decoder.
 *
 * The first bytes decide, never a name or a Content-Type, which senders get wrong. The refusal of
 * an unsupported format names it if it's known: "send a JPEG" helps more if one learns that the
 * file is a HEIC.
 */
#include "vision/format.h"

#include "vision/jpeg.h"
#include "vision/png.h"
#include "vision/vision.h"

/* The beginnings of unsupported formats: MAGIC stands at AT. */
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

/* UTF-8 without control characters; the last character may be cut. */
static bool looks_like_text(dime_text bytes)
{
    size_t cut = bytes.length > TEXT_LOOKED_AT ? 3 : 0;
    if (cut)
        bytes.length = TEXT_LOOKED_AT;
    while (bytes.length > cut) {
        size_t length = text_utf8_length(bytes);
        if (!length || is_control(bytes.data[0]))
            return false;
        bytes = text_skip(bytes, length);
    }
    return true;
}

static const char *name_format(dime_text bytes)
{
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++) {
        size_t at = OTHERS[i].at;
        if (at <= bytes.length && text_starts(text_skip(bytes, at), OTHERS[i].magic))
            return OTHERS[i].name;
    }
    return looks_like_text(bytes) ? "text" : NULL;
}

static bool refuse_format(dime_text bytes, struct picture_refusal *refusal)
{
    const char *name = name_format(bytes);
    if (!name)
        return picture_refuse(refusal, 415,
                              "This is no picture that is known here; send a JPEG or a PNG.");
    return picture_refuse(refusal, 415, "This is %s; send a JPEG or a PNG.", name);
}

bool picture_read(struct picture *picture, dime_text bytes, struct picture_refusal *refusal)
{
    *picture = (struct picture){.orientation = 1};
    bool done = false;
    if (!bytes.length)
        picture_refuse(refusal, 400, "There are no bytes; send a JPEG or a PNG.");
    else if (bytes.length > VISION_BYTES_MAX)
        picture_refuse(refusal, 413, "Send a picture of at most %d MiB.", VISION_BYTES_MAX >> 20);
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
