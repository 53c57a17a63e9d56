/*
 * format.h - decodes a picture in any of the supported formats.
 *
 * It stands above the decoders, which don't know each other.
 */
#ifndef DIME_VISION_FORMAT_H
#define DIME_VISION_FORMAT_H

#include "vision/picture.h"

/*
 * Decodes JPEG or PNG into *PICTURE, which the caller frees. False: there is nothing to free, and
 * REFUSAL says why.
 */
bool picture_read(struct picture *picture, dime_text bytes, struct picture_refusal *refusal);

#endif
