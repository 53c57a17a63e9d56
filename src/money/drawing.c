/*
 * drawing.c - one pile of coins or notes as SVG.
 *
 * The shapes are symbols in the page and the colours are classes in its style sheet, so that no
 * style stands in the markup (the page's policy forbids it) and a pile costs some hundred bytes.
 * Sizes are in hundredths of a millimetre inside the drawing, and 1 mm is 0.1 em outside.
 */
#include "money/drawing.h"

#include <stdio.h>

#include "money/decimal.h"

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

enum { LABEL = 32 }; /* bytes of the longest label, with its NUL */

/* What is written on it: 25 on a quarter, $5 on a note of five dollars. Returns its length. */
static int write_label(const struct currency *currency, const struct piece *piece,
                       char label[static LABEL])
{
    int64_t unit = 1;
    for (int i = 0; i < currency->exponent; i++)
        unit *= 10;
    bool whole = piece->value % unit == 0;
    dime_text symbol = text_trim(text_of(currency->before));
    if (!whole || piece->kind != PIECE_NOTE)
        symbol.length = 0;
    return snprintf(label, LABEL, "%.*s%lld", (int)symbol.length, symbol.data,
                    (long long)(whole ? piece->value / unit : piece->value));
}

/* In the middle, and small enough to stay within the piece: a digit is 0.62 of its size wide. */
static void put_piece_label(struct buffer *html, const struct currency *currency,
                            const struct piece *piece, int left, int width, int height)
{
    char label[LABEL];
    int length = write_label(currency, piece, label);
    int size = height * 28 / 100, most = width * 125 / 100 / length;
    buffer_printf(html, "<text x=\"%d\" y=\"%d\" font-size=\"%d\">", left + width / 2, height / 2,
                  size < most ? size : most);
    buffer_html(html, text_of(label));
    buffer_puts(html, "</text>");
}

static void put_em(struct buffer *html, const char *attribute, int hundredths)
{
    buffer_printf(html, " %s=\"%d.%03dem\"", attribute, hundredths / 1000, hundredths % 1000);
}

static void put_svg(struct buffer *html, const struct currency *currency, const struct piece *piece,
                    int64_t how_many)
{
    bool note = piece->kind == PIECE_NOTE;
    int width = piece->width / TO_HUNDREDTHS, height = piece->height / TO_HUNDREDTHS;
    int drawn = note ? NOTES_DRAWN : COINS_DRAWN, step = note ? NOTE_STEP : width * 2 / 5;
    if (how_many < drawn)
        drawn = (int)how_many;
    int whole = width + (drawn - 1) * step;
    buffer_puts(html, "<svg");
    put_em(html, "width", whole);
    put_em(html, "height", height);
    buffer_printf(html, " viewBox=\"0 0 %d %d\" aria-hidden=\"true\">", whole, height);
    for (int i = 0; i < drawn; i++)
        buffer_printf(html, "<use href=\"#%s\" x=\"%d\" width=\"%d\" height=\"%d\"/>",
                      SHAPES[piece->shape], i * step, width, height);
    if (piece->shape != SHAPE_HOLED)
        put_piece_label(html, currency, piece, whole - width, width, height);
    buffer_puts(html, "</svg>\n");
}

void drawing_put(struct buffer *html, const struct currency *currency, const struct piece *piece,
                 int64_t how_many)
{
    char number[DECIMAL_TEXT], sum[DECIMAL_TEXT];
    bool note = piece->kind == PIECE_NOTE;
    buffer_printf(html, "<li class=\"%s %s\">\n", note ? "note" : "coin",
                  note ? COLOUR_CLASSES[piece->colour] : METALS[piece->metal]);
    put_svg(html, currency, piece, how_many);
    decimal_write_count(how_many, currency, number);
    buffer_printf(html, "<span class=\"tally\"><b>%s</b>%s", number, piece_link(piece));
    buffer_html(html, text_of(piece_name(piece, how_many)));
    buffer_puts(html, "</span>\n<span class=\"sum\">");
    size_t length = decimal_write_for_people(how_many * piece->value, currency, sum);
    buffer_html(html, (dime_text){sum, length});
    buffer_puts(html, "</span>\n</li>\n");
}
