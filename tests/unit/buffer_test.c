/*
 * buffer_test.c - writing to a limit, and what each escaper makes of every byte.
 *
 * What the JSON escaper writes is read back with json-c, which has never seen our code. For HTML
 * a table here says what each byte must become.
 */
#include "base/buffer.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>

#include "unit.h"

Suite *buffer_suite(void);

enum { PLENTY = 1 << 20 };

static struct arena arena;
static struct buffer buffer;

static void begin(void)
{
    arena_open(&arena, (size_t)64 << 20);
    buffer_open(&buffer, &arena, PLENTY);
}

static void end(void)
{
    arena_close(&arena);
}

static void check_text(dime_text expected)
{
    dime_text text = buffer_text(&buffer);
    ck_assert(!buffer.failed);
    ck_assert_msg(text_equal(text, expected), "%.*s", (int)text.length, text.data);
}

START_TEST(opens_without_allocating)
{
    ck_assert_ptr_nonnull(buffer_text(&buffer).data);
    check_text(TEXT(""));
    buffer_put(&buffer, (dime_text){0});
    buffer_puts(&buffer, "");
    buffer_puts(&buffer, NULL);
    ck_assert_uint_eq(arena.total, 0);
}
END_TEST

START_TEST(appends)
{
    buffer_put(&buffer, TEXT("a\0b"));
    buffer_puts(&buffer, "-");
    buffer_printf(&buffer, "%d%%%s", 50, "!");
    buffer_printf(&buffer, "%s", "");
    check_text(TEXT("a\0b-50%!"));
}
END_TEST

START_TEST(writes_integers)
{
    static const int64_t numbers[] = {0,   1,         -1,        9,         10,         -10,
                                      999, INT64_MAX, INT64_MIN, INT32_MIN, -INT64_MAX, 1000000};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char expected[32];
        snprintf(expected, sizeof expected, "%" PRId64, numbers[i]);
        buffer_open(&buffer, &arena, PLENTY);
        buffer_int64(&buffer, numbers[i]);
        check_text(text_of(expected));
    }
}
END_TEST

START_TEST(writes_decimals)
{
    static const struct {
        int64_t value;
        int places;
        const char *text;
    } CASES[] = {
        {0, 0, "0"},
        {-7, 0, "-7"},
        {0, 2, "0.00"},
        {5, 1, "0.5"},
        {-5, 2, "-0.05"},
        {189, 2, "1.89"},
        {150, 2, "1.50"},
        {-100, 2, "-1.00"},
        {1000, 3, "1.000"},
        {12, 18, "0.000000000000000012"},
        {INT64_MAX, 18, "9.223372036854775807"},
        {INT64_MIN, 18, "-9.223372036854775808"},
        {INT64_MIN, 1, "-922337203685477580.8"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        buffer_open(&buffer, &arena, PLENTY);
        buffer_decimal(&buffer, CASES[i].value, CASES[i].places);
        check_text(text_of(CASES[i].text));
    }
}
END_TEST

/* Every way to grow: bytes written one by one must all be there, whatever the room was. */
START_TEST(grows)
{
    for (size_t i = 0; i < 5000; i++)
        buffer_put(&buffer, (dime_text){&"0123456789"[i % 10], 1});
    dime_text text = buffer_text(&buffer);
    ck_assert_uint_eq(text.length, 5000);
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] != (char)('0' + i % 10))
            ck_abort_msg("byte %zu is %c", i, text.data[i]);
    }
}
END_TEST

static const size_t limits[] = {1, 2, 3, 100, 511, 512, 513, 1000, 1024, 1025, 4096, 70000};

/* The last byte fits, the next one doesn't, and after that nothing does. */
START_TEST(keeps_to_its_limit)
{
    size_t limit = limits[_i];
    buffer_open(&buffer, &arena, limit);
    for (size_t i = 0; i < limit; i++)
        buffer_puts(&buffer, "x");
    ck_assert(!buffer.failed);
    ck_assert_uint_eq(buffer.length, limit);
    buffer_puts(&buffer, "");
    ck_assert(!buffer.failed);
    buffer_puts(&buffer, "y");
    ck_assert(buffer.failed);
    ck_assert_uint_eq(buffer_text(&buffer).length, limit);
}
END_TEST

START_TEST(keeps_to_its_limit_in_one_write)
{
    size_t limit = limits[_i];
    char *bytes = arena_alloc(&arena, limit + 1);
    memset(bytes, 'x', limit + 1);
    buffer_open(&buffer, &arena, limit);
    buffer_put(&buffer, (dime_text){bytes, limit});
    ck_assert(!buffer.failed);
    ck_assert_uint_eq(buffer.length, limit);
    buffer_open(&buffer, &arena, limit);
    buffer_put(&buffer, (dime_text){bytes, limit + 1});
    ck_assert(buffer.failed);
    ck_assert_uint_eq(buffer.length, 0);
    buffer_open(&buffer, &arena, 0);
    buffer_put(&buffer, (dime_text){bytes, 1});
    ck_assert(buffer.failed);
}
END_TEST

/* A write that doesn't fit leaves nothing behind, and one that would fit after it is dropped too.
 */
START_TEST(drops_a_write_whole_and_all_after_it)
{
    buffer_open(&buffer, &arena, 5);
    buffer_puts(&buffer, "abc");
    buffer_puts(&buffer, "def");
    ck_assert(buffer.failed);
    buffer_puts(&buffer, "d");
    buffer_int64(&buffer, 1);
    buffer_printf(&buffer, "e");
    buffer_json(&buffer, TEXT("f"));
    buffer_html(&buffer, TEXT("<"));
    ck_assert(text_equal(buffer_text(&buffer), TEXT("abc")));
}
END_TEST

START_TEST(prints_at_most_1023_bytes)
{
    buffer_printf(&buffer, "%1023d", 7);
    ck_assert(!buffer.failed);
    ck_assert_uint_eq(buffer.length, 1023);
    buffer_printf(&buffer, "%1024d", 7);
    ck_assert(buffer.failed);
    ck_assert_uint_eq(buffer.length, 1023);
}
END_TEST

/* Small writes near the limit must not copy everything each time: the arena would end. */
START_TEST(costs_little_more_than_it_holds)
{
    enum { LARGE = 1 << 20 };
    buffer_open(&buffer, &arena, LARGE);
    while (!buffer.failed)
        buffer_puts(&buffer, "0123456789abcdef");
    ck_assert_uint_eq(buffer.length, LARGE);
    ck_assert(!arena.failed);
    ck_assert_uint_le(arena.total, 3 * LARGE);
}
END_TEST

START_TEST(fails_where_the_arena_ends)
{
    struct arena small;
    arena_open(&small, 2000);
    buffer_open(&buffer, &small, PLENTY);
    while (!buffer.failed)
        buffer_puts(&buffer, "0123456789");
    ck_assert(small.failed);
    ck_assert_uint_gt(buffer.length, 0);
    ck_assert_uint_le(buffer.length, 2000);
    ck_assert_int_eq(buffer_text(&buffer).data[buffer.length - 1], '9');
    arena_close(&small);
}
END_TEST

static void check_json(dime_text given, dime_text expected)
{
    buffer_open(&buffer, &arena, PLENTY);
    buffer_json(&buffer, given);
    struct json_object *string = unit_json(buffer_text(&buffer).data, buffer.length);
    dime_text read = {json_object_get_string(string), (size_t)json_object_get_string_len(string)};
    ck_assert_int_eq(json_object_get_type(string), json_type_string);
    ck_assert(text_equal(read, expected));
    json_object_put(string);
}

static const dime_text replacement = TEXT("\xEF\xBF\xBD");

/* Every byte alone, and between harmless ones, comes back from a JSON parser as it was. */
START_TEST(escapes_every_byte_for_json)
{
    char between[] = {'a', 'b', (char)_i, 'c'};
    char byte = (char)_i;
    bool ascii = _i < 0x80;
    check_json((dime_text){&byte, 1}, ascii ? (dime_text){&byte, 1} : replacement);
    check_json((dime_text){between, 4}, ascii ? (dime_text){between, 4}
                                              : TEXT("ab\xEF\xBF\xBD"
                                                     "c"));
}
END_TEST

START_TEST(escapes_for_json_in_the_shortest_way)
{
    buffer_json(&buffer, TEXT("\"\\/\b\f\n\r\t\v\0\x1F\x7F'<\xC3\xA9"));
    check_text(TEXT("\"\\\"\\\\/\\b\\f\\n\\r\\t\\u000b\\u0000\\u001f\x7F'<\xC3\xA9\""));
    buffer_open(&buffer, &arena, PLENTY);
    buffer_json(&buffer, (dime_text){0});
    check_text(TEXT("\"\""));
}
END_TEST

START_TEST(mends_what_is_not_utf8)
{
    check_json(TEXT("\xE2\x82"), TEXT("\xEF\xBF\xBD\xEF\xBF\xBD"));
    check_json(TEXT("\xE2\x82\xAC\xFF"), TEXT("\xE2\x82\xAC\xEF\xBF\xBD"));
    check_json(TEXT("\xC0\x80"), TEXT("\xEF\xBF\xBD\xEF\xBF\xBD"));
    check_json(TEXT("\xED\xA0\x80x"), TEXT("\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDx"));
    check_json(TEXT("\xF0\x9D\xA8\x80"), TEXT("\xF0\x9D\xA8\x80"));
    buffer_open(&buffer, &arena, PLENTY);
    buffer_html(&buffer, TEXT("\xE9<\xE2\x82\xAC>\xC3"));
    check_text(TEXT("\xEF\xBF\xBD&lt;\xE2\x82\xAC&gt;\xEF\xBF\xBD"));
}
END_TEST

/* What a byte must become in HTML. */
static dime_text html_of(const char *byte)
{
    switch (*byte) {
    case '&':
        return TEXT("&amp;");
    case '<':
        return TEXT("&lt;");
    case '>':
        return TEXT("&gt;");
    case '"':
        return TEXT("&quot;");
    case '\'':
        return TEXT("&#39;");
    default:
        break;
    }
    bool space = *byte && strchr("\t\n\f\r ", *byte);
    bool printable = (unsigned char)*byte > ' ' && (unsigned char)*byte < 0x7F;
    return space || printable ? (dime_text){byte, 1} : replacement;
}

/* What HTML calls an error: controls above ASCII, and code points that are no characters. */
START_TEST(replaces_what_html_forbids)
{
    buffer_open(&buffer, &arena, 200);
    buffer_html(&buffer, TEXT("a\xC2\x85\xC2\x80\xC2\x9F\xC2\xA0<"));
    buffer_html(&buffer, TEXT("\xEF\xB7\x8F\xEF\xB7\x90\xEF\xB7\xAF\xEF\xB7\xB0"));
    buffer_html(&buffer, TEXT("\xEF\xBF\xBD\xEF\xBF\xBE\xEF\xBF\xBF"));
    buffer_html(&buffer, TEXT("\xF0\x9F\xBF\xBE\xF4\x8F\xBF\xBF\xF0\x9F\x98\x80z"));
    ck_assert(
        text_equal(buffer_text(&buffer), TEXT("a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xC2\xA0&lt;"
                                              "\xEF\xB7\x8F\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xB7\xB0"
                                              "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
                                              "\xEF\xBF\xBD\xEF\xBF\xBD\xF0\x9F\x98\x80z")));
    buffer.length = 0;
    buffer_json(&buffer, TEXT("\xC2\x85\xEF\xBF\xBF"));
    ck_assert(text_equal(buffer_text(&buffer), TEXT("\"\xC2\x85\xEF\xBF\xBF\"")));
}
END_TEST

START_TEST(escapes_every_byte_for_html)
{
    char byte = (char)_i;
    buffer_puts(&buffer, "[");
    buffer_html(&buffer, (dime_text){&byte, 1});
    buffer_puts(&buffer, "]");
    char expected[16];
    dime_text escaped = html_of(&byte);
    snprintf(expected, sizeof expected, "[%.*s]", (int)escaped.length, escaped.data);
    check_text(text_of(expected));
}
END_TEST

START_TEST(leaves_no_way_out_of_an_attribute)
{
    buffer_html(&buffer, TEXT("\" onclick='x()' <script>&amp;"));
    check_text(TEXT("&quot; onclick=&#39;x()&#39; &lt;script&gt;&amp;amp;"));
}
END_TEST

Suite *buffer_suite(void)
{
    const int limit_count = sizeof limits / sizeof *limits;
    Suite *suite = suite_create("buffer");
    TCase *writing = tcase_create("writing");
    tcase_add_checked_fixture(writing, begin, end);
    tcase_add_test(writing, opens_without_allocating);
    tcase_add_test(writing, appends);
    tcase_add_test(writing, writes_integers);
    tcase_add_test(writing, writes_decimals);
    tcase_add_test(writing, grows);
    tcase_add_loop_test(writing, keeps_to_its_limit, 0, limit_count);
    tcase_add_loop_test(writing, keeps_to_its_limit_in_one_write, 0, limit_count);
    tcase_add_test(writing, drops_a_write_whole_and_all_after_it);
    tcase_add_test(writing, prints_at_most_1023_bytes);
    tcase_add_test(writing, costs_little_more_than_it_holds);
    tcase_add_test(writing, fails_where_the_arena_ends);
    suite_add_tcase(suite, writing);
    TCase *escaping = tcase_create("escaping");
    tcase_add_checked_fixture(escaping, begin, end);
    tcase_add_loop_test(escaping, escapes_every_byte_for_json, 0, 256);
    tcase_add_test(escaping, escapes_for_json_in_the_shortest_way);
    tcase_add_test(escaping, mends_what_is_not_utf8);
    tcase_add_test(escaping, replaces_what_html_forbids);
    tcase_add_loop_test(escaping, escapes_every_byte_for_html, 0, 256);
    tcase_add_test(escaping, leaves_no_way_out_of_an_attribute);
    suite_add_tcase(suite, escaping);
    return suite;
}
