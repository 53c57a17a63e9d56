/*
 * currency_test.c - the table of currencies: found by code, and true to its own rules.
 *
 * The pieces of the plain request are written out; of the others, what the functions rely on is
 * checked: order, no value twice, names, sizes that a page can draw. A number before a name's noun
 * is joined to it, as English has it: a 10-dollar bill.
 */
#include "money/currency.h"

#include <check.h>
#include <string.h>

Suite *currency_suite(void);

START_TEST(finds_codes)
{
    static const char *const codes[] = {"USD", "CAD", "EUR", "GBP", "CHF",
                                        "JPY", "MXN", "INR", "AUD", "SEK"};
    size_t count;
    currency_list(&count);
    ck_assert_uint_eq(count, sizeof codes / sizeof codes[0]);
    for (size_t i = 0; i < count; i++) {
        const struct currency *currency = currency_find(text_of(codes[i]));
        ck_assert_ptr_nonnull(currency);
        ck_assert_str_eq(currency->code, codes[i]);
        ck_assert_int_eq(currency->exponent, strcmp(codes[i], "JPY") == 0 ? 0 : 2);
    }
    ck_assert_str_eq(currency_find(TEXT("usd"))->code, "USD");
    ck_assert_str_eq(currency_find(TEXT("Eur"))->code, "EUR");
}
END_TEST

START_TEST(finds_nothing_else)
{
    ck_assert_ptr_null(currency_find(TEXT("")));
    ck_assert_ptr_null(currency_find((dime_text){0}));
    ck_assert_ptr_null(currency_find(TEXT("US")));
    ck_assert_ptr_null(currency_find(TEXT("USDX")));
    ck_assert_ptr_null(currency_find(TEXT("US\0")));
    ck_assert_ptr_null(currency_find(TEXT(" USD")));
    ck_assert_ptr_null(currency_find(TEXT("XXX")));
}
END_TEST

START_TEST(us_coins)
{
    static const struct {
        int64_t value;
        const char *singular;
        const char *plural;
        int32_t width;
    } coins[] = {
        {25, "quarter", "quarters", 24260},
        {10, "dime", "dimes", 17910},
        {5, "nickel", "nickels", 21210},
        {1, "penny", "pennies", 19050},
    };
    const struct currency *usd = currency_find(TEXT("USD"));
    size_t found = 0;
    for (size_t i = 0; i < usd->count; i++) {
        if (usd->pieces[i].kind != PIECE_COIN)
            continue;
        ck_assert_uint_lt(found, 4);
        ck_assert_int_eq(usd->pieces[i].value, coins[found].value);
        ck_assert_str_eq(usd->pieces[i].singular, coins[found].singular);
        ck_assert_str_eq(usd->pieces[i].plural, coins[found].plural);
        ck_assert_int_eq(usd->pieces[i].width, coins[found].width);
        found++;
    }
    ck_assert_uint_eq(found, 4);
}
END_TEST

static void check_coin(const struct piece *piece)
{
    ck_assert_int_eq(piece->width, piece->height);
    ck_assert_int_gt(piece->width, 13000);
    ck_assert_int_lt(piece->width, 33000);
    ck_assert_int_ne(piece->metal, METAL_NONE);
    ck_assert_int_ne(piece->shape, SHAPE_NOTE);
    ck_assert_int_eq(piece->colour, COLOUR_NONE);
}

static void check_note(const struct piece *piece)
{
    ck_assert_int_gt(piece->width, piece->height);
    ck_assert_int_gt(piece->height, 60000);
    ck_assert_int_lt(piece->width, 165000);
    ck_assert_int_eq(piece->metal, METAL_NONE);
    ck_assert_int_eq(piece->shape, SHAPE_NOTE);
    ck_assert_int_ne(piece->colour, COLOUR_NONE);
}

/* "10-dollar bill", or a word without a number. */
static void check_name(const char *name)
{
    size_t digits = strspn(name, "0123456789");
    ck_assert_msg(digits == 0 || name[digits] == '-', "%s", name);
}

/* "1-krona coin", but "10-kronor coins", as the Swedish plural is the English one too. */
START_TEST(kronor)
{
    const struct currency *sek = currency_find(TEXT("SEK"));
    for (size_t i = 0; i < sek->count; i++) {
        bool one = sek->pieces[i].value == 100;
        ck_assert_msg(!strstr(sek->pieces[i].plural, "kronor") == one, "%s", sek->pieces[i].plural);
        ck_assert_msg(!strstr(sek->pieces[i].singular, "kronor") == one, "%s",
                      sek->pieces[i].singular);
    }
}
END_TEST

START_TEST(pieces_keep_the_rules)
{
    size_t count;
    const struct currency *all = currency_list(&count);
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(strlen(all[i].code), 3);
        ck_assert_uint_gt(strlen(all[i].name), 0);
        ck_assert_uint_gt(strlen(all[i].before) + strlen(all[i].behind), 0);
        for (size_t k = 0; k < all[i].count; k++) {
            const struct piece *piece = &all[i].pieces[k];
            ck_assert_int_gt(piece->value, 0);
            ck_assert(k == 0 || piece->kind != piece[-1].kind || piece->value < piece[-1].value);
            ck_assert(k == 0 || piece->kind == PIECE_COIN || piece[-1].kind == PIECE_NOTE);
            ck_assert_str_ne(piece->singular, piece->plural);
            check_name(piece->singular);
            check_name(piece->plural);
            if (piece->kind == PIECE_COIN)
                check_coin(piece);
            else
                check_note(piece);
        }
    }
}
END_TEST

/* What has been withdrawn must not come back. */
START_TEST(smallest_coins)
{
    static const struct {
        const char *code;
        int64_t value;
    } smallest[] = {{"USD", 1}, {"CAD", 5},  {"EUR", 1},  {"GBP", 1}, {"CHF", 5},
                    {"JPY", 1}, {"MXN", 10}, {"INR", 50}, {"AUD", 5}, {"SEK", 100}};
    for (size_t i = 0; i < sizeof smallest / sizeof smallest[0]; i++) {
        const struct currency *currency = currency_find(text_of(smallest[i].code));
        ck_assert_int_eq(currency->pieces[currency->count - 1].value, smallest[i].value);
    }
}
END_TEST

START_TEST(names_by_number)
{
    const struct currency *usd = currency_find(TEXT("USD"));
    const struct piece *penny = &usd->pieces[usd->count - 1];
    ck_assert_str_eq(piece_name(penny, 0), "pennies");
    ck_assert_str_eq(piece_name(penny, 1), "penny");
    ck_assert_str_eq(piece_name(penny, 4), "pennies");
}
END_TEST

Suite *currency_suite(void)
{
    Suite *suite = suite_create("currency");
    TCase *tests = tcase_create("currency");
    tcase_add_test(tests, finds_codes);
    tcase_add_test(tests, finds_nothing_else);
    tcase_add_test(tests, us_coins);
    tcase_add_test(tests, pieces_keep_the_rules);
    tcase_add_test(tests, kronor);
    tcase_add_test(tests, smallest_coins);
    tcase_add_test(tests, names_by_number);
    suite_add_tcase(suite, tests);
    return suite;
}
