/*
 * drawing.h - coins and notes as SVG, all in one scale: a millimetre is as long on each of them.
 *
 * So the answer on the page looks like what one would hold in the hand. Only change needs it.
 */
#ifndef DIME_MONEY_DRAWING_H
#define DIME_MONEY_DRAWING_H

#include "base/buffer.h"
#include "money/currency.h"

/*
 * Writes an HTML list item with HOW_MANY of PIECE drawn, counted, named and added up. The page that
 * it lands in has the symbols of the shapes (www/change.html) and the colours (www/style.css). A
 * few are drawn over each other for however many there are, so the size is bounded.
 */
void drawing_put(struct buffer *html, const struct currency *currency, const struct piece *piece,
                 int64_t how_many);

#endif
