/*
 * drawing.c - where the pieces of one pile of coins or notes lie in its drawing.
 *
 * The shapes are symbols in the page and the colours are classes in its style sheet, since the
 * page's policy forbids styles in the markup. A pile takes some hundred bytes. Only a few pieces
 * of a pile are drawn, which look like many, so a drawing's size is bounded.
 */
#include "money/drawing.h"

#include <stdio.h>

enum { COINS_DRAWN = 8, NOTES_DRAWN = 4, NOTE_STEP = 800, TO_HUNDREDTHS = 10 };

static const char *const COLOUR_CLASSES[] = {
    [COLOUR_NONE] = "",         [COLOUR_BLUE] = "blue", [COLOUR_BROWN] = "brown",
    [COLOUR_GREEN] = "green",   [COLOUR_GREY] = "grey", [COLOUR_ORANGE] = "orange",
    [COLOUR_PURPLE] = "purple", [COLOUR_RED] = "red",   [COLOUR_TURQUOISE] = "teal",
    [COLOUR_YELLOW] = "yellow",
};

static const char *const METALS[] = {
    [METAL_NONE] = "",
    [METAL_COPPER] = "copper",
    [METAL_GOLD] = "gold",
    [METAL_SILVER] = "silver",
    [METAL_ALUMINIUM] = "silver",
    [METAL_GOLD_IN_SILVER] = "gold-in-silver",
    [METAL_SILVER_IN_GOLD] = "silver-in-gold",
};

static const char *const SHAPES[] = {
    [SHAPE_ROUND] = "round",    [SHAPE_HOLED] = "holed",       [SHAPE_FLOWER] = "flower",
    [SHAPE_HEPTAGON] = "seven", [SHAPE_HENDECAGON] = "eleven", [SHAPE_DODECAGON] = "twelve",
    [SHAPE_NOTE] = "paper",
};

/* Writes a piece's label: 25 on a quarter, $5 on a five dollar note. Returns its length. */
static int write_label(const struct currency *currency, const struct piece *piece,
                       char label[static DRAWING_LABEL])
{
    int64_t unit = 1;
    for (int i = 0; i < currency->exponent; i++)
        unit *= 10;
    bool whole = piece->value % unit == 0;
    dime_text symbol = text_trim(text_of(currency->before));
    if (!whole || piece->kind != PIECE_NOTE)
        symbol.length = 0;
    return snprintf(label, DRAWING_LABEL, "%.*s%lld", (int)symbol.length, symbol.data,
                    (long long)(whole ? piece->value / unit : piece->value));
}

/* In the middle, and small enough to stay within the piece: a digit is 0.62 of its size wide. */
static void place_label(const struct currency *currency, const struct piece *piece,
                        struct drawing *drawing)
{
    int length = write_label(currency, piece, drawing->label);
    int size = drawing->height * 28 / 100, most = drawing->width * 125 / 100 / length;
    drawing->label_size = size < most ? size : most;
    drawing->label_x = drawing->whole - drawing->width + drawing->width / 2;
    drawing->label_y = drawing->height / 2;
}

struct drawing drawing_of(const struct currency *currency, const struct piece *piece,
                          int64_t how_many)
{
    bool note = piece->kind == PIECE_NOTE;
    int width = piece->width / TO_HUNDREDTHS, most = note ? NOTES_DRAWN : COINS_DRAWN;
    struct drawing drawing = {
        .kind = note ? "note" : "coin",
        .colour = note ? COLOUR_CLASSES[piece->colour] : METALS[piece->metal],
        .shape = SHAPES[piece->shape],
        .width = width,
        .height = piece->height / TO_HUNDREDTHS,
        .count = how_many < most ? (int)how_many : most,
        .step = note ? NOTE_STEP : width * 2 / 5,
    };
    drawing.whole = width + (drawing.count - 1) * drawing.step;
    if (piece->shape != SHAPE_HOLED)
        place_label(currency, piece, &drawing);
    return drawing;
}
