/*
 * translate_test.c - a text in pieces, and languages by their codes.
 *
 * The pieces of any text, put one behind the other, are that text; what is kept of it comes back
 * from whatever Apertium makes of the words, or the answer is refused. Texts and answers of chance
 * are tried as well, each in memory of exactly its length, and with memory ending anywhere.
 */
#include "unit.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "functions/translate/translate.h"

Suite *translate_suite(void);

static struct arena arena;
static struct text_piece *pieces;
static size_t count;

static void begin(void)
{
    arena_open(&arena, 8 << 20);
}

static void end(void)
{
    arena_close(&arena);
}

static void cut(dime_text text)
{
    size_t length = 0;
    ck_assert(pieces_cut(text, &arena, &pieces, &count));
    for (size_t i = 0; i < count; i++) {
        ck_assert_ptr_eq(pieces[i].text.data, text.data + length);
        ck_assert_uint_gt(pieces[i].text.length, 0);
        length += pieces[i].text.length;
    }
    ck_assert_uint_eq(length, text.length);
}

static const char *html_of(const char *text)
{
    struct buffer html;
    cut(text_of(text));
    buffer_open(&html, &arena, 1 << 20);
    pieces_put_html(pieces, count, &html);
    buffer_put(&html, (dime_text){"", 1});
    ck_assert(!html.failed);
    return html.data;
}

START_TEST(keeps_what_is_no_language)
{
    static const struct {
        const char *text, *html;
    } CASES[] = {
        {"Hello world", "<q>Hello world<q>"},
        {"a  b", "<q>a<q1>b<q>"},
        {"Hello\nWorld", "<q>Hello<br><q1>World<q>"},
        {"Hello\nworld", "<q>Hello<br><q1>world<q>"},
        {"cat\r\ndog\rhouse", "<q>cat<br><q1>dog<br><q3>house<q>"},
        {"I have not seen it, but it may be a red\ncar",
         "<q>I have not seen it, but it may be a red<br><q1>car<q>"},
        {"I have not seen it, and it may be his red\n car",
         "<q>I have not seen it, and it may be his red<q1>car<q>"},
        {"I have not seen it, and it may be his red\r\ncar\nbus",
         "<q>I have not seen it, and it may be his red<q1>car<br><q3>bus<q>"},
        {"I have not seen it, and it may be his red\r\rcar",
         "<q>I have not seen it, and it may be his red<br><q1>car<q>"},
        {"I don\xe2\x80\x99t", "<q>I don\xe2\x80\x99t<q>"},
        {"the dogs\xe2\x80\x99 house", "<q>the dogs\xe2\x80\x99 house<q>"},
        {"\xe2\x80\x98"
         "a\xe2\x80\x99",
         "<q>\xe2\x80\x98"
         "a\xe2\x80\x99<q>"},
        {"a \xca\xbc b", "<q>a <q1> b<q>"},
        {"Hello\n\nworld", "<q>Hello<br><q1>world<q>"},
        {"a <b>c</b> d", "<q>a <q1>c<q3> d<q>"},
        {"a<p>c", "<q>a<br><q1>c<q>"},
        {"1 < 2", "<q>1 <q1> 2<q>"},
        {"<a<b>", "<q><q0>a<q2><q>"},
        {"<!-- a > b -->x", "<q><br><q0>x<q>"},
        {"<!-- a", "<q><q0>!-- a<q>"},
        {"<script>a<b</script>c", "<q><br><q0>c<q>"},
        {"<script>a", "<q><br><q0>a<q>"},
        {"</script>a", "<q><br><q0>a<q>"},
        {"&eacute;a&b;&;", "<q><q0>a<q2>b;<q4>;<q>"},
        {"5*3", "<q>5<q1>3<q>"},
        {"see http://a.b/c.", "<q>see <q1>.<q>"},
        {"(me@a.b)", "<q><q0>)<q>"},
        {"@me @ me@", "<q><q0>me <q2> me<q4><q>"},
        {"a_b _c", "<q><q0> <q2>c<q>"},
        {"a\xc2\xad"
         "b\xef\xbf\xbf",
         "<q>a<q1>b<q3><q>"},
        {"a\xcc\x88 b", "<q><q0> b<q>"},
        {"\xd0\xb6", "<q>\xd0\xb6<q>"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        ck_assert_str_eq(html_of(CASES[i].text), CASES[i].html);
}
END_TEST

/* What becomes of TEXT where Apertium answers with HTML; NULL: it's refused. */
static const char *taken(const char *text, const char *html)
{
    struct buffer out;
    cut(text_of(text));
    buffer_open(&out, &arena, 1 << 20);
    if (!pieces_take_html(pieces, count, text_of(html), &arena, &out))
        return NULL;
    buffer_put(&out, (dime_text){"", 1});
    return out.data;
}

START_TEST(puts_it_together_again)
{
    static const struct {
        const char *text, *html, *wanted;
    } CASES[] = {
        {"Hello\nWorld", "<q>Hola<br><q1>Mundo<q>", "Hola\nMundo"},
        {"a <b>c</b> d", "<q>d <q3>c <q1>a<q>", "d</b>c <b>a"},
        {"Hello", "<q>*Hola #a @b<q>", "Hola a b"},
        {"hello", "<q>Hola<q>", "hola"},
        {"hello", "<q>\xc3\x81rbol<q>", "\xc3\xa1rbol"},
        {"hello", "<q>\xc3\x97<q>", "\xc3\x97"},
        {"see London", "<q>London ve<q>", "London ve"},
        {"Hello", "<q>Hola<q>", "Hola"},
        {"it is\nbig", "<q> es  muy <q1> grande <q>", "es muy\ngrande"},
        {" a ", "<q> b <q>", " b "},
        {"a b ", "<q>c<q>", "c "},
        {"a*b", "<q>c<q1>d<q>", "c*d"},
        /* An apostrophe comes back as the text has it: that of the same word, or of them all. */
        {"Xq\xe2\x80\x99zv", "<q>Xq'zv<q>", "Xq\xe2\x80\x99zv"},
        {"Xq\xca\xbczv", "<q>Xq'zv<q>", "Xq\xca\xbczv"},
        {"Xq'zv", "<q>Xq'zv<q>", "Xq'zv"},
        {"don\xe2\x80\x99t", "<q>l'Casa<q>",
         "l\xe2\x80\x99"
         "Casa"},
        {"a'b c\xe2\x80\x99"
         "d",
         "<q>C'd a'b e'f<q>", "c'd a'b e'f"},
        {"a'b c\xe2\x80\x99"
         "d",
         "<q>c'd A'b e'f<q>",
         "c\xe2\x80\x99"
         "d A'b e'f"},
        {"a\xe2\x80\x99s'", "<q>a's'<q>", "a\xe2\x80\x99s'"},
        {"don't x\xe2\x80\x99", "<q>No casa'<q>", "no casa\xe2\x80\x99"},
        {"don\xe2\x80\x99t x'", "<q>L'casa' b<q>",
         "l\xe2\x80\x99"
         "casa' b"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        ck_assert_str_eq(taken(CASES[i].text, CASES[i].html), CASES[i].wanted);
}
END_TEST

START_TEST(refuses_lost_marks)
{
    static const char *const ANSWERS[] = {
        "",
        "<q>",
        "<q><q",
        "a<q1>b",
        "<q>a<q1>b",
        "<q>ab<q>",
        "<q><q>",
        "<q>a<q0>b<q>",
        "<q>a<q1><q1>b<q>",
        "<q>a<q2>b<q>",
        "<q>a<q-1><q>",
        "<q>a<q<q>",
        "<q>a<q1>b<b><q>",
        "<q>a<q18446744073709551617>b<q>",
        "<q>a<q1>b<><q>",
        "<q>a<q1>b<q><q>",
    };
    for (size_t i = 0; i < sizeof ANSWERS / sizeof *ANSWERS; i++)
        ck_assert_msg(!taken("a*b", ANSWERS[i]), "%s", ANSWERS[i]);
}
END_TEST

START_TEST(fits_requests)
{
    static char text[10000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 40 == 38 ? '.' : i % 40 == 39 ? ' ' : 'x';
    cut((dime_text){text, sizeof text});
    for (size_t at = 0; at < count;) {
        struct buffer html;
        size_t fitting = pieces_fit(pieces + at, count - at);
        ck_assert_uint_gt(fitting, 0);
        buffer_open(&html, &arena, 1000);
        pieces_put_html(pieces + at, fitting, &html);
        ck_assert(!html.failed);
        ck_assert(at + fitting == count || pieces[at + fitting - 1].ends);
        at += fitting;
    }
}
END_TEST

/* A text of chance out of what is odd in one. */
static size_t chance(char *text, size_t size)
{
    static const char *const PARTS[] = {"a",
                                        "B ",
                                        " ",
                                        "\n",
                                        "<",
                                        ">",
                                        "<b>",
                                        "&",
                                        ";",
                                        "&lt;",
                                        "*",
                                        "@",
                                        "://",
                                        "www.",
                                        "_",
                                        ".",
                                        "\xc3\xa9",
                                        "\xcc\x88",
                                        "<!--",
                                        "-->",
                                        "<script>",
                                        "</script>",
                                        "\xf0\x9f\x98\x80",
                                        "(",
                                        "\"",
                                        "\x01",
                                        "q1",
                                        "\r"};
    static unsigned seed = 7;
    size_t length = 0, parts = (size_t)rand_r(&seed) % 60;
    for (size_t i = 0; i < parts; i++) {
        const char *part = PARTS[(size_t)rand_r(&seed) % (sizeof PARTS / sizeof *PARTS)];
        if (length + strlen(part) > size)
            break;
        memcpy(text + length, part, strlen(part));
        length += strlen(part);
    }
    return length;
}

/* Whoever gives every request back as it was gets every text back as it was. */
START_TEST(gives_back_what_is_not_changed)
{
    for (int i = 0; i < 20000; i++) {
        char room[256];
        struct buffer html, out;
        size_t length = chance(room, sizeof room);
        char *exact = malloc(length + !length);
        ck_assert_ptr_nonnull(exact);
        memcpy(exact, room, length);
        cut((dime_text){exact, length});
        buffer_open(&html, &arena, 1 << 16);
        buffer_open(&out, &arena, 1 << 16);
        if (count) {
            pieces_put_html(pieces, count, &html);
            ck_assert(pieces_take_html(pieces, count, buffer_text(&html), &arena, &out));
            ck_assert_msg(text_equal(buffer_text(&out), (dime_text){exact, length}), "%.*s|%.*s",
                          (int)length, exact, (int)out.length, out.data);
            (void)pieces_take_html(pieces, count, (dime_text){exact, length}, &arena, &out);
        }
        free(exact);
        arena_reset(&arena);
    }
}
END_TEST

START_TEST(knows_codes)
{
    static const struct {
        const char *a, *b;
        bool equal;
    } CASES[] = {
        {"en", "eng", true},       {"EN", "en", true},
        {"en", "es", false},       {"en-US", "eng_US", true},
        {"en-us", "en-US", true},  {"en", "en-US", false},
        {"xx", "xx", true},        {"xx", "yy", false},
        {"pt-BR", "pt-PT", false}, {"", "", true},
        {"", "en", false},         {"szl", "szl", true},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        ck_assert_msg(language_equal(text_of(CASES[i].a), text_of(CASES[i].b)) == CASES[i].equal,
                      "%s %s", CASES[i].a, CASES[i].b);
    ck_assert(language_is_code(TEXT("pt-BR")) && language_is_code(TEXT("oci_aran")));
    ck_assert(!language_is_code(TEXT("")) && !language_is_code(TEXT("-")));
    ck_assert(!language_is_code(TEXT("e n")) && !language_is_code(TEXT("en|es")));
}
END_TEST

START_TEST(widens_codes)
{
    static const struct {
        const char *code, *wider;
    } CASES[] = {
        {"es-MX", "es"},
        {"en_US", "en"},
        {"zh-Hant-TW", "zh-Hant"},
        {"zh-Hant", "zh"},
        {"en", NULL},
        {"", NULL},
        {"zh-Hant-x-y", "zh-Hant"},
        {"en-x-y", "en"},
        {"en-u-co-phonebk", "en-u-co"},
        {"en-u-co", "en"},
        {"en--", "en-"},
        {"en-", "en"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        dime_text code = text_of(CASES[i].code);
        ck_assert_msg(language_widen(&code) == (CASES[i].wider != NULL), "%s", CASES[i].code);
        if (CASES[i].wider)
            ck_assert_msg(text_equal(code, text_of(CASES[i].wider)), "%s: %.*s", CASES[i].code,
                          (int)code.length, code.data);
    }
}
END_TEST

static const char PAIRS[] = "[{\"sourceLanguage\":\"por_BR\",\"targetLanguage\":\"zzz\"},7,{},"
                            "{\"sourceLanguage\":\"a|b\",\"targetLanguage\":\"spa\"},"
                            "{\"sourceLanguage\":\"eng\",\"targetLanguage\":\"spa\"}]";

START_TEST(lists_pairs)
{
    struct translate_list list;
    ck_assert(languages_of_pairs(&list, text_of(PAIRS), &arena));
    ck_assert_uint_eq(list.pair_count, 2);
    ck_assert(text_equal(list.pairs[0].source, TEXT("pt-BR")));
    ck_assert(text_equal(list.pairs[0].engine_source, TEXT("por_BR")));
    ck_assert_uint_eq(list.language_count, 4);
    ck_assert(text_equal(list.languages[1].name, TEXT("Portuguese (BR)")));
    ck_assert(text_equal(language_name(&list, TEXT("ES")), TEXT("Spanish")));
    ck_assert(text_equal(language_name(NULL, TEXT("fr")), TEXT("French")));
    ck_assert(text_equal(language_name(NULL, TEXT("qq")), TEXT("qq")));
}
END_TEST

START_TEST(survives_the_end_of_memory)
{
    bool whole = false;
    for (size_t limit = 0; limit < 1 << 20 && !whole; limit += 64 + limit / 8) {
        struct translate_list list;
        struct buffer html, out;
        arena_open(&arena, limit);
        whole = languages_of_pairs(&list, text_of(PAIRS), &arena) &&
                languages_of_aws(&list,
                                 TEXT("{\"Languages\":[{\"LanguageName\":\"a\",\"LanguageCode\":"
                                      "\"en\"}]}"),
                                 &arena) &&
                pieces_cut(TEXT("a\n<b>c"), &arena, &pieces, &count);
        if (whole) {
            buffer_open(&html, &arena, 1000);
            buffer_open(&out, &arena, 1000);
            pieces_put_html(pieces, count, &html);
            whole =
                pieces_take_html(pieces, count, buffer_text(&html), &arena, &out) && !out.failed;
        }
        ck_assert(whole || arena.failed);
        arena_close(&arena);
    }
    ck_assert(whole);
}
END_TEST

Suite *translate_suite(void)
{
    Suite *suite = suite_create("translate");
    TCase *all = tcase_create("translate");
    tcase_add_checked_fixture(all, begin, end);
    tcase_add_test(all, keeps_what_is_no_language);
    tcase_add_test(all, puts_it_together_again);
    tcase_add_test(all, refuses_lost_marks);
    tcase_add_test(all, fits_requests);
    tcase_add_test(all, gives_back_what_is_not_changed);
    tcase_add_test(all, knows_codes);
    tcase_add_test(all, widens_codes);
    tcase_add_test(all, lists_pairs);
    tcase_add_test(all, survives_the_end_of_memory);
    suite_add_tcase(suite, all);
    return suite;
}
