/*
 * decimal.c - reads amounts from text and writes them, with integers only.
 *
 * A number is read as its digits and a power of ten. Zeros at both ends of the digits are dropped
 * first, so two lengths show whether it is too precise or too large. No power is computed that
 * might not fit, and 1e99999999999 costs no more than 1.
 */
#include "money/decimal.h"

#include <stdbool.h>
#include <stdio.h>

enum {
    MOST_DIGITS = 19,          /* of an int64; all such numbers fit into a uint64 */
    EXPONENT_LIMIT = 10000000, /* beyond it an exponent is only "too much" */
    DECIMAL_PLAIN = 256,       /* a longer text isn't made plain, and isn't an amount but zeros */
};

/*
 * Signs that people paste without noticing, and the ASCII sign that each is read as; invisible
 * marks are read as nothing. Wide signs come with wide digits, which are refused elsewhere.
 * Typesetters' apostrophes group digits.
 */
static const struct {
    const char *written;
    const char *read;
} PLAIN[] = {
    {"\uFE69", "$"},      /* small dollar */
    {"\uFF04", "$"},      /* wide dollar */
    {"\uFFE1", "\u00A3"}, /* wide pound */
    {"\uFFE5", "\u00A5"}, /* wide yen */
    {"\u2019", "'"},      /* typesetters' apostrophe */
    {"\u02BC", "'"},      /* the letter apostrophe */
};

/* The length of the sign at the start of TEXT, which is read as *READ; 0: no such sign. */
static size_t plain_length(dime_text text, const char **read)
{
    *read = "";
    for (size_t i = 0; i < sizeof PLAIN / sizeof PLAIN[0]; i++) {
        dime_text written = text_of(PLAIN[i].written);
        if (text_starts(text, written)) {
            *read = PLAIN[i].read;
            return written.length;
        }
    }
    return text_unseen_length(text);
}

/* Returns TEXT with such signs replaced: itself if it's ASCII, as nearly always, or a copy in ROOM.
 */
static dime_text make_plain(dime_text text, char room[static DECIMAL_PLAIN])
{
    size_t length = 0;
    size_t ascii = 0;
    while (ascii < text.length && (unsigned char)text.data[ascii] < 0x80)
        ascii++;
    if (ascii == text.length || text.length > DECIMAL_PLAIN)
        return text;
    while (text.length > 0) {
        const char *read = NULL;
        size_t skipped = (unsigned char)text.data[0] < 0x80 ? 0 : plain_length(text, &read);
        if (skipped == 0)
            room[length++] = text.data[0];
        for (; skipped > 0 && *read; read++)
            room[length++] = *read;
        text = text_skip(text, skipped ? skipped : 1);
    }
    return (dime_text){room, length};
}

/* The reader's state: the text that is left, and the findings so far. */
struct decimal_reader {
    dime_text rest;
    const struct currency *currency;
    int signs; /* how many there were */
    bool negative;
    bool symbol, code;           /* whether there was one */
    dime_text digits;            /* the digits as written, with separators and a point */
    int64_t exponent;            /* behind the e */
    const char *foreign;         /* a symbol or code of another currency */
    const struct currency *from; /* that currency */
};

static bool starts(const struct decimal_reader *reader, const char *prefix)
{
    return text_starts(reader->rest, text_of(prefix));
}

static void skip(struct decimal_reader *reader, size_t bytes)
{
    reader->rest = text_skip(reader->rest, bytes);
}

/*
 * The length of the blank that TEXT begins or ends with, or 0. People type ASCII blanks, and paste
 * no-break, narrow no-break and thin spaces.
 */
static size_t decimal_blank_length(dime_text text, bool at_end)
{
    static const char *const blanks[] = {
        " ", "\t", "\r", "\n", "\xC2\xA0", "\xE2\x80\xAF", "\xE2\x80\x89",
    };
    char edge = text.length ? text.data[at_end ? text.length - 1 : 0] : '0';
    if (edge > ' ' && edge <= '~')
        return 0; /* as nearly always */
    for (size_t i = 0; i < sizeof blanks / sizeof blanks[0]; i++) {
        size_t length = strlen(blanks[i]);
        if (text.length < length)
            continue;
        if (memcmp(text.data + (at_end ? text.length - length : 0), blanks[i], length) == 0)
            return length;
    }
    return 0;
}

static void skip_decimal_blanks(struct decimal_reader *reader)
{
    size_t length;
    while ((length = decimal_blank_length(reader->rest, false)) > 0)
        skip(reader, length);
}

/* Takes the blanks off both ends. */
static void trim(struct decimal_reader *reader)
{
    size_t length;
    skip_decimal_blanks(reader);
    while ((length = decimal_blank_length(reader->rest, true)) > 0)
        reader->rest.length -= length;
}

/* The length of SYMBOL if the rest begins with it in any case, and else 0. */
static size_t match(const struct decimal_reader *reader, const char *symbol)
{
    dime_text wanted = text_of(symbol);
    if (reader->rest.length < wanted.length)
        return 0;
    dime_text head = {reader->rest.data, wanted.length};
    return text_equal_nocase(head, wanted) ? wanted.length : 0;
}

/* The longest code or symbol of CURRENCY that the rest begins with; *FOUND is as we write it. */
static size_t match_currency(const struct decimal_reader *reader, const struct currency *currency,
                             const char **found)
{
    size_t longest = match(reader, currency->code);
    *found = currency->code;
    for (size_t i = 0; i < CURRENCY_SYMBOLS && currency->symbols[i]; i++) {
        size_t length = match(reader, currency->symbols[i]);
        if (length > longest) {
            longest = length;
            *found = currency->symbols[i];
        }
    }
    return longest;
}

/* Notes a symbol or a code; each may be written once: "$5 USD", not "$5$". */
static bool note_symbol(struct decimal_reader *reader, bool is_code)
{
    bool *noted = is_code ? &reader->code : &reader->symbol;
    bool first = !*noted;
    *noted = true;
    return first;
}

/*
 * Skips a code or symbol, and notes it if it's another currency's. False: there is none, or it's a
 * second one.
 */
static bool skip_symbol(struct decimal_reader *reader)
{
    const char *found;
    if (reader->rest.length && text_digit(reader->rest.data[0]))
        return false; /* no symbol begins so, and most amounts do */
    size_t longest = match_currency(reader, reader->currency, &found);
    bool is_code = found == reader->currency->code;
    size_t count;
    const struct currency *all = currency_list(&count);
    for (size_t i = 0; i < count; i++) {
        size_t length = match_currency(reader, &all[i], &found);
        if (length > longest) {
            longest = length;
            is_code = found == all[i].code;
            reader->foreign = found;
            reader->from = &all[i];
        }
    }
    if (longest == 0 || !note_symbol(reader, is_code))
        return false;
    skip(reader, longest);
    return true;
}

/* Skips a plus or a minus, also the minus sign of Unicode. */
static void skip_sign(struct decimal_reader *reader)
{
    size_t length = starts(reader, "+") || starts(reader, "-") ? 1 : 0;
    length = starts(reader, "\xE2\x88\x92") ? 3 : length;
    if (length == 0)
        return;
    reader->signs++;
    reader->negative = !starts(reader, "+");
    skip(reader, length);
    skip_decimal_blanks(reader);
}

/* An exponent, if the e has digits behind it: else it begins a word, as in 5 EUR. */
static void skip_exponent(struct decimal_reader *reader)
{
    dime_text rest = reader->rest;
    size_t at = 1;
    if (rest.length < 2 || (rest.data[0] != 'e' && rest.data[0] != 'E'))
        return;
    bool negative = rest.data[at] == '-';
    at += rest.data[at] == '-' || rest.data[at] == '+';
    if (at == rest.length || !text_digit(rest.data[at]))
        return;
    int64_t exponent = 0;
    for (; at < rest.length && text_digit(rest.data[at]); at++) {
        if (exponent < EXPONENT_LIMIT)
            exponent = exponent * 10 + (rest.data[at] - '0');
    }
    reader->exponent = negative ? -exponent : exponent;
    skip(reader, at);
}

/* Whether the apostrophe at AT stands between digits. */
static bool at_group(dime_text text, size_t at)
{
    return at > 0 && text_digit(text.data[at - 1]) && at + 1 < text.length &&
           text_digit(text.data[at + 1]);
}

/* Digits with separators and points, whatever their order; checked later. False if there is no
 * digit.
 */
static bool skip_digits(struct decimal_reader *reader)
{
    size_t length = 0;
    size_t digits = 0;
    for (; length < reader->rest.length; length++) {
        char c = reader->rest.data[length];
        bool groups = c == '\'' && at_group(reader->rest, length);
        if (!text_digit(c) && c != ',' && c != '.' && !groups)
            break;
        digits += text_digit(c);
    }
    reader->digits = (dime_text){reader->rest.data, length};
    skip(reader, length);
    return digits > 0;
}

/* Whether the separators in WHOLE, the part before the point, stand between groups of GROUP digits,
 * the last of three. A first group of 0 is refused: 0,500 is a half to many, not five hundred. */
static bool groups_of(dime_text whole, char separator, size_t group)
{
    size_t length = 0;
    size_t separators = 0;
    if (whole.length && whole.data[0] == '0')
        return false;
    for (size_t i = 0; i < whole.length; i++) {
        if (text_digit(whole.data[i])) {
            length++;
            continue;
        }
        if (whole.data[i] != separator || length == 0 || length > group ||
            (separators > 0 && length != group))
            return false;
        separators++;
        length = 0;
    }
    return length == 3;
}

static bool has_char(dime_text text, char c)
{
    return text.length && memchr(text.data, c, text.length);
}

/* Whether the digits are grouped, if at all, by commas or, as in Switzerland, by apostrophes. */
static enum decimal_outcome check_groups(const struct decimal_reader *reader, dime_text whole,
                                         dime_text decimals)
{
    if (has_char(whole, '\'') || has_char(decimals, '\'')) {
        bool right = groups_of(whole, '\'', 3) && !has_char(decimals, '\'');
        return right && !has_char(decimals, ',') ? DECIMAL_OK : DECIMAL_APOSTROPHE;
    }
    if (has_char(decimals, ','))
        return DECIMAL_COMMA;
    bool right = !has_char(whole, ',') || groups_of(whole, ',', 3) ||
                 (reader->currency->lakh && groups_of(whole, ',', 2));
    return right ? DECIMAL_OK : DECIMAL_COMMA;
}

/* Digits, gathered one by one: zeros at the end wait until a digit follows. */
struct sum {
    uint64_t value;
    int64_t length; /* of the digits in value, beyond MOST_DIGITS only counted */
    int64_t zeros;  /* that came since */
};

static void add_digits(struct sum *sum, dime_text digits)
{
    for (size_t i = 0; i < digits.length; i++) {
        if (!text_digit(digits.data[i]))
            continue;
        if (digits.data[i] == '0') {
            sum->zeros += sum->length > 0;
            continue;
        }
        for (; sum->zeros > 0 && sum->length < MOST_DIGITS; sum->zeros--, sum->length++)
            sum->value *= 10;
        sum->length += sum->zeros + 1;
        sum->zeros = 0;
        if (sum->length <= MOST_DIGITS)
            sum->value = sum->value * 10 + (uint64_t)(digits.data[i] - '0');
    }
}

/* Computes the minor units from the digits and the exponent. */
static enum decimal_outcome work_out(const struct decimal_reader *reader, int64_t *minor)
{
    dime_text rest = reader->digits;
    dime_text whole = {0};
    dime_text decimals = {0};
    text_cut(&rest, '.', &whole);
    text_cut(&rest, '.', &decimals);
    if (rest.data)
        return DECIMAL_NOT_A_NUMBER;
    enum decimal_outcome grouped = check_groups(reader, whole, decimals);
    if (grouped != DECIMAL_OK)
        return grouped;
    struct sum sum = {0};
    add_digits(&sum, whole);
    add_digits(&sum, decimals);
    if (sum.length > 0 && reader->negative)
        return DECIMAL_NEGATIVE;
    int64_t power = reader->exponent + reader->currency->exponent + sum.zeros;
    power -= (int64_t)decimals.length;
    if (sum.length > 0 && power < 0)
        return DECIMAL_TOO_PRECISE;
    if (sum.length > 0 && power + sum.length > MOST_DIGITS)
        return DECIMAL_TOO_LARGE;
    for (; sum.length > 0 && power > 0; power--)
        sum.value *= 10;
    if (sum.value > (uint64_t)(reader->currency->exponent ? INT64_MAX : INT64_MAX / 100))
        return DECIMAL_TOO_LARGE;
    *minor = (int64_t)sum.value;
    return DECIMAL_OK;
}

/* Whether the rest begins with a decimal digit of another script. */
static bool at_other_digit(const struct decimal_reader *reader)
{
    const unsigned char *at = (const unsigned char *)reader->rest.data;
    size_t length = reader->rest.length;
    if (length >= 2 && at[0] == 0xD9 && at[1] >= 0xA0 && at[1] <= 0xA9) /* Arabic-Indic */
        return true;
    if (length >= 2 && at[0] == 0xDB && at[1] >= 0xB0 && at[1] <= 0xB9) /* Persian */
        return true;
    if (length >= 3 && at[0] == 0xE0 && at[1] == 0xA5 && at[2] >= 0xA6 && at[2] <= 0xAF)
        return true; /* Devanagari */
    return length >= 3 && at[0] == 0xEF && at[1] == 0xBC && at[2] >= 0x90 && at[2] <= 0x99;
}

/* Finds out what is wrong with an unexpected rest. */
static enum decimal_outcome blame(const struct decimal_reader *reader, bool within_number)
{
    if (at_other_digit(reader))
        return DECIMAL_OTHER_DIGITS;
    if (match(reader, "inf") || match(reader, "\xE2\x88\x9E"))
        return DECIMAL_INFINITE;
    if (!within_number)
        return DECIMAL_NOT_A_NUMBER;
    bool digit = reader->rest.length && text_digit(reader->rest.data[0]);
    return digit ? DECIMAL_BLANK : DECIMAL_NOT_A_NUMBER;
}

/* Reads the whole of the rest: a sign, a symbol, a number, and a symbol, with blanks between. */
static enum decimal_outcome read_amount_parts(struct decimal_reader *reader, int64_t *minor)
{
    skip_sign(reader);
    skip_symbol(reader);
    skip_decimal_blanks(reader);
    skip_sign(reader);
    if (reader->signs > 1 || !skip_digits(reader))
        return blame(reader, false);
    skip_exponent(reader);
    skip_decimal_blanks(reader);
    if (reader->rest.length && !skip_symbol(reader))
        return blame(reader, true);
    if (reader->rest.length)
        return DECIMAL_NOT_A_NUMBER;
    return reader->foreign ? DECIMAL_OTHER_CURRENCY : work_out(reader, minor);
}

static void explain(const struct decimal_reader *reader, enum decimal_outcome outcome,
                    char *sentence)
{
    static const char *const sentences[] = {
        [DECIMAL_EMPTY] = "Give an amount, such as 1.89.",
        [DECIMAL_NOT_A_NUMBER] = "The amount is not a number: write it in digits, such as 1.89.",
        [DECIMAL_INFINITE] = "The amount must be finite: write it in digits, such as 1.89.",
        [DECIMAL_OTHER_DIGITS] = "Write the amount in the digits 0 to 9, such as 1.89.",
        [DECIMAL_COMMA] = "Write a point for decimals, as in 1.50; commas only group thousands, "
                          "as in 1,234.50.",
        [DECIMAL_APOSTROPHE] = "Write a point for decimals, as in 1.50; apostrophes only group "
                               "thousands, as in 1'234.50.",
        [DECIMAL_BLANK] = "Write the amount without blanks between the digits, such as 1234.50.",
        [DECIMAL_NEGATIVE] = "The amount is negative: there is no change for less than nothing, "
                             "so give 0 or more.",
    };
    const struct currency *currency = reader->currency;
    switch (outcome) {
    case DECIMAL_TOO_PRECISE:
        snprintf(sentence, DECIMAL_SENTENCE, "The amount is more precise than %s: it has %s.",
                 currency->code, currency->exponent ? "at most 2 decimals" : "no decimals");
        break;
    case DECIMAL_TOO_LARGE:
        snprintf(sentence, DECIMAL_SENTENCE, "The amount is too large: give at most %s.",
                 currency->exponent ? "92,233,720,368,547,758.07" : "92,233,720,368,547,758");
        break;
    case DECIMAL_OTHER_CURRENCY:
        snprintf(sentence, DECIMAL_SENTENCE,
                 "The amount is written in %s (%s), but the currency is %s: change one of them.",
                 reader->foreign, reader->from->name, currency->code);
        break;
    default:
        snprintf(sentence, DECIMAL_SENTENCE, "%s", sentences[outcome]);
    }
}

enum decimal_outcome decimal_read(dime_text text, const struct currency *currency, int64_t *minor,
                                  char sentence[static DECIMAL_SENTENCE])
{
    char room[DECIMAL_PLAIN];
    struct decimal_reader reader = {.rest = make_plain(text, room), .currency = currency};
    trim(&reader);
    dime_text rest = reader.rest;
    if (rest.length >= 2 && rest.data[0] == '"' && rest.data[rest.length - 1] == '"') {
        reader.rest = (dime_text){rest.data + 1, rest.length - 2}; /* copied from JSON */
        trim(&reader);
    }
    enum decimal_outcome outcome = DECIMAL_EMPTY;
    if (reader.rest.length > 0)
        outcome = read_amount_parts(&reader, minor);
    if (outcome != DECIMAL_OK)
        explain(&reader, outcome, sentence);
    return outcome;
}

/* Whether a comma stands before the last LEFT of the whole digits. */
static bool comma_before(size_t left, bool lakh)
{
    if (lakh && left > 3)
        return (left - 3) % 2 == 0;
    return left > 0 && left % 3 == 0;
}

/* Writes digits, the last EXPONENT of them behind a point, into OUT and returns the length. */
static size_t write_digits(uint64_t value, int exponent, bool lakh, char *out)
{
    char digits[MOST_DIGITS + 2];
    size_t decimals = (size_t)exponent;
    size_t length =
        (size_t)snprintf(digits, sizeof digits, "%0*llu", exponent + 1, (unsigned long long)value);
    size_t whole = length - decimals;
    size_t to = 0;
    for (size_t i = 0; i < length; i++) {
        if (i == whole)
            out[to++] = '.';
        else if (i > 0 && i < whole && comma_before(whole - i, lakh))
            out[to++] = ',';
        out[to++] = digits[i];
    }
    out[to] = '\0';
    return to;
}

static uint64_t magnitude(int64_t value)
{
    return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

size_t decimal_write_for_people(int64_t minor, const struct currency *currency,
                                char out[static DECIMAL_TEXT])
{
    char digits[DECIMAL_TEXT];
    write_digits(magnitude(minor), currency->exponent, currency->lakh, digits);
    return (size_t)snprintf(out, DECIMAL_TEXT, "%s%s%s%s", minor < 0 ? "-" : "", currency->before,
                            digits, currency->behind);
}

size_t decimal_write_count(int64_t how_many, const struct currency *currency,
                           char out[static DECIMAL_TEXT])
{
    return write_digits(magnitude(how_many), 0, currency->lakh, out);
}
