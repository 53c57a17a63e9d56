/*
 * picture_fuzz.c - bytes as a picture: decoded small and resized, or refused with a sentence.
 *
 * What is written must lie within the size that was promised, whatever the bytes say of themselves.
 * JPEG and PNG are libraries' work; the surveys before them, EXIF and the sums after them are ours.
 */
#include <stdint.h>
#include <stdlib.h>

#include "vision/format.h"
#include "vision/resize.h"
#include "vision/vision.h"

enum { SIDE = 64, LONGEST = 1250 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
    if (!holds)
        abort();
}

static void look(const struct picture *picture)
{
    static uint8_t square[SIDE * SIDE * 3];
    struct view view = picture_view(picture);
    struct placement placed = letterbox(view.width, view.height, SIDE);
    must(view.width >= 1 && view.width <= LONGEST && view.height >= 1 && view.height <= LONGEST);
    must(picture->full_width * picture->full_height <= VISION_PIXELS_MAX);
    must(placed.width <= SIDE && placed.height <= SIDE);
    must(resize(view, placed.width, placed.height, square, (size_t)SIDE * 3));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct picture picture;
    struct picture_refusal refusal = {0};
    if (picture_read(&picture, (dime_text){(const char *)data, size}, &refusal)) {
        must(refusal.status == 0);
        look(&picture);
    } else {
        must(refusal.status >= 400 && refusal.status <= 499 && refusal.why[0]);
        must(!picture.pixels);
    }
    picture_free(&picture);
    return 0;
}
