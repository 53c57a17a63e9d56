/*
 * resize.h - scales a picture to the size of a network's input.
 *
 * A pixel of the result is the mean of the pixels that it covers, weighted by a triangle, so that
 * no small detail is skipped. For an enlarged picture that is linear interpolation.
 */
#ifndef DIME_VISION_RESIZE_H
#define DIME_VISION_RESIZE_H

#include "vision/picture.h"

/* The part of a square that a picture fills, from its upper left corner. */
struct placement {
    size_t width, height;
};

/* The part of a square of SIDE that a picture of this size fills, keeping its shape. */
struct placement letterbox(size_t width, size_t height, size_t side);

/*
 * Writes VIEW as WIDTH x HEIGHT pixels of three bytes to INTO, whose rows lie STRIDE bytes apart.
 * False: out of memory.
 */
bool resize(struct view view, size_t width, size_t height, uint8_t *into, size_t stride);

#endif
