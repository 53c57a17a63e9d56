/*
 * resize.h - a picture at the size that a network looks at.
 *
 * A pixel of the result is the mean of those that it covers, weighed by a triangle, so that nothing
 * small is skipped over; where a picture is enlarged, that is linear interpolation.
 */
#ifndef DIME_VISION_RESIZE_H
#define DIME_VISION_RESIZE_H

#include "vision/picture.h"

/* How much of a square a picture fills, from its upper left corner. */
struct placement {
    size_t width, height;
};

/* What a picture of this size fills of a square of SIDE when it keeps its shape. */
struct placement letterbox(size_t width, size_t height, size_t side);

/*
 * Writes VIEW as WIDTH x HEIGHT pixels of three bytes to INTO, whose rows lie STRIDE bytes apart.
 * False: there is no memory for it.
 */
bool resize(struct view view, size_t width, size_t height, uint8_t *into, size_t stride);

#endif
