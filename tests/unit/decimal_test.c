/*
 * decimal_test.c - amounts as people and programs write them, read and written exactly.
 *
 * Each cent up to 100.00 in several spellings, a table of what is accepted, and a table of what is
 * refused with the sentence that a person gets.
 */
#include "money/decimal.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

Suite *decimal_suite(void);

static const struct currency *of(const char *code)
{
    const struct currency *currency = currency_find(text_of(code));
    ck_assert_ptr_nonnull(currency);
    return currency;
}

static void expect(const char *code, dime_text text, int64_t wanted)
{
    char sentence[DECIMAL_SENTENCE] = "";
    int64_t minor = -1;
    enum decimal_outcome outcome = decimal_read(text, of(code), &minor, sentence);
    ck_assert_msg(outcome == DECIMAL_OK, "%.*s: %s", (int)text.length, text.data, sentence);
    ck_assert_msg(minor == wanted, "%.*s: %lld", (int)text.length, text.data, (long long)minor);
}

/* What stands before, between and behind the dollars and the two digits of the cents. */
static const struct spelling {
    const char *before;
    const char *between;
    const char *behind;
} spellings[] = {
    {"", ".", ""},     {"$", ".", ""},     {" ", ".", "0 "},  {"+", ".", ""},
    {"\"", ".", "\""}, {"", ".", " USD"},  {"usd ", ".", ""}, {"00", ".", "0000"},
    {"", "", ".e-2"},  {"", "", "000E-5"}, {"", ".", "e+0"},
};

START_TEST(every_cent)
{
    for (int cents = 0; cents <= 10000; cents++) {
        for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
            char text[64];
            snprintf(text, sizeof text, "%s%d%s%02d%s", spellings[i].before, cents / 100,
                     spellings[i].between, cents % 100, spellings[i].behind);
            expect("USD", text_of(text), cents);
        }
    }
}
END_TEST

static const struct accepted {
    const char *code;
    const char *text;
    int64_t minor;
} accepted[] = {
    {"USD", "1.45", 145},
    {"USD", "\"1.89\"", 189},
    {"USD", "$0.63", 63},
    {"USD", "1,234.50", 123450},
    {"USD", "12,345,678", 1234567800},
    {"USD", " 2 ", 200},
    {"USD", "\t2\r\n", 200},
    {"USD", "1e2", 10000},
    {"USD", "1.5E+1", 1500},
    {"USD", "1.890", 189},
    {"USD", "1.8900000000000000000000000000000000000000", 189},
    {"USD", "000000000000000000000000000000000000001.89", 189},
    {"USD", "+2", 200},
    {"USD", ".50", 50},
    {"USD", "5.", 500},
    {"USD", "-0", 0},
    {"USD", "-0.00", 0},
    {"USD", "0e99999999999999999999", 0},
    {"USD", "0e-99999999999999999999", 0},
    {"USD", "0.0000000000000000000000000001e28", 100},
    {"USD", "10000000000000000000000000e-24", 1000},
    {"USD", "US$5", 500},
    {"USD", "$ 5 USD", 500},
    {"USD", "USD 5 $", 500},
    {"USD", "+$5", 500},
    {"USD", "\u200E5.00", 500},
    {"USD", "5.00\u200B", 500},
    {"USD", "\uFEFF5", 500},
    {"USD", "\u202D5.00\u202C", 500},
    {"USD", "\u2066$\u20695\u00AD.\u20600\u200D0", 500},
    {"USD", "$\uFE0F5", 500},
    {"USD", "\uFF045", 500},
    {"USD", "US\uFF045", 500},
    {"USD", "\uFE695", 500},
    {"GBP", "\uFFE15", 500},
    {"JPY", "\uFFE5100", 100},
    {"CHF", "1'234.50", 123450},
    {"CHF", "Fr. 1\u2019234\u2019567.50", 123456750},
    {"CHF", "1\u02BC234", 123400},
    {"USD", "1'000", 100000},
    {"USD", "$+5", 500},
    {"USD", "5\xC2\xA0$", 500},
    {"USD", "92,233,720,368,547,758.07", INT64_MAX},
    {"USD", "92233720368547758.070", INT64_MAX},
    {"USD", "9223372036854775807e-2", INT64_MAX},
    {"CAD", "CA$2", 200},
    {"CAD", "C$2", 200},
    {"CAD", "$2", 200},
    {"EUR",
     "\xE2\x82\xAC"
     "2",
     200},
    {"EUR", "2 \xE2\x82\xAC", 200},
    {"EUR", "2EUR", 200},
    {"EUR", "2e1eur", 2000},
    {"GBP",
     "\xC2\xA3"
     "1.50",
     150},
    {"CHF", "CHF 12.35", 1235},
    {"CHF", "Fr.5", 500},
    {"INR", "1,00,000.00", 10000000},
    {"INR", "12,34,56,789", 12345678900},
    {"INR", "100,000.00", 10000000},
    {"INR", "Rs.5", 500},
    {"INR", "Rs 5", 500},
    {"SEK", "12.50 kr", 1250},
    {"AUD", "A$3", 300},
    {"MXN", "MX$3", 300},
    {"JPY", "500", 500},
    {"JPY", "500.00", 500},
    {"JPY", "1.5e3", 1500},
    {"JPY",
     "\xC2\xA5"
     "1,000",
     1000},
    {"JPY", "1000\xE5\x86\x86", 1000},
    {"JPY", "92,233,720,368,547,758", 92233720368547758},
};

START_TEST(accepts)
{
    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++)
        expect(accepted[i].code, text_of(accepted[i].text), accepted[i].minor);
}
END_TEST

#define NOT_A_NUMBER "The amount is not a number: write it in digits, such as 1.89."
#define INFINITE     "The amount must be finite: write it in digits, such as 1.89."
#define DIGITS       "Write the amount in the digits 0 to 9, such as 1.89."
#define COMMA                                                                                      \
    "Write a point for decimals, as in 1.50; commas only group thousands, as in "                  \
    "1,234.50."
#define APOSTROPHE                                                                                 \
    "Write a point for decimals, as in 1.50; apostrophes only group thousands, as in "             \
    "1'234.50."
#define BLANK                                                                                      \
    "Write the amount without blanks between the digits, such as "                                 \
    "1234.50."
#define NEGATIVE                                                                                   \
    "The amount is negative: there is no change for less than nothing, so give 0 or more."
#define PRECISE "The amount is more precise than USD: it has at most 2 decimals."
#define LARGE   "The amount is too large: give at most 92,233,720,368,547,758.07."

static const struct refused {
    const char *code;
    dime_text text;
    enum decimal_outcome outcome;
    const char *sentence;
} refused[] = {
    {"USD", TEXT(""), DECIMAL_EMPTY, "Give an amount, such as 1.89."},
    {"USD", TEXT(" \t "), DECIMAL_EMPTY, "Give an amount, such as 1.89."},
    {"USD", TEXT("\"\""), DECIMAL_EMPTY, "Give an amount, such as 1.89."},
    {"USD", TEXT("abc"), DECIMAL_NOT_A_NUMBER, NOT_A_NUMBER},
    {"USD", TEXT("NaN"), DECIMAL_NOT_A_NUMBER, NOT_A_NUMBER},
    {"USD", TEXT("1.2.3"), DECIMAL_NOT_A_NUMBER, NOT_A_NUMBER},
    {"USD", TEXT("."), DECIMAL_NOT_A_NUMBER, NOT_A_NUMBER},
    {"USD", TEXT("$"), DECIMAL_NOT_A_NUMBER, NOT_A_NUMBER},
    {"USD", TEXT("-"), DECIMAL_NOT_A_NUMBER, NOT_A_NUMBER},
    {"USD", TEXT("--1"), DECIMAL_NOT_A_NUMBER, NOT_A_NUMBER},
    {"USD", TEXT("-$-1"), DECIMAL_NOT_A_NUMBER, NOT_A_NUMBER},
    {"USD", TEXT("1e"), DECIMAL_NOT_A_NUMBER, NOT_A_NUMBER},
    {"USD", TEXT("1e+"), DECIMAL_NOT_A_NUMBER, NOT_A_NUMBER},
    {"USD", TEXT("e5"), DECIMAL_NOT_A_NUMBER, NOT_A_NUMBER},
    {"USD", TEXT("0x10"), DECIMAL_NOT_A_NUMBER, NOT_A_NUMBER},
    {"USD", TEXT("1_0.5"), DECIMAL_NOT_A_NUMBER, NOT_A_NUMBER},
    {"USD", TEXT("1'00"), DECIMAL_APOSTROPHE, APOSTROPHE},
    {"CHF", TEXT("1'234,567.50"), DECIMAL_APOSTROPHE, APOSTROPHE},
    {"CHF", TEXT("1,234'567.50"), DECIMAL_APOSTROPHE, APOSTROPHE},
    {"CHF", TEXT("1.234'567"), DECIMAL_APOSTROPHE, APOSTROPHE},
    {"INR", TEXT("1'00'000"), DECIMAL_APOSTROPHE, APOSTROPHE},
    {"USD", TEXT("$5$"), DECIMAL_NOT_A_NUMBER, NOT_A_NUMBER},
    {"USD", TEXT("$5 US$"), DECIMAL_NOT_A_NUMBER, NOT_A_NUMBER},
    {"USD", TEXT("USD 5 USD"), DECIMAL_NOT_A_NUMBER, NOT_A_NUMBER},
    {"EUR", TEXT("\u20AC5\u20AC"), DECIMAL_NOT_A_NUMBER, NOT_A_NUMBER},
    {"SEK", TEXT("kr 5 kr"), DECIMAL_NOT_A_NUMBER, NOT_A_NUMBER},
    {"USD", TEXT("\u202E12"), DECIMAL_NOT_A_NUMBER, NOT_A_NUMBER}, /* 21 is seen */
    {"USD", TEXT("\u200B"), DECIMAL_EMPTY, "Give an amount, such as 1.89."},
    {"USD", TEXT("5 apples"), DECIMAL_NOT_A_NUMBER, NOT_A_NUMBER},
    {"USD", TEXT("5 USDX"), DECIMAL_NOT_A_NUMBER, NOT_A_NUMBER},
    {"USD", TEXT("1.89\0"), DECIMAL_NOT_A_NUMBER, NOT_A_NUMBER},
    {"USD", TEXT("1\0.89"), DECIMAL_NOT_A_NUMBER, NOT_A_NUMBER},
    {"USD", TEXT("\0"), DECIMAL_NOT_A_NUMBER, NOT_A_NUMBER},
    {"USD", TEXT("\xFF\xFE"), DECIMAL_NOT_A_NUMBER, NOT_A_NUMBER},
    {"USD", TEXT("true"), DECIMAL_NOT_A_NUMBER, NOT_A_NUMBER},
    {"USD", TEXT("Infinity"), DECIMAL_INFINITE, INFINITE},
    {"USD", TEXT("-inf"), DECIMAL_INFINITE, INFINITE},
    {"USD", TEXT("\xEF\xBC\x91"), DECIMAL_OTHER_DIGITS, DIGITS},
    {"USD", TEXT("1.\xEF\xBC\x95"), DECIMAL_OTHER_DIGITS, DIGITS},
    {"INR", TEXT("\xE0\xA5\xA7"), DECIMAL_OTHER_DIGITS, DIGITS},
    {"USD", TEXT("\xD9\xA1"), DECIMAL_OTHER_DIGITS, DIGITS},
    {"USD", TEXT("\xDB\xB1"), DECIMAL_OTHER_DIGITS, DIGITS},
    {"USD", TEXT("1,5"), DECIMAL_COMMA, COMMA},
    {"USD", TEXT("1,50"), DECIMAL_COMMA, COMMA},
    {"USD", TEXT("0,500"), DECIMAL_COMMA, COMMA},
    {"USD", TEXT(",5"), DECIMAL_COMMA, COMMA},
    {"USD", TEXT("1,"), DECIMAL_COMMA, COMMA},
    {"USD", TEXT("1,,000"), DECIMAL_COMMA, COMMA},
    {"USD", TEXT("1,0000"), DECIMAL_COMMA, COMMA},
    {"USD", TEXT("1234,567"), DECIMAL_COMMA, COMMA},
    {"USD", TEXT("1.234,50"), DECIMAL_COMMA, COMMA},
    {"USD", TEXT("1.000,000"), DECIMAL_COMMA, COMMA},
    {"USD", TEXT("1,00,000.00"), DECIMAL_COMMA, COMMA},
    {"INR", TEXT("1,00,00.00"), DECIMAL_COMMA, COMMA},
    {"USD", TEXT("1 234.50"), DECIMAL_BLANK, BLANK},
    {"USD", TEXT("5'"), DECIMAL_NOT_A_NUMBER, NOT_A_NUMBER},
    {"USD", TEXT("'5"), DECIMAL_NOT_A_NUMBER, NOT_A_NUMBER},
    {"USD",
     TEXT("1\xE2\x80\xAF"
          "234"),
     DECIMAL_BLANK, BLANK},
    {"USD",
     TEXT("\xE2\x82\xAC"
          "2"),
     DECIMAL_OTHER_CURRENCY,
     "The amount is written in \xE2\x82\xAC (Euro), but the currency is USD: change one of them."},
    {"EUR", TEXT("2 usd"), DECIMAL_OTHER_CURRENCY,
     "The amount is written in USD (US dollar), but the currency is EUR: change one of them."},
    {"USD", TEXT("CA$2"), DECIMAL_OTHER_CURRENCY,
     "The amount is written in CA$ (Canadian dollar), but the currency is USD: change one of "
     "them."},
    {"USD", TEXT("$2 EUR"), DECIMAL_OTHER_CURRENCY,
     "The amount is written in EUR (Euro), but the currency is USD: change one of them."},
    {"USD", TEXT("-1"), DECIMAL_NEGATIVE, NEGATIVE},
    {"USD", TEXT("-0.01"), DECIMAL_NEGATIVE, NEGATIVE},
    {"USD", TEXT("-0.001"), DECIMAL_NEGATIVE, NEGATIVE},
    {"USD", TEXT("-$5"), DECIMAL_NEGATIVE, NEGATIVE},
    {"USD", TEXT("$-5"), DECIMAL_NEGATIVE, NEGATIVE},
    {"USD", TEXT("-1e400"), DECIMAL_NEGATIVE, NEGATIVE},
    {"USD",
     TEXT("\xE2\x88\x92"
          "5"),
     DECIMAL_NEGATIVE, NEGATIVE},
    {"USD", TEXT("0.005"), DECIMAL_TOO_PRECISE, PRECISE},
    {"USD", TEXT("1.891"), DECIMAL_TOO_PRECISE, PRECISE},
    {"USD", TEXT("1e-3"), DECIMAL_TOO_PRECISE, PRECISE},
    {"USD", TEXT("1e-400"), DECIMAL_TOO_PRECISE, PRECISE},
    {"USD", TEXT("1e-99999999999999999999"), DECIMAL_TOO_PRECISE, PRECISE},
    {"JPY", TEXT("1.5"), DECIMAL_TOO_PRECISE,
     "The amount is more precise than JPY: it has no decimals."},
    {"USD", TEXT("92,233,720,368,547,758.08"), DECIMAL_TOO_LARGE, LARGE},
    {"USD", TEXT("92233720368547759"), DECIMAL_TOO_LARGE, LARGE},
    {"USD", TEXT("18446744073709551617"), DECIMAL_TOO_LARGE, LARGE},
    {"USD", TEXT("184467440737095516.17"), DECIMAL_TOO_LARGE, LARGE},
    {"USD", TEXT("10000000000000000000"), DECIMAL_TOO_LARGE, LARGE},
    {"USD", TEXT("1e400"), DECIMAL_TOO_LARGE, LARGE},
    {"USD", TEXT("1e99999999999"), DECIMAL_TOO_LARGE, LARGE},
    {"USD", TEXT("1e9223372036854775808"), DECIMAL_TOO_LARGE, LARGE},
    {"JPY", TEXT("92,233,720,368,547,759"), DECIMAL_TOO_LARGE,
     "The amount is too large: give at most 92,233,720,368,547,758."},
};

START_TEST(refuses)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        char sentence[DECIMAL_SENTENCE] = "";
        int64_t minor = -7;
        enum decimal_outcome outcome =
            decimal_read(refused[i].text, of(refused[i].code), &minor, sentence);
        ck_assert_msg(outcome == refused[i].outcome, "%s: %d", refused[i].text.data, (int)outcome);
        ck_assert_str_eq(sentence, refused[i].sentence);
        ck_assert_int_eq(minor, -7);
    }
}
END_TEST

/* A text that isn't NUL-terminated, at the very end of its memory. */
START_TEST(reads_no_byte_too_many)
{
    static const char *const texts[] = {"1e", "1e5", "-", "\xE2\x88", "5 \xC2", "$", "1.", "E"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        size_t length = strlen(texts[i]);
        char *exact = malloc(length);
        ck_assert_ptr_nonnull(exact);
        memcpy(exact, texts[i], length);
        char sentence[DECIMAL_SENTENCE];
        int64_t minor = 0;
        enum decimal_outcome whole =
            decimal_read((dime_text){exact, length}, of("USD"), &minor, sentence);
        ck_assert_int_eq(whole, decimal_read(text_of(texts[i]), of("USD"), &minor, sentence));
        free(exact);
    }
}
END_TEST

START_TEST(writes)
{
    static const struct {
        const char *code;
        int64_t minor;
        const char *people;
    } written[] = {
        {"USD", 0, "$0.00"},
        {"USD", 5, "$0.05"},
        {"USD", 189, "$1.89"},
        {"USD", 99999, "$999.99"},
        {"USD", 123450, "$1,234.50"},
        {"USD", 123456789, "$1,234,567.89"},
        {"USD", INT64_MAX, "$92,233,720,368,547,758.07"},
        {"USD", -5, "-$0.05"},
        {"USD", INT64_MIN, "-$92,233,720,368,547,758.08"},
        {"JPY", 0,
         "\xC2\xA5"
         "0"},
        {"JPY", 1234,
         "\xC2\xA5"
         "1,234"},
        {"INR", 10000000,
         "\xE2\x82\xB9"
         "1,00,000.00"},
        {"INR", 1234567890,
         "\xE2\x82\xB9"
         "1,23,45,678.90"},
        {"SEK", 123450, "1,234.50 kr"},
        {"CHF", 5, "CHF 0.05"},
    };
    char out[DECIMAL_TEXT];
    for (size_t i = 0; i < sizeof written / sizeof written[0]; i++) {
        const struct currency *currency = of(written[i].code);
        ck_assert_uint_eq(decimal_write_for_people(written[i].minor, currency, out),
                          strlen(written[i].people));
        ck_assert_str_eq(out, written[i].people);
    }
}
END_TEST

START_TEST(writes_counts)
{
    char out[DECIMAL_TEXT];
    ck_assert_uint_eq(decimal_write_count(0, of("USD"), out), 1);
    ck_assert_str_eq(out, "0");
    decimal_write_count(999, of("USD"), out);
    ck_assert_str_eq(out, "999");
    ck_assert_uint_eq(decimal_write_count(4000000, of("USD"), out), 9);
    ck_assert_str_eq(out, "4,000,000");
    decimal_write_count(4000000, of("INR"), out);
    ck_assert_str_eq(out, "40,00,000");
    decimal_write_count(INT64_MAX, of("JPY"), out);
    ck_assert_str_eq(out, "9,223,372,036,854,775,807");
}
END_TEST

/* What is written, for programs or for people, is read again as the same amount. */
START_TEST(reads_what_it_writes)
{
    size_t count;
    const struct currency *all = currency_list(&count);
    for (size_t i = 0; i < count; i++) {
        for (int64_t minor = 0; minor < INT64_MAX / 200; minor = minor * 3 + 1) {
            char out[DECIMAL_TEXT];
            struct buffer plain;
            buffer_over(&plain, out, sizeof out);
            buffer_decimal(&plain, minor, all[i].exponent);
            expect(all[i].code, buffer_text(&plain), minor);
            decimal_write_for_people(minor, &all[i], out);
            expect(all[i].code, text_of(out), minor);
        }
    }
}
END_TEST

Suite *decimal_suite(void)
{
    Suite *suite = suite_create("decimal");
    TCase *tests = tcase_create("decimal");
    tcase_add_test(tests, every_cent);
    tcase_add_test(tests, accepts);
    tcase_add_test(tests, refuses);
    tcase_add_test(tests, reads_no_byte_too_many);
    tcase_add_test(tests, writes);
    tcase_add_test(tests, writes_counts);
    tcase_add_test(tests, reads_what_it_writes);
    suite_add_tcase(suite, tests);
    return suite;
}
