/*
 * picture.c - a picture's memory, limits and orientation.
 *
 * Both decoders check the limits here before they allocate anything for a picture. They leave its
 * orientation as the file has it; it's read through a view, which turns it.
 */
#include "vision/picture.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "vision/vision.h"

/* The first reason counts: later failures only follow from it. */
bool picture_refuse(struct picture_refusal *refusal, int status, const char *format, ...)
{
    if (refusal->status)
        return false;
    refusal->status = status;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(refusal->why, sizeof refusal->why, format, arguments);
    va_end(arguments);
    return false;
}

bool picture_refuse_memory(struct picture_refusal *refusal)
{
    return picture_refuse(refusal, 503,
                          "There is no memory for this picture now; try again later.");
}

void picture_free(struct picture *picture)
{
    free(picture->pixels);
    *picture = (struct picture){.orientation = 1};
}

bool picture_fits(size_t width, size_t height, struct picture_refusal *refusal)
{
    if (width > VISION_SIDE_MAX || height > VISION_SIDE_MAX || width * height > VISION_PIXELS_MAX)
        return picture_refuse(
            refusal, 413,
            "The picture has %zu x %zu pixels; send one of at most %d million, and of "
            "%d a side.",
            width, height, VISION_PIXELS_MAX / 1000000, VISION_SIDE_MAX);
    if (width < VISION_SIDE_MIN || height < VISION_SIDE_MIN)
        return picture_refuse(
            refusal, 422,
            "The picture has %zu x %zu pixels, too few to see anything; send one of at "
            "least %d a side.",
            width, height, VISION_SIDE_MIN);
    return true;
}

bool picture_allocate(struct picture *picture, size_t width, size_t height, size_t bytes,
                      struct picture_refusal *refusal)
{
    picture->pixels = malloc(width * height * bytes);
    if (!picture->pixels)
        return picture_refuse_memory(refusal);
    picture->width = width;
    picture->height = height;
    return true;
}

/*
 * The parts of EXIF's orientations: if they turn, the first row is on the left or right side, and
 * either direction may be reversed.
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
