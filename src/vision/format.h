/*
 * format.h - the pixels of a picture in whichever of the formats that are taken.
 *
 * It stands above the decoders, which know of each other as little as of what they are asked for.
 */
#ifndef DIME_VISION_FORMAT_H
#define DIME_VISION_FORMAT_H

#include "vision/picture.h"

/*
 * Decodes JPEG or PNG into *PICTURE, which the caller frees; on false there is nothing to free, and
 * REFUSAL says why.
 */
bool picture_read(struct picture *picture, dime_text bytes, struct picture_refusal *refusal);

#endif
