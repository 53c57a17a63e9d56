/*
 * png.h - PNG (ISO/IEC 15948) through libpng: every colour type and depth, interlaced or not.
 *
 * Transparent pixels are laid over white, as on a page. An animation gives its default image.
 */
#ifndef DIME_VISION_PNG_H
#define DIME_VISION_PNG_H

#include "vision/picture.h"

/* Decodes a PNG; see picture_read. */
bool png_read(struct picture *picture, dime_text bytes, struct picture_refusal *refusal);

#endif
