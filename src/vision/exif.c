/*
 * exif.c - looks one tag up in TIFF's first directory (TIFF 6.0, section 2).
 *
 * A TIFF structure consists of directories that point to each other. A hostile file can have loops
 * in it, and pointers beyond its end. This follows only the pointer to the first directory, reads
 * each of its entries once, and checks for every number that its bytes are there.
 */
#include "vision/exif.h"

enum { TIFF_ENTRY_BYTES = 12, TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3 };

struct tiff {
    dime_text bytes;
    bool big_endian;
};

/* A 2- or 4-byte number; UINT32_MAX if it is past the end, which matches nothing. */
static uint32_t tiff_number(const struct tiff *tiff, size_t at, size_t size)
{
    if (at > tiff->bytes.length || tiff->bytes.length - at < size)
        return UINT32_MAX;
    uint32_t value = 0;
    for (size_t i = 0; i < size; i++) {
        size_t place = tiff->big_endian ? i : size - 1 - i;
        value = value << 8 | (unsigned char)tiff->bytes.data[at + place];
    }
    return value;
}

int exif_orientation(dime_text bytes)
{
    struct tiff tiff = {.bytes = bytes, .big_endian = text_starts(bytes, TEXT("MM"))};
    if ((!tiff.big_endian && !text_starts(bytes, TEXT("II"))) || tiff_number(&tiff, 2, 2) != 42)
        return 1;
    size_t directory = tiff_number(&tiff, 4, 4);
    size_t count = tiff_number(&tiff, directory, 2);
    for (size_t i = 0; i < count; i++) {
        size_t entry = directory + 2 + i * TIFF_ENTRY_BYTES;
        if (entry > bytes.length)
            break;
        if (tiff_number(&tiff, entry, 2) != TAG_ORIENTATION)
            continue;
        uint32_t value = tiff_number(&tiff, entry + 8, 2);
        bool right =
            tiff_number(&tiff, entry + 2, 2) == TYPE_SHORT && tiff_number(&tiff, entry + 4, 4) == 1;
        return right && value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
}
