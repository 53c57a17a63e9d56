/*
 * terminal_test.c - what a terminal is shown, whole and in pieces of every size.
 *
 * A control that is cut in two must not get through in two halves, so each text is shown once for
 * each place where it can be cut.
 */
#include "base/terminal.h"

#include <check.h>
#include <stdio.h>

Suite *terminal_suite(void);

enum { TEXT_MOST = 64 };

static const struct {
    const char *text, *shown;
} texts[] = {
    {"", ""},
    {"plain\ttext\n", "plain\ttext\n"},
    {"caf\xC3\xA9 \xE2\x98\x95 \xF0\x9F\x98\x80", "caf\xC3\xA9 \xE2\x98\x95 \xF0\x9F\x98\x80"},
    {"\x1B[31mred\x1B[0m", "\\x1b[31mred\\x1b[0m"},
    {"\x1B]0;title\x07", "\\x1b]0;title\\x07"},
    {"\x7F\b\v\f", "\\x7f\\x08\\x0b\\x0c"},
    {"a\r\nb\rc\r", "a\r\nb\\x0dc\\x0d"},
    {"\r\r\n", "\\x0d\r\n"},
    {"\xC2\x9B"
     "31m",
     "\\xc2\\x9b31m"},
    {"\xC2\x80\xC2\x9F\xC2\xA0", "\\xc2\\x80\\xc2\\x9f\xC2\xA0"},
    {"\x9B"
     "31m",
     "\\x9b31m"},
    {"\xC3", "\\xc3"},
    {"\xC3\x28", "\\xc3("},
    {"\xE2\x98", "\\xe2\\x98"},
    {"\xE2\x9Bx", "\\xe2\\x9bx"},
    {"\xF0\x9F\x98\x1B", "\\xf0\\x9f\\x98\\x1b"},
    {"\xED\xA0\x80\xC0\x9B", "\\xed\\xa0\\x80\\xc0\\x9b"},
    {"\xFF\xFE", "\\xff\\xfe"},
};

/* Shows TEXT in two pieces, or in pieces of one byte where CUT is its length. */
static void check_shown(dime_text text, size_t cut, const char *wanted)
{
    struct terminal terminal = {.count = 0};
    char room[4 * TERMINAL_ROOM(TEXT_MOST)];
    size_t used = 0;
    for (size_t at = 0; at < text.length;) {
        size_t size = cut == text.length ? 1 : at < cut ? cut - at : text.length - at;
        size_t wrote = terminal_show(&terminal, (dime_text){text.data + at, size}, room + used);
        ck_assert_uint_le(wrote, TERMINAL_ROOM(size));
        used += wrote;
        at += size;
    }
    used += terminal_show(&terminal, TEXT(""), room + used);
    ck_assert_uint_eq(terminal.count, 0);
    ck_assert_msg(text_equal((dime_text){room, used}, text_of(wanted)), "cut at %zu: %.*s", cut,
                  (int)used, room);
}

START_TEST(shows_what_cannot_be_obeyed)
{
    dime_text text = text_of(texts[_i].text);
    for (size_t cut = 0; cut <= text.length; cut++)
        check_shown(text, cut, texts[_i].shown);
}
END_TEST

/* Whatever two bytes stand behind each other, none that controls comes out. */
START_TEST(lets_no_control_through)
{
    for (unsigned first = 0; first < 256; first++) {
        for (unsigned second = 0; second < 256; second++) {
            const char bytes[] = {(char)first, (char)second};
            char room[2 * TERMINAL_ROOM(2)];
            struct terminal terminal = {.count = 0};
            size_t used = terminal_show(&terminal, (dime_text){bytes, 2}, room);
            used += terminal_show(&terminal, TEXT(""), room + used);
            ck_assert(text_is_utf8((dime_text){room, used}));
            for (size_t i = 0; i < used; i++)
                ck_assert((unsigned char)room[i] >= ' ' || memchr("\t\n\r", room[i], 3));
            ck_assert(used < 2 || room[0] != '\xC2' || (unsigned char)room[1] >= 0xA0);
        }
    }
}
END_TEST

Suite *terminal_suite(void)
{
    Suite *suite = suite_create("terminal");
    TCase *test = tcase_create("terminal");
    tcase_add_loop_test(test, shows_what_cannot_be_obeyed, 0, sizeof texts / sizeof *texts);
    tcase_add_test(test, lets_no_control_through);
    suite_add_tcase(suite, test);
    return suite;
}
