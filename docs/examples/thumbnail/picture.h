/*
 * picture.h - a picture made smaller: JPEG or PNG in, the same out.
 *
 * It knows nothing of dime, so that it can be tried without a request.
 */
#ifndef PICTURE_H
#define PICTURE_H

#include <stddef.h>

/* Most pixels of a picture. A file of a few kilobytes may say that it has billions of them. */
#define PICTURE_PIXELS_MAX 25000000

enum picture_fault {
    PICTURE_FINE,
    PICTURE_UNKNOWN,   /* neither JPEG nor PNG */
    PICTURE_TOO_LARGE, /* of pixels, see width and height */
    PICTURE_BROKEN,
    PICTURE_NO_MEMORY,
};

struct picture {
    const char *type;     /* "image/jpeg" or "image/png"; a literal */
    int width, height;    /* what was given has, as its header says */
    unsigned char *bytes; /* of the small one; picture_free frees them */
    size_t length;
};

/*
 * Makes a picture that fits into a square of SIZE pixels and stands upright, as the camera held it;
 * one that is smaller stays as large as it is. Needs at most 8 bytes of memory for each pixel.
 */
enum picture_fault picture_shrink(const void *bytes, size_t length, int size,
                                  struct picture *picture);

/* Frees what picture_shrink has made. */
void picture_free(struct picture *picture);

#endif
