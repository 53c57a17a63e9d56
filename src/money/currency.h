/*
 * currency.h - currencies, and the coins and notes that are in use today.
 *
 * The table is constant. Sizes, metals, shapes and colours are those of the real pieces, so that a
 * page can draw them. Pieces that are legal tender but rare, or that banks no longer issue, are
 * left out: currency.c says which.
 */
#ifndef DIME_MONEY_CURRENCY_H
#define DIME_MONEY_CURRENCY_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum piece_kind {
    PIECE_COIN,
    PIECE_NOTE,
};

/* A coin's metals. The first of a pair is the centre, the second the ring. */
enum piece_metal {
    METAL_NONE, /* a note */
    METAL_COPPER,
    METAL_GOLD, /* brass and other golden alloys */
    METAL_SILVER,
    METAL_ALUMINIUM,
    METAL_GOLD_IN_SILVER,
    METAL_SILVER_IN_GOLD,
};

enum piece_shape {
    SHAPE_ROUND,
    SHAPE_HOLED,      /* round, with a hole in the middle */
    SHAPE_FLOWER,     /* round, with seven notches */
    SHAPE_HEPTAGON,   /* 7 curved sides */
    SHAPE_HENDECAGON, /* 11 curved sides */
    SHAPE_DODECAGON,  /* 12 sides */
    SHAPE_NOTE,
};

/* The main colour of a note. */
enum piece_colour {
    COLOUR_NONE, /* a coin */
    COLOUR_BLUE,
    COLOUR_BROWN,
    COLOUR_GREEN,
    COLOUR_GREY,
    COLOUR_ORANGE,
    COLOUR_PURPLE,
    COLOUR_RED,
    COLOUR_TURQUOISE,
    COLOUR_YELLOW,
};

enum { PIECE_NAME = 32 }; /* bytes of the longest name, with its NUL */

struct piece {
    int64_t value; /* in minor units */
    enum piece_kind kind;
    char singular[PIECE_NAME]; /* inline: a pointer would need a relocation at each start */
    char plural[PIECE_NAME];
    int32_t width;  /* in micrometres; of a coin the diameter, over the corners if it has any */
    int32_t height; /* the same as the width of a coin */
    enum piece_metal metal;
    enum piece_shape shape;
    enum piece_colour colour;
};

enum { CURRENCY_SYMBOLS = 4 };

struct currency {
    const char *code;                      /* ISO 4217 */
    const char *name;                      /* in English */
    const char *before;                    /* what people see before an amount, or "" */
    const char *behind;                    /* or behind it */
    const char *symbols[CURRENCY_SYMBOLS]; /* what they may write besides the code; NULL ends */
    int exponent;                          /* decimals of the major unit */
    bool lakh;                             /* digits are grouped as in 1,00,000.00 */
    size_t count;
    /* The notes, then the coins, each from the largest value to the smallest, none twice. A value
     * may be both a note and a coin. */
    const struct piece *pieces;
};

/* Returns the currency of an ISO 4217 code in any case, or NULL. It lasts as long as the program.
 */
const struct currency *currency_find(dime_text code);

/* Returns all currencies, as a form lists them, and sets *COUNT. They last as the program does. */
const struct currency *currency_list(size_t *count);

/* Returns the name for HOW_MANY of PIECE: "1 penny", but "0 pennies" and "4 pennies". */
const char *piece_name(const struct piece *piece, int64_t how_many);

/* Returns what stands between a number and the name: " ", or " × " where the name begins with
 * digits. */
const char *piece_link(const struct piece *piece);

#endif
