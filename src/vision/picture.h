/*
 * picture.h - a picture, reduced to a size near that of the networks' input.
 *
 * The networks take 320 x 320 and 224 x 224 pixels. A decoder therefore never keeps a whole
 * picture: it makes one whose longer side has PICTURE_SIDE pixels or somewhat more, so that the
 * next steps are quick and memory has a fixed bound for any input.
 */
#ifndef DIME_VISION_PICTURE_H
#define DIME_VISION_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum { PICTURE_SIDE = 320 };

/*
 * Why a picture is refused. A decoder may find the fault deep inside: it's noted once, and all
 * callers only return false.
 */
struct picture_refusal {
    int status; /* 400 to 599; 0: nothing has been refused */
    char why[256];
};

/* Notes the refusal, cut to its room. Returns false for the caller to return. */
bool picture_refuse(struct picture_refusal *refusal, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Refuses a picture because of a lack of memory. Returns false. */
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

/* Whether a picture of this size is accepted; else refuses it. Call it before allocating. */
bool picture_fits(size_t width, size_t height, struct picture_refusal *refusal);

/*
 * Allocates WIDTH x HEIGHT pixels of BYTES each: 3, or more before a conversion to 3. False: out of
 * memory, which is noted as the refusal.
 */
bool picture_allocate(struct picture *picture, size_t width, size_t height, size_t bytes,
                      struct picture_refusal *refusal);

/* The whole picture with its orientation applied. It lasts as long as the picture. */
struct view picture_view(const struct picture *picture);

#endif
