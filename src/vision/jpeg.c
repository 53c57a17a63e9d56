/*
 * jpeg.c - surveys a JPEG's markers, then decodes it with libjpeg-turbo.
 *
 * libjpeg keeps all coefficients of a picture with several scans, and goes over all of them in each
 * scan, so a small file can demand any amount of memory and time. The survey counts both first.
 * TurboJPEG's interface returns errors, while libjpeg's own uses longjmp. The picture is decoded at
 * 1/2, 1/4 or 1/8 of its size, which saves most of the work.
 */
#include "vision/jpeg.h"

#include <stdlib.h>
#include <turbojpeg.h>

#include "vision/exif.h"
#include "vision/vision.h"

enum {
    SOF0 = 0xC0,
    RST0 = 0xD0,
    SOI = 0xD8,
    EOI = 0xD9,
    SOS = 0xDA,
    APP1 = 0xE1,
    APP14 = 0xEE,
    JPEG_BLOCK = 8,                             /* pixels a side */
    COEFFICIENTS = JPEG_BLOCK * JPEG_BLOCK * 2, /* bytes of a block's */
    COEFFICIENT_BYTES_MAX = 96 << 20,           /* a progressive picture of 33 million pixels */
    SCANS_MAX = 100,                            /* ten are usual */
};
static const size_t WORK_MAX = VISION_SCANNED_PIXELS_MAX;
static const dime_text LAST_MARKER = {"\xFF\xD9", 2}; /* the marker EOI */

static size_t number16(const unsigned char *bytes)
{
    return (size_t)(bytes[0] << 8 | bytes[1]);
}

/*
 * Cuts the next marker off *REST, wherever it begins, as libjpeg does: between markers is a scan's
 * data, in which 00 follows FF. Returns 0 if no marker is left.
 */
static unsigned cut_marker(dime_text *rest)
{
    unsigned marker = 0;
    while (rest->length && (marker == 0 || marker == 0xFF)) {
        if (marker == 0) {
            const char *found = memchr(rest->data, 0xFF, rest->length);
            size_t skipped = found ? (size_t)(found - rest->data) + 1 : rest->length;
            *rest = text_skip(*rest, skipped);
            if (!rest->length)
                return 0;
        }
        marker = (unsigned char)rest->data[0];
        *rest = text_skip(*rest, 1);
    }
    return marker == 0xFF ? 0 : marker;
}

/*
 * Restart markers, TEM, the start and the end stand alone (T.81, table B.1). Reserved markers below
 * SOF0 count as such too: libjpeg, when it searches for a restart, goes on right after them. If the
 * survey took them for segments, it would miss the scans in those.
 */
static bool stands_alone(unsigned marker)
{
    return marker < SOF0 || (marker >= RST0 && marker <= EOI);
}

/* Cuts the segment behind a marker off *REST, without its length; false where it isn't whole. */
static bool cut_segment(dime_text *rest, dime_text *segment)
{
    size_t length = rest->length >= 2 ? number16((const unsigned char *)rest->data) : 0;
    if (length < 2 || length > rest->length)
        return false;
    *segment = (dime_text){rest->data + 2, length - 2};
    *rest = text_skip(*rest, length);
    return true;
}

static bool is_frame(unsigned marker)
{
    return marker >= SOF0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

/* Baseline, extended and progressive, by Huffman or arithmetic code; not lossless, not of layers.
 */
static bool is_readable(unsigned marker, unsigned precision)
{
    bool known = marker <= 0xC2 || marker == 0xC9 || marker == 0xCA;
    return known && precision == 8;
}

static size_t blocks(size_t pixels, size_t factor, size_t most)
{
    size_t unit = most * JPEG_BLOCK;
    return (pixels + unit - 1) / unit * factor;
}

/* The memory that libjpeg needs for all scans: the blocks of each component, in whole units. */
static size_t coefficient_bytes(const struct jpeg_survey *survey, const unsigned char *components)
{
    size_t most_across = 1, most_down = 1, count = 0;
    for (int i = 0; i < survey->components; i++) {
        size_t across = components[3 * i + 1] >> 4, down = components[3 * i + 1] & 15;
        most_across = across > most_across ? across : most_across;
        most_down = down > most_down ? down : most_down;
    }
    for (int i = 0; i < survey->components; i++) {
        size_t across = components[3 * i + 1] >> 4, down = components[3 * i + 1] & 15;
        count +=
            blocks(survey->width, across, most_across) * blocks(survey->height, down, most_down);
    }
    return count * COEFFICIENTS;
}

/* The first frame header is the picture's (T.81, section B.2.2); libjpeg refuses a second one. */
static bool read_frame_header(struct jpeg_survey *survey, unsigned marker, dime_text segment)
{
    const unsigned char *bytes = (const unsigned char *)segment.data;
    if (survey->components)
        return true;
    if (segment.length < 6 || bytes[5] == 0 || segment.length < 6 + 3 * (size_t)bytes[5])
        return false;
    survey->height = number16(bytes + 1);
    survey->width = number16(bytes + 3);
    survey->components = bytes[5];
    survey->readable =
        is_readable(marker, bytes[0]) && survey->components <= 4 && survey->components != 2;
    survey->coefficient_bytes = coefficient_bytes(survey, bytes + 6);
    return survey->width && survey->height;
}

/* A sequential picture that comes in one scan is decoded as it comes, and nothing is kept. */
static bool read_scan(struct jpeg_survey *survey, bool progressive, dime_text segment)
{
    if (!survey->components || !segment.length)
        return false;
    int components = (unsigned char)segment.data[0];
    if (survey->scans++ == 0 && !progressive && components >= survey->components)
        survey->coefficient_bytes = 0;
    return true;
}

static void read_application(struct jpeg_survey *survey, unsigned marker, dime_text segment)
{
    static const dime_text EXIF = {"Exif\0", 6};
    if (marker == APP1 && !survey->exif.length && text_starts(segment, EXIF))
        survey->exif = text_skip(segment, EXIF.length);
    if (marker == APP14 && text_starts(segment, TEXT("Adobe")))
        survey->inverted_inks = true;
}

bool jpeg_take_survey(dime_text bytes, struct jpeg_survey *survey)
{
    *survey = (struct jpeg_survey){0};
    dime_text rest = bytes, segment;
    if (cut_marker(&rest) != SOI)
        return false;
    bool progressive = false, arithmetic = false;
    unsigned marker;
    while ((marker = cut_marker(&rest))) {
        survey->whole = marker == EOI;
        if (survey->whole || (!stands_alone(marker) && !cut_segment(&rest, &segment)))
            break;
        if (stands_alone(marker))
            continue;
        progressive |= marker == 0xC2 || marker == 0xCA;
        arithmetic |= marker == 0xC9 || marker == 0xCA;
        if (is_frame(marker) && !read_frame_header(survey, marker, segment))
            return false;
        if (marker == SOS && !read_scan(survey, progressive, segment))
            return false;
        read_application(survey, marker, segment);
    }
    /* libjpeg doesn't report that an arithmetic code ended too early. */
    survey->open_end = !marker && !arithmetic;
    return survey->scans > 0;
}

static bool jpeg_is_affordable(const struct jpeg_survey *survey, struct picture_refusal *refusal)
{
    if (!picture_fits(survey->width, survey->height, refusal))
        return false;
    if (survey->coefficient_bytes > COEFFICIENT_BYTES_MAX)
        return picture_refuse(
            refusal, 413,
            "A progressive JPEG of %zu x %zu pixels needs too much memory; save it as a "
            "baseline JPEG, or smaller.",
            survey->width, survey->height);
    if (survey->scans > SCANS_MAX || survey->width * survey->height * survey->scans > WORK_MAX)
        return picture_refuse(
            refusal, 413,
            "This progressive JPEG of %zu scans is too much work: at most %d scans, and "
            "%zu million pixels of all of them. Save it as a baseline JPEG, or smaller.",
            survey->scans, SCANS_MAX, WORK_MAX / 1000000);
    return true;
}

/* The smallest size for quick decoding whose longer side is at least PICTURE_SIDE. */
static tjscalingfactor scale(const struct jpeg_survey *survey)
{
    size_t longer = survey->width > survey->height ? survey->width : survey->height;
    tjscalingfactor factor = {1, 8};
    while (factor.denom > 1 && TJSCALED((int)longer, factor) < PICTURE_SIDE)
        factor.denom /= 2;
    return factor;
}

/* What an ink, and then black, leave of a colour. */
static uint8_t under(const uint8_t *inks, size_t ink, bool inverted)
{
    unsigned first = inverted ? inks[ink] : 255u - inks[ink];
    unsigned black = inverted ? inks[3] : 255u - inks[3];
    return (uint8_t)((first * black + 127) / 255);
}

/* Converts CMYK to RGB in place; without a profile the colours are approximate. */
static void inks_to_colours(uint8_t *pixels, size_t count, bool inverted)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t inks[4];
        memcpy(inks, pixels + 4 * i, sizeof inks);
        for (size_t colour = 0; colour < 3; colour++)
            pixels[3 * i + colour] = under(inks, colour, inverted);
    }
}

/* Decodes BYTES, which end with the marker EOI; OPEN_END: it's ours, and the file had none. */
static bool decode_jpeg(tjhandle handle, const struct picture *picture, dime_text bytes, bool inks,
                        bool open_end, struct picture_refusal *refusal)
{
    const unsigned char *data = (const unsigned char *)bytes.data;
    int failed =
        tjDecompress2(handle, data, bytes.length, picture->pixels, (int)picture->width, 0,
                      (int)picture->height, inks ? TJPF_CMYK : TJPF_RGB, TJFLAG_LIMITSCANS);
    if (!failed)
        return true;
    const char *why = tjGetErrorStr2(handle);
    bool warning = tjGetErrorCode(handle) == TJERR_WARNING;
    if (warning && open_end && strstr(why, "premature end"))
        return picture_refuse(refusal, 400, "This JPEG ends too early; send all of it again.");
    /* Another warning is about damage in the middle, which every viewer shows too. */
    if (warning)
        return true;
    if (strstr(why, "emory"))
        return picture_refuse_memory(refusal);
    return picture_refuse(refusal, 400, "This JPEG is damaged (%.120s); send it again.", why);
}

/*
 * Viewers show a JPEG without its last marker. With the marker added, libjpeg can tell such a file,
 * whose scans are complete, from one that was cut short.
 */
static bool decode_open_end(tjhandle handle, const struct picture *picture, dime_text bytes,
                            bool inks, struct picture_refusal *refusal)
{
    char *ended = malloc(bytes.length + LAST_MARKER.length);
    if (!ended)
        return picture_refuse_memory(refusal);
    memcpy(ended, bytes.data, bytes.length);
    memcpy(ended + bytes.length, LAST_MARKER.data, LAST_MARKER.length);
    bool done = decode_jpeg(handle, picture, (dime_text){ended, bytes.length + LAST_MARKER.length},
                            inks, true, refusal);
    free(ended);
    return done;
}

static bool read_pixels(struct picture *picture, dime_text bytes, const struct jpeg_survey *survey,
                        struct picture_refusal *refusal)
{
    bool inks = survey->components == 4;
    tjscalingfactor factor = scale(survey);
    size_t width = (size_t)TJSCALED((int)survey->width, factor);
    size_t height = (size_t)TJSCALED((int)survey->height, factor);
    tjhandle handle = tjInitDecompress();
    if (!handle)
        return picture_refuse_memory(refusal);
    bool done = picture_allocate(picture, width, height, inks ? 4 : 3, refusal);
    if (done && survey->open_end)
        done = decode_open_end(handle, picture, bytes, inks, refusal);
    else if (done)
        done = decode_jpeg(handle, picture, bytes, inks, false, refusal);
    if (done && inks)
        inks_to_colours(picture->pixels, width * height, survey->inverted_inks);
    tjDestroy(handle);
    return done;
}

bool jpeg_read(struct picture *picture, dime_text bytes, struct picture_refusal *refusal)
{
    struct jpeg_survey survey;
    if (!jpeg_take_survey(bytes, &survey))
        return picture_refuse(
            refusal, 400,
            "This JPEG is damaged, or ends before its picture begins; send it again.");
    if (!survey.readable)
        return picture_refuse(
            refusal, 415, "This kind of JPEG can't be read; save it as a usual one, of 8 bits.");
    if (!jpeg_is_affordable(&survey, refusal))
        return false;
    if (!survey.whole && !survey.open_end)
        return picture_refuse(refusal, 400, "This JPEG ends too early; send all of it again.");
    picture->full_width = survey.width;
    picture->full_height = survey.height;
    picture->orientation = exif_orientation(survey.exif);
    return read_pixels(picture, bytes, &survey, refusal);
}
