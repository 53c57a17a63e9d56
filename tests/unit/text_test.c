/*
 * text_test.c - comparing, cutting and reading texts, and UTF-8 against a reference.
 *
 * UTF-8 is judged from both sides: every character that there is must pass, and of all byte
 * sequences as many pass as there are characters. So none passes that isn't one.
 */
#include "base/text.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>

Suite *text_suite(void);

START_TEST(measures_strings)
{
    ck_assert_uint_eq(TEXT("a\0b").length, 3);
    ck_assert_uint_eq(text_of("abc").length, 3);
    ck_assert_uint_eq(text_of("").length, 0);
    ck_assert_uint_eq(text_of(NULL).length, 0);
    ck_assert_ptr_nonnull(text_of(NULL).data);
}
END_TEST

START_TEST(compares)
{
    dime_text nothing = {0};
    ck_assert(text_equal(TEXT("a\0b"), TEXT("a\0b")));
    ck_assert(!text_equal(TEXT("a\0b"), TEXT("a\0c")));
    ck_assert(!text_equal(TEXT("a"), TEXT("ab")));
    ck_assert(!text_equal(TEXT("a"), TEXT("A")));
    ck_assert(text_equal(nothing, TEXT("")));
    ck_assert(text_equal(nothing, nothing));
    ck_assert(!text_equal(nothing, TEXT("a")));
    ck_assert(text_equal_nocase(TEXT("Content-TYPE"), TEXT("cONTENT-type")));
    ck_assert(!text_equal_nocase(TEXT("a"), TEXT("ab")));
    ck_assert(text_equal_nocase(nothing, TEXT("")));
    ck_assert(text_starts(TEXT("abc"), TEXT("ab")));
    ck_assert(text_starts(TEXT("abc"), TEXT("abc")));
    ck_assert(!text_starts(TEXT("abc"), TEXT("abcd")));
    ck_assert(!text_starts(TEXT("abc"), TEXT("b")));
    ck_assert(text_starts(TEXT("abc"), nothing));
    ck_assert(text_starts(nothing, nothing));
    ck_assert(!text_starts(nothing, TEXT("a")));
    ck_assert(text_starts_nocase(TEXT("Bearer x"), TEXT("bEARER ")));
    ck_assert(!text_starts_nocase(TEXT("Bearer"), TEXT("bearer ")));
    ck_assert(!text_starts_nocase(TEXT("Bearex x"), TEXT("bearer ")));
    ck_assert(text_starts_nocase(nothing, nothing));
}
END_TEST

/* Only A to Z and a to z are the same letters, whatever the locale: not '@' and '`', not '[' and
 * '{'. */
START_TEST(knows_the_case_of_ascii_letters_only)
{
    for (unsigned a = 0; a < 256; a++) {
        for (unsigned b = 0; b < 256; b++) {
            char left = (char)a, right = (char)b;
            bool letters = (a | 32) == (b | 32) && (a | 32) >= 'a' && (a | 32) <= 'z';
            bool same = text_equal_nocase((dime_text){&left, 1}, (dime_text){&right, 1});
            if (same != (a == b || letters))
                ck_abort_msg("%02x and %02x: %d", a, b, same);
        }
    }
}
END_TEST

/* Every byte, judged by the list of those that RFC 9110 forbids: it has both lists. */
START_TEST(knows_tokens)
{
    ck_assert(text_is_token(TEXT("X-Cache_2.~")));
    ck_assert(!text_is_token(TEXT("")));
    ck_assert(!text_is_token((dime_text){0}));
    ck_assert(!text_is_token(TEXT("X Cache")));
    ck_assert(!text_is_token(TEXT("X-Cache\0")));
    for (int c = 0; c < 256; c++) {
        char byte = (char)c;
        bool token = c > ' ' && c < 0x7F && !strchr("()<>@,;:\\\"/[]?={}", c);
        ck_assert_msg(text_is_token((dime_text){&byte, 1}) == token, "%02x", (unsigned)c);
    }
}
END_TEST

START_TEST(finds_control_characters)
{
    ck_assert(!text_has_controls(TEXT("")));
    ck_assert(!text_has_controls(TEXT("text/plain;\tcharset=utf-8")));
    ck_assert(text_has_controls(TEXT("a\r\nSet-Cookie: b")));
    for (int c = 0; c < 256; c++) {
        char bytes[] = {'a', (char)c, 'b'};
        bool controls = c != '\t' && (c < ' ' || c == 0x7F);
        ck_assert_msg(text_has_controls((dime_text){bytes, 3}) == controls, "%02x", (unsigned)c);
    }
}
END_TEST

START_TEST(trims)
{
    static const struct {
        dime_text text, trimmed;
    } cases[] = {
        {TEXT(""), TEXT("")},
        {TEXT(" \t\r\n"), TEXT("")},
        {TEXT("a"), TEXT("a")},
        {TEXT("\r\n a b\t "), TEXT("a b")},
        {TEXT("\0 a \0"), TEXT("\0 a \0")},
        {TEXT("\v\fa\xA0"), TEXT("\v\fa\xA0")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert(text_equal(text_trim(cases[i].text), cases[i].trimmed));
    ck_assert_uint_eq(text_trim((dime_text){0}).length, 0);
}
END_TEST

START_TEST(bares)
{
    static const struct {
        dime_text text, bare;
    } cases[] = {
        {TEXT(""), TEXT("")},
        {TEXT(" \u00A0\u200B\uFEFF\u00AD\t"), TEXT("")},
        {TEXT("\u202D\u200E a\u200Bb \u202C"), TEXT("a\u200Bb")},
        {TEXT("\u202Ea"), TEXT("\u202Ea")},
        {TEXT("a\xBF"), TEXT("a\xBF")},
        {TEXT("\xE2\x80"), TEXT("\xE2\x80")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert(text_equal(text_bare(cases[i].text), cases[i].bare));
    ck_assert_uint_eq(text_bare((dime_text){0}).length, 0);
}
END_TEST

START_TEST(knows_wide_text)
{
    static const struct {
        dime_text text;
        bool wide;
    } cases[] = {
        {TEXT(""), false},        {TEXT("\xFF\xFE"), true},     {TEXT("\xFE\xFF\0a"), true},
        {TEXT("a\0b\0"), true},   {TEXT("\0a\0b"), true},       {TEXT("a\0\0\0"), true},
        {TEXT("\0\0\0a"), true},  {TEXT("\0\0\xFE\xFF"), true}, {TEXT("a\0b"), false},
        {TEXT("\0abc\0"), false}, {TEXT("abcd"), false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert(text_is_wide(cases[i].text) == cases[i].wide);
}
END_TEST

/* TEXT cut at commas, each part in brackets. */
static void check_cut(dime_text text, const char *parts)
{
    char out[64] = "";
    size_t length = 0;
    dime_text part;
    while (text_cut(&text, ',', &part))
        length += (size_t)snprintf(out + length, sizeof out - length, "[%.*s]", (int)part.length,
                                   part.data);
    ck_assert_str_eq(out, parts);
    ck_assert_ptr_null(text.data);
    ck_assert(!text_cut(&text, ',', &part));
}

START_TEST(cuts)
{
    check_cut((dime_text){0}, "");
    check_cut(TEXT(""), "[]");
    check_cut(TEXT("a"), "[a]");
    check_cut(TEXT("a,b"), "[a][b]");
    check_cut(TEXT(","), "[][]");
    check_cut(TEXT("a,,b,"), "[a][][b][]");
    check_cut((dime_text){"a,b,c", 3}, "[a][b]");
    check_cut((dime_text){"a,b,c", 2}, "[a][]");
}
END_TEST

START_TEST(reads_integers)
{
    static const struct {
        const char *text;
        int64_t value;
    } cases[] = {
        {"0", 0},
        {"-0", 0},
        {"000", 0},
        {"7", 7},
        {"-7", -7},
        {"0012", 12},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775807", -INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
        {"00000000000000000000000000000009223372036854775807", INT64_MAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t value = 99;
        ck_assert_msg(text_to_int64(text_of(cases[i].text), &value), "%s", cases[i].text);
        ck_assert_int_eq(value, cases[i].value);
    }
}
END_TEST

START_TEST(refuses_what_is_no_integer)
{
    static const dime_text cases[] = {
        TEXT(""),
        TEXT("-"),
        TEXT("+1"),
        TEXT("--1"),
        TEXT("1-"),
        TEXT(" 1"),
        TEXT("1 "),
        TEXT("1.0"),
        TEXT("1e2"),
        TEXT("0x1"),
        TEXT("1\0"),
        TEXT("\0001"),
        TEXT("1,0"),
        TEXT("/"),
        TEXT(":"),
        TEXT("\xB2"),
        TEXT("9223372036854775808"),
        TEXT("-9223372036854775809"),
        TEXT("18446744073709551616"),
        TEXT("99999999999999999999999999"),
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t value = 99;
        ck_assert_msg(!text_to_int64(cases[i], &value), "%s", cases[i].data);
        ck_assert_int_eq(value, 99);
    }
    int64_t value;
    ck_assert(!text_to_int64((dime_text){0}, &value));
    ck_assert(text_to_int64((dime_text){"123", 2}, &value));
    ck_assert_int_eq(value, 12);
}
END_TEST

/* The reference: a character as UTF-8, straight from the table in RFC 3629, section 3. */
static size_t encode(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    for (size_t i = more; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3F));
    out[0] = (char)((0xFF00 >> (more + 1) & 0xFF) | c);
    return more + 1;
}

START_TEST(takes_every_character)
{
    for (uint32_t c = 0; c < 0x110000; c++) {
        char bytes[4];
        size_t length = encode(c, bytes);
        bool surrogate = c >= 0xD800 && c < 0xE000;
        size_t found = text_utf8_length((dime_text){bytes, length});
        if (found != (surrogate ? 0 : length))
            ck_abort_msg("U+%04" PRIX32 ": %zu", c, found);
        for (size_t cut = 0; cut < length; cut++) {
            if (text_utf8_length((dime_text){bytes, cut}))
                ck_abort_msg("U+%04" PRIX32 " cut at %zu", c, cut);
        }
    }
}
END_TEST

/* How many sequences of LENGTH bytes with a lead byte from FIRST on are one character. */
static size_t count_characters(size_t length, unsigned first)
{
    size_t count = 0;
    size_t tails = (size_t)1 << 8 * (length - 1);
    for (unsigned lead = first; lead < 256; lead++) {
        for (size_t tail = 0; tail < tails; tail++) {
            char bytes[3] = {(char)lead, (char)(tail & 0xFF), (char)(tail >> 8)};
            count += text_utf8_length((dime_text){bytes, length}) == length;
        }
    }
    return count;
}

/* The same of four bytes, where one of the last three takes all values and the others are 0x90. */
static size_t count_of_four(size_t place)
{
    size_t count = 0;
    for (unsigned lead = 0; lead < 256; lead++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            char bytes[4] = {(char)lead, '\x90', '\x90', '\x90'};
            bytes[place] = (char)byte;
            count += text_utf8_length((dime_text){bytes, 4}) == 4;
        }
    }
    return count;
}

START_TEST(takes_nothing_else)
{
    ck_assert_uint_eq(count_characters(1, 0), 0x80);
    ck_assert_uint_eq(count_characters(2, 0), 0x800 - 0x80);
    ck_assert_uint_eq(count_characters(3, 0xC0), 0x10000 - 0x800 - 0x800);
    ck_assert_uint_eq(count_of_four(1), 48 + 3 * 64 + 16); /* behind F0, F1 to F3, F4 */
    ck_assert_uint_eq(count_of_four(2), 4 * 64);           /* F4 90 is above U+10FFFF */
    ck_assert_uint_eq(count_of_four(3), 4 * 64);
}
END_TEST

START_TEST(judges_whole_texts)
{
    static const dime_text right[] = {
        TEXT(""),
        TEXT("a\0b"),
        TEXT("\xC2\x80"),
        TEXT("\xE2\x82\xAC 1 \xF0\x9D\xA8\x80"),
        TEXT("\xF4\x8F\xBF\xBF"),
        TEXT("\xEF\xBB\xBF"),
    };
    static const dime_text wrong[] = {
        TEXT("\x80"),
        TEXT("a\xC3"),
        TEXT("\xC0\x80"),
        TEXT("\xC1\xBF"),
        TEXT("\xE0\x9F\xBF"),
        TEXT("\xED\xA0\x80"),
        TEXT("\xED\xBF\xBF"),
        TEXT("\xF0\x8F\xBF\xBF"),
        TEXT("\xF4\x90\x80\x80"),
        TEXT("\xF5\x80\x80\x80"),
        TEXT("\xFF"),
        TEXT("\xE2\x82"),
        TEXT("\xE2\x82\xAC\xAC"),
        TEXT("\xE2(\xA1"),
        TEXT("\xF0\x9D\xA8"),
    };
    for (size_t i = 0; i < sizeof right / sizeof *right; i++)
        ck_assert(text_is_utf8(right[i]));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_msg(!text_is_utf8(wrong[i]), "%zu", i);
    ck_assert(text_is_utf8((dime_text){0}));
    ck_assert_uint_eq(text_utf8_length((dime_text){0}), 0);
}
END_TEST

START_TEST(keeps_whole_characters)
{
    static const size_t KEPT[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
    for (size_t most = 0; most < sizeof KEPT / sizeof *KEPT; most++)
        ck_assert_uint_eq(text_kept_length(TEXT("a\u00E9\u20AC\U0001F600"), most), KEPT[most]);
    ck_assert_uint_eq(text_kept_length((dime_text){0}, 3), 0);
}
END_TEST

START_TEST(finds_what_stands_as_it_is)
{
    char bytes[64];
    memset(bytes, 'a', sizeof bytes);
    for (size_t length = 0; length <= sizeof bytes; length++) {
        ck_assert_uint_eq(text_plain_length((dime_text){bytes, length}), length);
        for (size_t at = 0; at < length; at++) {
            for (int byte = 0; byte < 256; byte++) {
                bool plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
                bytes[at] = (char)byte;
                ck_assert_uint_eq(text_plain_length((dime_text){bytes, length}),
                                  plain ? length : at);
            }
            bytes[at] = 'a';
        }
    }
}
END_TEST

Suite *text_suite(void)
{
    Suite *suite = suite_create("text");
    TCase *pieces = tcase_create("pieces");
    tcase_add_test(pieces, measures_strings);
    tcase_add_test(pieces, compares);
    tcase_add_test(pieces, knows_the_case_of_ascii_letters_only);
    tcase_add_test(pieces, knows_tokens);
    tcase_add_test(pieces, finds_control_characters);
    tcase_add_test(pieces, trims);
    tcase_add_test(pieces, bares);
    tcase_add_test(pieces, knows_wide_text);
    tcase_add_test(pieces, cuts);
    tcase_add_test(pieces, reads_integers);
    tcase_add_test(pieces, refuses_what_is_no_integer);
    tcase_add_test(pieces, finds_what_stands_as_it_is);
    suite_add_tcase(suite, pieces);
    TCase *utf8 = tcase_create("utf8");
    tcase_set_timeout(utf8, 120);
    tcase_add_test(utf8, takes_every_character);
    tcase_add_test(utf8, takes_nothing_else);
    tcase_add_test(utf8, judges_whole_texts);
    tcase_add_test(utf8, keeps_whole_characters);
    suite_add_tcase(suite, utf8);
    return suite;
}
