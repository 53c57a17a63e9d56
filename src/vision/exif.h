/*
 * exif.h - which way up a picture is (Exif 2.32, section 4.6.4, tag Orientation).
 *
 * Cameras store the pixels as the sensor lies, and say in Exif how to turn them. A network doesn't
 * recognize a person who lies on the side.
 */
#ifndef DIME_VISION_EXIF_H
#define DIME_VISION_EXIF_H

#include "base/text.h"

/*
 * The orientation, 1 to 8, from a TIFF structure, which is in JPEG after "Exif\0\0" and in PNG's
 * chunk eXIf. It's 1, which turns nothing, if it's missing or damaged: a picture is never refused
 * for its Exif.
 */
int exif_orientation(dime_text tiff);

#endif
