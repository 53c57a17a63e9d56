/*
 * picture.h - a picture of any size made small enough to look at.
 *
 * The networks look at 320 x 320 and 224 x 224 pixels. So a decoder never keeps a picture in full:
 * it makes one whose longer side has PICTURE_SIDE pixels or somewhat more, so that what follows is
 * quick and its memory has a fixed bound whatever arrives.
 */
#ifndef DIME_VISION_PICTURE_H
#define DIME_VISION_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum { PICTURE_SIDE = 320 };

/*
 * Why a picture isn't looked at. A decoder may find the fault deep inside; it writes it down once,
 * and everybody above only returns false.
 */
struct picture_refusal {
    int status; /* 400 to 599; 0: nothing has been refused */
    char why[256];
};

/* Writes the refusal down, cut to its room, and returns false for the caller to return. */
bool picture_refuse(struct picture_refusal *refusal, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The refusal of a picture that memory doesn't suffice for. Returns false. */
bool picture_refuse_memory(struct picture_refusal *refusal);

/* Red, green and blue, a byte each, row by row without gaps. */
struct picture {
    uint8_t *pixels; /* malloc's; picture_free frees them */
    size_t width, height;
    size_t full_width, full_height; /* as they were in the file */
    int orientation;                /* EXIF's, 1 to 8, still to be applied */
};

/* A picture or a part of it the right way up: where to step in its bytes to go right and down. */
struct view {
    const uint8_t *origin;
    ptrdiff_t right, down;
    size_t width, height;
};

/* Frees the pixels. A zeroed picture is fine. */
void picture_free(struct picture *picture);

/* Whether a picture of this size is looked at; else refuses it. To be asked before allocating. */
bool picture_fits(size_t width, size_t height, struct picture_refusal *refusal);

/*
 * Allocates WIDTH x HEIGHT pixels of BYTES each, 3 or, on the way to 3, more. False: there is no
 * memory, which is refused.
 */
bool picture_allocate(struct picture *picture, size_t width, size_t height, size_t bytes,
                      struct picture_refusal *refusal);

/* The whole picture with its orientation applied. It lasts as long as the picture. */
struct view picture_view(const struct picture *picture);

#endif
