/*
 * currency.c - the table of currencies and their pieces.
 *
 * The comment on each currency names the source, a page of its central bank or mint. If a metal or
 * size has changed, the piece is the one that is made now. Values are in minor units, and sizes in
 * micrometres. A polygon is measured over its corners if the mint does so.
 */
#include "money/currency.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* clang-format off */
#define COIN(value, name, names, size, metal, shape) \
    {value, PIECE_COIN, name, names, size, size, METAL_##metal, SHAPE_##shape, COLOUR_NONE}
#define NOTE(value, name, names, width, height, colour) \
    {value, PIECE_NOTE, name, names, width, height, METAL_NONE, SHAPE_NOTE, COLOUR_##colour}

/*
 * usmint.gov/learn/coins-and-medals/circulating-coins/coin-specifications and uscurrency.gov:
 * every note is 6.14 by 2.61 inches. Half dollars and dollar coins are hardly met in change and
 * left out. The last cent for circulation was struck on 12 November 2025 (U.S. Mint); those
 * that there are remain in it. The $2 note is still made.
 */
static const struct piece usd[] = {
    NOTE(10000, "100-dollar bill", "100-dollar bills", 155956, 66294, GREEN),
    NOTE( 5000, "50-dollar bill", "50-dollar bills",   155956, 66294, GREEN),
    NOTE( 2000, "20-dollar bill", "20-dollar bills",   155956, 66294, GREEN),
    NOTE( 1000, "10-dollar bill", "10-dollar bills",   155956, 66294, GREEN),
    NOTE(  500, "5-dollar bill", "5-dollar bills",     155956, 66294, GREEN),
    NOTE(  200, "2-dollar bill", "2-dollar bills",     155956, 66294, GREEN),
    NOTE(  100, "1-dollar bill", "1-dollar bills",     155956, 66294, GREEN),
    COIN(   25, "quarter", "quarters", 24260, SILVER, ROUND),
    COIN(   10, "dime", "dimes",       17910, SILVER, ROUND),
    COIN(    5, "nickel", "nickels",   21210, SILVER, ROUND),
    COIN(    1, "penny", "pennies",    19050, COPPER, ROUND),
};

/*
 * mint.ca (circulation coins) and bankofcanada.ca/banknotes: every note is 152.4 by 69.85 mm. No
 * penny: the Mint stopped handing it out in February 2013. The 50-cent coin is hardly met.
 */
static const struct piece cad[] = {
    NOTE(10000, "100-dollar bill", "100-dollar bills", 152400, 69850, BROWN),
    NOTE( 5000, "50-dollar bill", "50-dollar bills",   152400, 69850, RED),
    NOTE( 2000, "20-dollar bill", "20-dollar bills",   152400, 69850, GREEN),
    NOTE( 1000, "10-dollar bill", "10-dollar bills",   152400, 69850, PURPLE),
    NOTE(  500, "5-dollar bill", "5-dollar bills",     152400, 69850, BLUE),
    COIN(  200, "toonie", "toonies",   28000, GOLD_IN_SILVER, ROUND),
    COIN(  100, "loonie", "loonies",   26500, GOLD, HENDECAGON),
    COIN(   25, "quarter", "quarters", 23880, SILVER, ROUND),
    COIN(   10, "dime", "dimes",       18030, SILVER, ROUND),
    COIN(    5, "nickel", "nickels",   21200, SILVER, ROUND),
};

/*
 * ecb.europa.eu/euro/coins and /euro/banknotes (the Europa series). The 500 euro note has not
 * been issued since April 2019 and is left out. Some countries round cash and hardly use 1 and 2
 * cents.
 */
static const struct piece eur[] = {
    NOTE(20000, "200-euro note", "200-euro notes", 153000, 77000, YELLOW),
    NOTE(10000, "100-euro note", "100-euro notes", 147000, 77000, GREEN),
    NOTE( 5000, "50-euro note", "50-euro notes",   140000, 77000, ORANGE),
    NOTE( 2000, "20-euro note", "20-euro notes",   133000, 72000, BLUE),
    NOTE( 1000, "10-euro note", "10-euro notes",   127000, 67000, RED),
    NOTE(  500, "5-euro note", "5-euro notes",     120000, 62000, GREY),
    COIN(  200, "2-euro coin", "2-euro coins",   25750, GOLD_IN_SILVER, ROUND),
    COIN(  100, "1-euro coin", "1-euro coins",   23250, SILVER_IN_GOLD, ROUND),
    COIN(   50, "50-cent coin", "50-cent coins", 24250, GOLD, ROUND),
    COIN(   20, "20-cent coin", "20-cent coins", 22250, GOLD, FLOWER),
    COIN(   10, "10-cent coin", "10-cent coins", 19750, GOLD, ROUND),
    COIN(    5, "5-cent coin", "5-cent coins",   21250, COPPER, ROUND),
    COIN(    2, "2-cent coin", "2-cent coins",   18750, COPPER, ROUND),
    COIN(    1, "1-cent coin", "1-cent coins",   16250, COPPER, ROUND),
};

/*
 * royalmint.com/discover/uk-coins/coin-design-and-specifications and
 * bankofengland.co.uk/banknotes/current-banknotes. Crowns are collected, not spent.
 */
static const struct piece gbp[] = {
    NOTE(5000, "50-pound note", "50-pound notes", 146000, 77000, RED),
    NOTE(2000, "20-pound note", "20-pound notes", 139000, 73000, PURPLE),
    NOTE(1000, "10-pound note", "10-pound notes", 132000, 69000, ORANGE),
    NOTE( 500, "5-pound note", "5-pound notes",   125000, 65000, TURQUOISE),
    COIN( 200, "2-pound coin", "2-pound coins",   28400, SILVER_IN_GOLD, ROUND),
    COIN( 100, "1-pound coin", "1-pound coins",   23430, SILVER_IN_GOLD, DODECAGON),
    COIN(  50, "50-pence coin", "50-pence coins", 27300, SILVER, HEPTAGON),
    COIN(  20, "20-pence coin", "20-pence coins", 21400, SILVER, HEPTAGON),
    COIN(  10, "10-pence coin", "10-pence coins", 24500, SILVER, ROUND),
    COIN(   5, "5-pence coin", "5-pence coins",   18000, SILVER, ROUND),
    COIN(   2, "2-pence coin", "2-pence coins",   25900, COPPER, ROUND),
    COIN(   1, "penny", "pennies",                20300, COPPER, ROUND),
};

/*
 * swissmint.ch (circulation coins, to a twentieth of a millimetre; SR 941.101.2 has them in whole
 * ones) and snb.ch, the ninth series of notes. The 1 rappen coin was withdrawn in 2007.
 */
static const struct piece chf[] = {
    NOTE(100000, "1000-franc note", "1000-franc notes", 158000, 70000, PURPLE),
    NOTE( 20000, "200-franc note", "200-franc notes",   151000, 70000, BROWN),
    NOTE( 10000, "100-franc note", "100-franc notes",   144000, 70000, BLUE),
    NOTE(  5000, "50-franc note", "50-franc notes",     137000, 70000, GREEN),
    NOTE(  2000, "20-franc note", "20-franc notes",     130000, 70000, RED),
    NOTE(  1000, "10-franc note", "10-franc notes",     123000, 70000, YELLOW),
    COIN(   500, "5-franc coin", "5-franc coins",     31450, SILVER, ROUND),
    COIN(   200, "2-franc coin", "2-franc coins",     27400, SILVER, ROUND),
    COIN(   100, "1-franc coin", "1-franc coins",     23200, SILVER, ROUND),
    COIN(    50, "50-rappen coin", "50-rappen coins", 18200, SILVER, ROUND),
    COIN(    20, "20-rappen coin", "20-rappen coins", 21050, SILVER, ROUND),
    COIN(    10, "10-rappen coin", "10-rappen coins", 19150, SILVER, ROUND),
    COIN(     5, "5-rappen coin", "5-rappen coins",   17150, GOLD, ROUND),
};

/*
 * mint.go.jp (coins in circulation, the 500 yen coin of 2021) and boj.or.jp (notes currently
 * issued; the series of 2024). The 2000 yen note is one of them, though seldom met.
 */
static const struct piece jpy[] = {
    NOTE(10000, "10000-yen note", "10000-yen notes", 160000, 76000, BROWN),
    NOTE( 5000, "5000-yen note", "5000-yen notes",   156000, 76000, PURPLE),
    NOTE( 2000, "2000-yen note", "2000-yen notes",   154000, 76000, GREEN),
    NOTE( 1000, "1000-yen note", "1000-yen notes",   150000, 76000, BLUE),
    COIN(  500, "500-yen coin", "500-yen coins", 26500, SILVER_IN_GOLD, ROUND),
    COIN(  100, "100-yen coin", "100-yen coins", 22600, SILVER, ROUND),
    COIN(   50, "50-yen coin", "50-yen coins",   21000, SILVER, HOLED),
    COIN(   10, "10-yen coin", "10-yen coins",   23500, COPPER, ROUND),
    COIN(    5, "5-yen coin", "5-yen coins",     22000, GOLD, HOLED),
    COIN(    1, "1-yen coin", "1-yen coins",     20000, ALUMINIUM, ROUND),
};

/*
 * banxico.org.mx/banknotes-and-coins: coins of types C, C1 and D in circulation, notes of type
 * G, 65 mm high and from 125 to 153 mm long. The decrees of 2024 and January 2026 (Diario Oficial)
 * change the alloys of the coins from 1 to 10 pesos and the picture on that of 20, no size and no
 * colour. The 5 centavo coin is no longer struck, and the 20 peso note gives way to the coin: both
 * left out.
 */
static const struct piece mxn[] = {
    NOTE(100000, "1000-peso note", "1000-peso notes", 153000, 65000, GREY),
    NOTE( 50000, "500-peso note", "500-peso notes",   146000, 65000, BLUE),
    NOTE( 20000, "200-peso note", "200-peso notes",   139000, 65000, GREEN),
    NOTE( 10000, "100-peso note", "100-peso notes",   132000, 65000, RED),
    NOTE(  5000, "50-peso note", "50-peso notes",     125000, 65000, PURPLE),
    COIN(  2000, "20-peso coin", "20-peso coins",       30000, SILVER_IN_GOLD, DODECAGON),
    COIN(  1000, "10-peso coin", "10-peso coins",       28000, SILVER_IN_GOLD, ROUND),
    COIN(   500, "5-peso coin", "5-peso coins",         25500, GOLD_IN_SILVER, ROUND),
    COIN(   200, "2-peso coin", "2-peso coins",         23000, GOLD_IN_SILVER, ROUND),
    COIN(   100, "1-peso coin", "1-peso coins",         21000, GOLD_IN_SILVER, ROUND),
    COIN(    50, "50-centavo coin", "50-centavo coins", 17000, SILVER, ROUND),
    COIN(    20, "20-centavo coin", "20-centavo coins", 15300, SILVER, ROUND),
    COIN(    10, "10-centavo coin", "10-centavo coins", 14000, SILVER, ROUND),
};

/*
 * rbi.org.in (FAQ on Indian currency; Mahatma Gandhi New Series) and the Coinage Rules of 2019,
 * G.S.R. 184(E), for 1 to 20 rupees. 50 paise is the smallest coin in circulation; its size is
 * that of the series of 2011 (RBI press release of July 2011: 19 to 27 mm for 50 paise to 10
 * rupees), as there is none in the series of 2019. The 2000
 * rupee note was withdrawn in 2023; notes of 1, 2 and 5 rupees are hardly met. 10 and 20 rupees
 * are both notes and coins.
 */
static const struct piece inr[] = {
    NOTE(50000, "500-rupee note", "500-rupee notes", 150000, 66000, GREY),
    NOTE(20000, "200-rupee note", "200-rupee notes", 146000, 66000, YELLOW),
    NOTE(10000, "100-rupee note", "100-rupee notes", 142000, 66000, PURPLE),
    NOTE( 5000, "50-rupee note", "50-rupee notes",   135000, 66000, BLUE),
    NOTE( 2000, "20-rupee note", "20-rupee notes",   129000, 63000, YELLOW),
    NOTE( 1000, "10-rupee note", "10-rupee notes",   123000, 63000, BROWN),
    COIN( 2000, "20-rupee coin", "20-rupee coins", 27000, GOLD_IN_SILVER, DODECAGON),
    COIN( 1000, "10-rupee coin", "10-rupee coins", 27000, SILVER_IN_GOLD, ROUND),
    COIN(  500, "5-rupee coin", "5-rupee coins",   25000, GOLD, ROUND),
    COIN(  200, "2-rupee coin", "2-rupee coins",   23000, SILVER, ROUND),
    COIN(  100, "1-rupee coin", "1-rupee coins",   20000, SILVER, ROUND),
    COIN(   50, "50-paise coin", "50-paise coins", 19000, SILVER, ROUND),
};

/*
 * ramint.gov.au (circulating coins) and banknotes.rba.gov.au, the Next Generation series. The 1
 * and 2 cent coins were withdrawn from 1992. The 50 cent coin is measured over its flats.
 */
static const struct piece aud[] = {
    NOTE(10000, "100-dollar note", "100-dollar notes", 158000, 65000, GREEN),
    NOTE( 5000, "50-dollar note", "50-dollar notes",   151000, 65000, YELLOW),
    NOTE( 2000, "20-dollar note", "20-dollar notes",   144000, 65000, RED),
    NOTE( 1000, "10-dollar note", "10-dollar notes",   137000, 65000, BLUE),
    NOTE(  500, "5-dollar note", "5-dollar notes",     130000, 65000, PURPLE),
    COIN(  200, "2-dollar coin", "2-dollar coins", 20500, GOLD, ROUND),
    COIN(  100, "1-dollar coin", "1-dollar coins", 25000, GOLD, ROUND),
    COIN(   50, "50-cent coin", "50-cent coins",   31510, SILVER, DODECAGON),
    COIN(   20, "20-cent coin", "20-cent coins",   28520, SILVER, ROUND),
    COIN(   10, "10-cent coin", "10-cent coins",   23600, SILVER, ROUND),
    COIN(    5, "5-cent coin", "5-cent coins",     19410, SILVER, ROUND),
};

/*
 * riksbank.se, and its regulations 2014:84 (coins of 1, 2 and 5 kronor) and 2014:85 (notes); the
 * coin of 10 is the one from 1991. The last coin below one krona was withdrawn in 2010, though
 * prices still have decimals.
 */
static const struct piece sek[] = {
    NOTE(100000, "1000-kronor note", "1000-kronor notes", 154000, 66000, BROWN),
    NOTE( 50000, "500-kronor note", "500-kronor notes",   147000, 66000, RED),
    NOTE( 20000, "200-kronor note", "200-kronor notes",   140000, 66000, GREEN),
    NOTE( 10000, "100-kronor note", "100-kronor notes",   133000, 66000, BLUE),
    NOTE(  5000, "50-kronor note", "50-kronor notes",     126000, 66000, ORANGE),
    NOTE(  2000, "20-kronor note", "20-kronor notes",     120000, 66000, PURPLE),
    COIN(  1000, "10-kronor coin", "10-kronor coins", 20500, GOLD, ROUND),
    COIN(   500, "5-kronor coin", "5-kronor coins",   23750, GOLD, ROUND),
    COIN(   200, "2-kronor coin", "2-kronor coins",   22500, COPPER, ROUND),
    COIN(   100, "1-krona coin", "1-krona coins",   19500, COPPER, ROUND),
};

#define CURRENCY(code, pieces, name, exponent, before, behind, lakh, ...) \
    {code, name, before, behind, {__VA_ARGS__}, exponent, lakh, COUNT_OF(pieces), pieces}

static const struct currency currencies[] = {
    CURRENCY("USD", usd, "US dollar",         2, "$",    "",    false, "$", "US$"),
    CURRENCY("CAD", cad, "Canadian dollar",   2, "CA$",  "",    false, "$", "CA$", "C$"),
    CURRENCY("EUR", eur, "Euro",              2, "€",    "",    false, "€"),
    CURRENCY("GBP", gbp, "Pound sterling",    2, "£",    "",    false, "£"),
    CURRENCY("CHF", chf, "Swiss franc",       2, "CHF ", "",    false, "Fr.", "SFr.", "Fr"),
    CURRENCY("JPY", jpy, "Japanese yen",      0, "¥",    "",    false, "¥", "円"),
    CURRENCY("MXN", mxn, "Mexican peso",      2, "MX$",  "",    false, "$", "MX$", "Mex$"),
    CURRENCY("INR", inr, "Indian rupee",      2, "₹",    "",    true,  "₹", "Rs.", "Rs"),
    CURRENCY("AUD", aud, "Australian dollar", 2, "A$",   "",    false, "$", "A$", "AU$"),
    CURRENCY("SEK", sek, "Swedish krona",     2, "",     " kr", false, "kr"),
};
/* clang-format on */

const struct currency *currency_find(dime_text code)
{
    for (size_t i = 0; i < COUNT_OF(currencies); i++) {
        if (text_equal_nocase(code, text_of(currencies[i].code)))
            return &currencies[i];
    }
    return NULL;
}

const struct currency *currency_list(size_t *count)
{
    *count = COUNT_OF(currencies);
    return currencies;
}

const char *piece_name(const struct piece *piece, int64_t how_many)
{
    return how_many == 1 ? piece->singular : piece->plural;
}

const char *piece_link(const struct piece *piece)
{
    char first = piece->singular[0];
    bool letter = (first | 32) >= 'a' && (first | 32) <= 'z';
    return letter ? " " : " \u00D7 ";
}
