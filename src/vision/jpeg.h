/*
 * jpeg.h - JPEG (ITU-T T.81, JFIF, Exif) through libjpeg-turbo.
 *
 * jpeg_take_survey reads only the file's markers, and finds out the cost of decoding in advance.
 */
#ifndef DIME_VISION_JPEG_H
#define DIME_VISION_JPEG_H

#include "vision/picture.h"

/* The findings in the markers. */
struct jpeg_survey {
    size_t width, height;
    int components;           /* 1 grey, 3 colours, 4 inks */
    bool readable;            /* the way of coding is one that libjpeg-turbo has */
    bool inverted_inks;       /* Adobe's: 255 is no ink */
    bool whole;               /* the end of the image was found */
    bool open_end;            /* else: the file ends in a scan's data, which may be all of it */
    size_t scans;             /* passes over the picture, 1 unless it's progressive */
    size_t coefficient_bytes; /* what libjpeg must keep of a picture of several scans, else 0 */
    dime_text exif;           /* a TIFF structure; empty: there is none */
};

/* Reads the markers; false where they are damaged or end before the picture begins. */
bool jpeg_take_survey(dime_text bytes, struct jpeg_survey *survey);

/* Decodes a JPEG; see picture_read. */
bool jpeg_read(struct picture *picture, dime_text bytes, struct picture_refusal *refusal);

#endif
