/*
 * exif.h - which way up a picture is to be looked at (Exif 2.32, section 4.6.4, tag Orientation).
 *
 * Cameras store the pixels as the sensor lies and say in Exif how to turn them. A network that sees
 * a person lying on the side doesn't find one.
 */
#ifndef DIME_VISION_EXIF_H
#define DIME_VISION_EXIF_H

#include "base/text.h"

/*
 * The orientation, 1 to 8, from a TIFF structure as Exif has it in JPEG behind "Exif\0\0" and in
 * PNG's chunk eXIf. 1, which turns nothing, where it isn't told or is damaged: a picture is never
 * refused for its Exif.
 */
int exif_orientation(dime_text tiff);

#endif
