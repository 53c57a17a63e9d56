/*
 * decimal.h - amounts of money, exactly as they were written.
 *
 * 0.29 has no exact binary fraction, so an amount never passes through floating point: its text is
 * read into whole minor units (cents). The reader accepts the forms that people write, such as
 * $1,234.50, and refuses ambiguous ones, such as 1,5, with a sentence that says what to do.
 */
#ifndef DIME_MONEY_DECIMAL_H
#define DIME_MONEY_DECIMAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "money/currency.h"

enum {
    DECIMAL_SENTENCE = 160, /* bytes of the longest sentence, with its NUL */
    DECIMAL_TEXT = 48,      /* bytes of the longest amount for people, with its NUL */
};

enum decimal_outcome {
    DECIMAL_OK,
    DECIMAL_EMPTY,
    DECIMAL_NOT_A_NUMBER, /* words, NaN, a character that doesn't belong */
    DECIMAL_INFINITE,
    DECIMAL_OTHER_DIGITS, /* full-width, Arabic or Devanagari digits */
    DECIMAL_COMMA,        /* a comma that isn't between groups of digits */
    DECIMAL_APOSTROPHE,   /* the same of an apostrophe */
    DECIMAL_BLANK,        /* a blank within the number */
    DECIMAL_OTHER_CURRENCY,
    DECIMAL_NEGATIVE,
    DECIMAL_TOO_PRECISE,
    DECIMAL_TOO_LARGE,
};

/*
 * Reads TEXT as an amount of CURRENCY into *MINOR, 0 to 92,233,720,368,547,758.07 of any currency.
 * It may have blanks and one pair of double quotes around it, a plus, groups of digits, an
 * exponent, zeros beyond the precision, and the currency's own code or symbol before or behind, or
 * one of each. Invisible marks are ignored. -0 is 0. If TEXT can't be read, *MINOR stays as it
 * was, and SENTENCE gets a sentence for people, at most DECIMAL_SENTENCE bytes with its NUL, ASCII
 * apart from symbols. It quotes nothing of TEXT but a known symbol or code.
 */
enum decimal_outcome decimal_read(dime_text text, const struct currency *currency, int64_t *minor,
                                  char sentence[static DECIMAL_SENTENCE]);

/* Writes MINOR as people read it, "$1,234.50", "1,234.50 kr". Returns its length in bytes. */
size_t decimal_write_for_people(int64_t minor, const struct currency *currency,
                                char out[static DECIMAL_TEXT]);

/* Writes HOW_MANY with commas as in amounts of CURRENCY, "4,000". Returns its length. */
size_t decimal_write_count(int64_t how_many, const struct currency *currency,
                           char out[static DECIMAL_TEXT]);

#endif
