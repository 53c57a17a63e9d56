/*
 * drawing.h - the drawing of coins and notes, all in one scale.
 *
 * The answer on the page then looks like the real pieces in a hand. This computes each piece's
 * place and size; the page (www/pages/change.html) has the shapes, and its style sheet the
 * colours. Only change needs it.
 */
#ifndef DIME_MONEY_DRAWING_H
#define DIME_MONEY_DRAWING_H

#include "money/currency.h"

enum { DRAWING_LABEL = 32 }; /* bytes of the longest label, with its NUL */

/* A row of one piece, each over the one before it. Lengths are in hundredths of a millimetre, from
 * the left and the top. The strings are literals. */
struct drawing {
    const char *kind;          /* "coin" or "note", a class of www/style.css */
    const char *colour;        /* another one */
    const char *shape;         /* the symbol's id in the page */
    int width, height;         /* of one piece */
    int count;                 /* how many are drawn, however many there are */
    int step;                  /* from one to the next */
    int whole;                 /* width of all */
    char label[DRAWING_LABEL]; /* what is written on the last one; empty: nothing */
    int label_x, label_y;      /* its middle */
    int label_size;            /* its font's size */
};

/* The drawing of HOW_MANY, at least one, of a piece of CURRENCY. */
struct drawing drawing_of(const struct currency *currency, const struct piece *piece,
                          int64_t how_many);

#endif
