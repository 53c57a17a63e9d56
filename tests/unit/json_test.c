/*
 * json_test.c - which texts are JSON, what is said of the others, and what is read out of them.
 *
 * json_documents.h has a line for each kind of fault and for each freedom of the grammar. Where a
 * rule covers a whole range (code points, escapes, lengths) a test here walks all of it.
 */
#include "base/json.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buffer.h"
#include "json_documents.h"

Suite *json_suite(void);

static struct arena arena;

static void begin(void)
{
    arena_open(&arena, (size_t)64 << 20);
}

static void end(void)
{
    arena_close(&arena);
}

/* Checks a copy of exactly its length, so that a sanitizer sees a step too far. */
static bool check_copy(dime_text text, struct json_error *error)
{
    struct json_value value;
    char *copy = malloc(text.length ? text.length : 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text.data, text.length);
    bool passed = json_check((dime_text){copy, text.length}, &arena, &value, error);
    free(copy);
    return passed;
}

static struct json_value checked(dime_text text)
{
    struct json_value value = {0};
    struct json_error error;
    ck_assert_msg(json_check(text, &arena, &value, &error), "%s: %s", text.data, error.message);
    return value;
}

START_TEST(judges_documents)
{
    const struct document *document = &documents[_i];
    struct json_error error = {.message = "accepted"};
    char message[160] = "accepted";
    if (document->sentence)
        snprintf(message, sizeof message, "line 1, column %u: %s", document->column,
                 document->sentence);
    bool passed = check_copy(document->text, &error);
    ck_assert_msg(strcmp(error.message, message) == 0, "%s\n said: %s\n not:  %s",
                  document->text.data, error.message, message);
    ck_assert_int_eq(passed, document->sentence == NULL);
    ck_assert(passed || error.fault == JSON_MALFORMED);
}
END_TEST

START_TEST(says_where)
{
    static const struct place {
        dime_text text;
        size_t offset, line, column;
    } places[] = {
        {TEXT("{\n  \"a\": 1,\n  \"b\": x\n}"), 19, 3, 8},
        {TEXT("[\r\n1,\r\n\r\n+]"), 9, 4, 1},
        {TEXT("[\r1,\r\r+]"), 6, 4, 1},
        {TEXT("[\"\xC3\xA9\xE2\x82\xAC\",+]"), 9, 1, 7},
        {TEXT("\n\n"), 2, 3, 1},
        {TEXT("[1,\n2"), 5, 2, 2},
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct json_error error;
        ck_assert(!check_copy(places[i].text, &error));
        ck_assert_uint_eq(error.offset, places[i].offset);
        ck_assert_uint_eq(error.line, places[i].line);
        ck_assert_uint_eq(error.column, places[i].column);
    }
}
END_TEST

/* No beginning of a document is a document. */
START_TEST(refuses_what_is_cut_short)
{
    dime_text whole = TEXT("{\"a\":[1.5e+3,true,null,\"\\ud83d\\ude00\xE2\x82\xAC\"],\"b\":{}}");
    struct json_error error;
    for (size_t length = 0; length < whole.length; length++) {
        ck_assert(!check_copy((dime_text){whole.data, length}, &error));
        ck_assert_int_eq(error.fault, JSON_MALFORMED);
    }
    ck_assert(check_copy(whole, &error));
}
END_TEST

/* DEPTH arrays or objects within each other. */
static bool check_depth(size_t depth, const char *opening, const char *closing)
{
    char text[1024] = "";
    struct json_error error = {0};
    size_t length = 0;
    for (size_t i = 0; i < depth; i++, length += strlen(opening))
        memcpy(text + length, opening, strlen(opening));
    text[length++] = '0';
    for (size_t i = 0; i < depth; i++, length += strlen(closing))
        memcpy(text + length, closing, strlen(closing));
    bool passed = check_copy((dime_text){text, length}, &error);
    ck_assert(passed || strstr(error.message, "more than 32 deep"));
    return passed;
}

START_TEST(limits_the_depth)
{
    ck_assert(check_depth(JSON_DEPTH_MAX, "[", "]"));
    ck_assert(!check_depth(JSON_DEPTH_MAX + 1, "[", "]"));
    ck_assert(check_depth(JSON_DEPTH_MAX, "{\"a\":", "}"));
    ck_assert(!check_depth(JSON_DEPTH_MAX + 1, "{\"a\":", "}"));
    ck_assert(check_depth(JSON_DEPTH_MAX / 2, "[{\"a\":", "}]"));
    ck_assert(!check_depth(JSON_DEPTH_MAX / 2 + 1, "[{\"a\":", "}]"));
}
END_TEST

START_TEST(refuses_a_megabyte_of_brackets)
{
    static char text[1 << 20];
    struct json_error error;
    memset(text, '[', sizeof text);
    ck_assert(!check_copy((dime_text){text, sizeof text}, &error));
    ck_assert_uint_eq(error.offset, JSON_DEPTH_MAX);
}
END_TEST

/* Writes an object of COUNT names, all with one long beginning; the last is that of number LAST. */
static dime_text many_names(size_t count, size_t last)
{
    size_t room = count * 48 + 2;
    char *text = arena_alloc(&arena, room);
    ck_assert_ptr_nonnull(text);
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        size_t number = i + 1 == count ? last : i;
        length +=
            (size_t)snprintf(text + length, room - length, "%s\"%s%06zu\":%d", i ? "," : "{",
                             i % 2 ? "name_n\\u0061me_" : "name_name_", number * 7919 % 1000000, 1);
    }
    text[length++] = '}';
    return (dime_text){text, length};
}

START_TEST(finds_a_name_twice_among_many)
{
    static const size_t counts[] = {2, 7, 8, 9, 10, 31, 32, 33, 34, 100, 1000, JSON_NAMES_MAX};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct json_error error;
        size_t count = counts[i];
        ck_assert(check_copy(many_names(count, count - 1), &error));
        ck_assert(!check_copy(many_names(count, 0), &error));
        ck_assert_ptr_nonnull(strstr(error.message, TWICE));
        ck_assert(!check_copy(many_names(count, count / 2 - (count == 2)), &error));
        arena_reset(&arena);
    }
}
END_TEST

/* In each object by itself, wherever it is. */
START_TEST(limits_the_names_of_an_object)
{
    struct buffer text;
    struct json_error error;
    ck_assert(check_copy(many_names(JSON_NAMES_MAX, JSON_NAMES_MAX - 1), &error));
    ck_assert(!check_copy(many_names(JSON_NAMES_MAX + 1, JSON_NAMES_MAX), &error));
    ck_assert_ptr_nonnull(strstr(error.message, "an object has more than 4096 names"));
    dime_text object = many_names(JSON_NAMES_MAX, JSON_NAMES_MAX - 1);
    buffer_open(&text, &arena, 4 << 20);
    buffer_puts(&text, "{\"a\":");
    buffer_put(&text, object);
    buffer_puts(&text, ",\"b\":[");
    buffer_put(&text, object);
    buffer_puts(&text, ",");
    buffer_put(&text, object);
    buffer_puts(&text, "]}");
    ck_assert(check_copy(buffer_text(&text), &error));
}
END_TEST

static double seconds_to_check(dime_text text)
{
    struct json_value value;
    struct json_error error;
    clock_t start = clock();
    ck_assert(json_check(text, &arena, &value, &error));
    return (double)(clock() - start) / CLOCKS_PER_SEC;
}

/* As many names as there may be that differ at their ends alone; BEGIN is how each begins. */
static dime_text long_names(const char *begin, size_t length)
{
    struct buffer text, middle;
    buffer_open(&middle, &arena, length);
    for (size_t i = 0; i < length; i++)
        buffer_puts(&middle, "n");
    buffer_open(&text, &arena, 32 << 20);
    for (size_t i = 0; i < JSON_NAMES_MAX; i++) {
        buffer_printf(&text, "%s\"%s", i ? "," : "{", begin);
        buffer_put(&text, buffer_text(&middle));
        buffer_printf(&text, "%06zu\":0", i * 7919 % 1000000);
    }
    buffer_puts(&text, "}");
    return buffer_text(&text);
}

/* They cost hardly more than an array of the same strings; compared by characters, 100 times. */
START_TEST(compares_long_names_quickly)
{
    static const char *const BEGINNINGS[] = {"", "\\u006e", "\xC3\xA9"};
    for (size_t i = 0; i < sizeof BEGINNINGS / sizeof *BEGINNINGS; i++) {
        dime_text names = long_names(BEGINNINGS[i], 1000);
        dime_text strings = arena_copy(&arena, names);
        char *bytes = (char *)(uintptr_t)strings.data;
        for (size_t at = 0; at < strings.length; at++) {
            if (bytes[at] == ':')
                bytes[at] = ',';
        }
        bytes[0] = '[';
        bytes[strings.length - 1] = ']';
        double of_names = seconds_to_check(names), of_strings = seconds_to_check(strings);
        ck_assert_msg(of_names < 30 * of_strings + 0.05, "%f s and %f s", of_names, of_strings);
        arena_reset(&arena);
    }
}
END_TEST

START_TEST(says_when_memory_ends_in_the_gate)
{
    dime_text text = many_names(40, 39);
    struct arena none;
    struct json_value value;
    struct json_error error;
    arena_open(&none, 0);
    ck_assert(!json_check(text, &none, &value, &error));
    ck_assert_int_eq(error.fault, JSON_NO_MEMORY);
    ck_assert(json_check(TEXT("{\"amount\":1.45}"), &none, &value, &error));
    ck_assert_uint_eq(none.total, 0);
    ck_assert(!json_check(TEXT("{\"\\u0061mount\":1.45}"), &none, &value, &error));
    ck_assert_int_eq(error.fault, JSON_NO_MEMORY);
    arena_close(&none);
}
END_TEST

static size_t encode(char *out, uint32_t point)
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    size_t length = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    out[0] = (char)(lead[length] | point >> 6 * (length - 1));
    for (size_t i = 1; i < length; i++)
        out[i] = (char)(0x80 | (point >> 6 * (length - 1 - i) & 0x3F));
    return length;
}

/* Each code point as it stands, in a string of its own. */
START_TEST(takes_every_character)
{
    for (uint32_t point = 0; point < 0x110000 + 0x1000; point++) {
        char text[8] = "\"";
        struct json_value value;
        struct json_error error;
        size_t length = 1 + encode(text + 1, point);
        text[length++] = '"';
        bool valid = point >= 0x20 && point != '"' && point != '\\' && point <= 0x10FFFF &&
                     !(point >= 0xD800 && point <= 0xDFFF);
        if (json_check((dime_text){text, length}, &arena, &value, &error) != valid)
            ck_abort_msg("U+%04X", (unsigned)point);
    }
}
END_TEST

/* Each code point as an escape reads as its UTF-8. */
START_TEST(decodes_every_escape)
{
    for (uint32_t point = 0; point < 0x110000; point++) {
        char text[16];
        char utf8[4];
        struct json_value value;
        struct json_error error;
        dime_text string;
        if (point < 0x10000)
            snprintf(text, sizeof text, "\"\\u%04x\"", (unsigned)point);
        else
            snprintf(text, sizeof text, "\"\\u%04X\\u%04X\"", (unsigned)(0xD7C0 + (point >> 10)),
                     (unsigned)(0xDC00 | (point & 0x3FF)));
        bool valid = !(point >= 0xD800 && point <= 0xDFFF);
        bool passed = json_check(text_of(text), &arena, &value, &error);
        if (passed != valid)
            ck_abort_msg("%s", text);
        if (passed && (!json_string(value, &arena, &string) ||
                       !text_equal(string, (dime_text){utf8, encode(utf8, point)})))
            ck_abort_msg("%s", text);
        arena_reset(&arena);
    }
}
END_TEST

/* Every byte at every place of a string: the walk by words must miss none. */
START_TEST(sees_every_byte_at_every_place)
{
    for (size_t length = 1; length < 26; length++) {
        for (size_t place = 0; place < length * 256; place++) {
            char text[32];
            struct json_value value;
            struct json_error error;
            unsigned char byte = (unsigned char)(place % 256);
            memset(text, 'a', sizeof text);
            text[0] = text[length + 1] = '"';
            text[1 + place / 256] = (char)byte;
            bool plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
            if (json_check((dime_text){text, length + 2}, &arena, &value, &error) != plain)
                ck_abort_msg("byte %02x at %zu of %zu", byte, place / 256, length);
        }
    }
}
END_TEST

START_TEST(steps_through_members)
{
    dime_text text =
        TEXT(" { \"a\" : 1.890 , \"\\u0062\\n\":\"x]\\\"}\",\"c\":[1,{\"d\":2}],\"\":null,"
             "\"t\":true, \"o\": {\"x\":[[]]} } ");
    static const struct {
        const char *name;
        enum json_kind kind;
        const char *raw;
    } expected[] = {
        {"a", JSON_NUMBER, "1.890"},        {"b\n", JSON_STRING, "\"x]\\\"}\""},
        {"c", JSON_ARRAY, "[1,{\"d\":2}]"}, {"", JSON_NULL, "null"},
        {"t", JSON_BOOLEAN, "true"},        {"o", JSON_OBJECT, "{\"x\":[[]]}"},
    };
    struct json_value value = checked(text);
    ck_assert_int_eq(value.kind, JSON_OBJECT);
    ck_assert(text_equal(value.raw, text_trim(text)));
    struct json_cursor cursor = json_members(value, &arena);
    struct json_member member;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        struct json_value found;
        ck_assert(json_next(&cursor, &member));
        ck_assert(text_equal(member.name, text_of(expected[i].name)));
        ck_assert_int_eq(member.value.kind, expected[i].kind);
        ck_assert(text_equal(member.value.raw, text_of(expected[i].raw)));
        ck_assert(json_find(value, member.name, &found));
        ck_assert_ptr_eq(found.raw.data, member.value.raw.data);
    }
    ck_assert(!json_next(&cursor, &member));
    ck_assert(!json_next(&cursor, &member));
    ck_assert(!cursor.failed);
}
END_TEST

START_TEST(steps_through_items)
{
    struct json_cursor cursor = json_members(checked(TEXT("[ 25,10 ,-5, 1e-2 ]")), &arena);
    struct json_member item;
    int64_t integer = 0;
    static const int64_t expected[] = {25, 10, -5};
    for (size_t i = 0; i < 3; i++) {
        ck_assert(json_next(&cursor, &item));
        ck_assert_uint_eq(item.name.length, 0);
        ck_assert(json_integer(item.value, &integer));
        ck_assert_int_eq(integer, expected[i]);
    }
    ck_assert(json_next(&cursor, &item));
    ck_assert(!json_integer(item.value, &integer));
    ck_assert(!json_next(&cursor, &item));
}
END_TEST

START_TEST(finds_no_members_where_there_are_none)
{
    static const char *const texts[] = {"[]", "{}", "[ ]", "{ }", "1", "\"a\"", "null"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct json_value value = checked(text_of(texts[i]));
        struct json_cursor cursor = json_members(value, &arena);
        struct json_member member;
        struct json_value found;
        ck_assert(!json_next(&cursor, &member));
        ck_assert(!json_find(value, TEXT(""), &found));
    }
    struct json_value found;
    struct json_value object = checked(TEXT("{\"ab\":1,\"\\u0061\":2}"));
    ck_assert(json_find(object, TEXT("a"), &found) && found.raw.data[0] == '2');
    ck_assert(!json_find(object, TEXT("abc"), &found));
    ck_assert(!json_find(object, TEXT(""), &found));
    ck_assert(!json_find(object, TEXT("\xE9"), &found));
    ck_assert(!json_find(checked(TEXT("[1]")), TEXT(""), &found));
}
END_TEST

START_TEST(finds_texts)
{
    struct json_value object = checked(TEXT("{\"a\":\"b\\u0063\",\"n\":7,\"z\":null,\"o\":{}}"));
    ck_assert(text_equal(json_text_at(object, "a", &arena), TEXT("bc")));
    static const char *const NONE[] = {"n", "z", "o", "b", ""};
    for (size_t i = 0; i < sizeof NONE / sizeof *NONE; i++)
        ck_assert_uint_eq(json_text_at(object, NONE[i], &arena).length, 0);
    ck_assert_uint_eq(json_text_at(checked(TEXT("[\"a\"]")), "a", &arena).length, 0);
    struct arena none;
    arena_open(&none, 0);
    ck_assert_uint_eq(json_text_at(object, "a", &none).length, 0);
    ck_assert(none.failed);
}
END_TEST

START_TEST(reads_scalars)
{
    static const struct {
        const char *text;
        bool integer;
        int64_t value;
    } numbers[] = {
        {"1.0", true, 1},
        {"-25.00", true, -25},
        {"1e2", true, 100},
        {"1E+2", true, 100},
        {"100e-2", true, 1},
        {"12.5e1", true, 125},
        {"0.05e2", true, 5},
        {"-0.0e-9", true, 0},
        {"0e99999999999999999999", true, 0},
        {"0.000e-99999999999999999999", true, 0},
        {"9223372036854775807.0", true, INT64_MAX},
        {"922337203685477580.7e1", true, INT64_MAX},
        {"-9223372036854775808e0", true, INT64_MIN},
        {"-9223372036854775808000e-3", true, INT64_MIN},
        {"9223372036854775808.0", false, 0},
        {"9.3e18", false, 0},
        {"1e19", false, 0},
        {"1e99999999999999999999", false, 0},
        {"1e-99999999999999999999", false, 0},
        {"1e-1", false, 0},
        {"25.00000000000000000000000001", false, 0},
        {"0", true, 0},
        {"-0", true, 0},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"\"1\"", false, 0},
        {"true", false, 0},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        int64_t integer = 0;
        ck_assert_int_eq(json_integer(checked(text_of(numbers[i].text)), &integer),
                         numbers[i].integer);
        ck_assert_int_eq(integer, numbers[i].value);
    }
    ck_assert(json_true(checked(TEXT("true"))));
    ck_assert(!json_true(checked(TEXT("false"))));
    ck_assert(!json_true(checked(TEXT("\"true\""))));
}
END_TEST

START_TEST(decodes_strings)
{
    dime_text text = TEXT("\"plain \xE2\x82\xAC\"");
    dime_text string;
    ck_assert(json_string(checked(text), &arena, &string));
    ck_assert_ptr_eq(string.data, text.data + 1);
    ck_assert_uint_eq(string.length, text.length - 2);
    struct json_value escaped =
        checked(TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t a\\u0000b \\u20ac\\ud83d\\ude00.\""));
    ck_assert(json_string(escaped, &arena, &string));
    ck_assert(text_equal(string, TEXT("\"\\/\b\f\n\r\t a\0b \xE2\x82\xAC\xF0\x9F\x98\x80.")));
    ck_assert(!json_string(checked(TEXT("1")), &arena, &string));
    struct arena none;
    struct json_member member;
    arena_open(&none, 0);
    ck_assert(!json_string(escaped, &none, &string));
    struct json_cursor cursor = json_members(checked(TEXT("{\"\\u0061\":1}")), &none);
    ck_assert(!json_next(&cursor, &member));
    ck_assert(cursor.failed);
    arena_close(&none);
}
END_TEST

Suite *json_suite(void)
{
    Suite *suite = suite_create("json");
    TCase *gate = tcase_create("gate");
    tcase_add_checked_fixture(gate, begin, end);
    tcase_add_loop_test(gate, judges_documents, 0, sizeof documents / sizeof *documents);
    tcase_add_test(gate, says_where);
    tcase_add_test(gate, refuses_what_is_cut_short);
    tcase_add_test(gate, limits_the_depth);
    tcase_add_test(gate, refuses_a_megabyte_of_brackets);
    tcase_add_test(gate, finds_a_name_twice_among_many);
    tcase_add_test(gate, limits_the_names_of_an_object);
    tcase_add_test(gate, compares_long_names_quickly);
    tcase_add_test(gate, says_when_memory_ends_in_the_gate);
    tcase_add_test(gate, takes_every_character);
    tcase_add_test(gate, decodes_every_escape);
    tcase_add_test(gate, sees_every_byte_at_every_place);
    suite_add_tcase(suite, gate);
    TCase *reading = tcase_create("reading");
    tcase_add_checked_fixture(reading, begin, end);
    tcase_add_test(reading, steps_through_members);
    tcase_add_test(reading, steps_through_items);
    tcase_add_test(reading, finds_no_members_where_there_are_none);
    tcase_add_test(reading, finds_texts);
    tcase_add_test(reading, reads_scalars);
    tcase_add_test(reading, decodes_strings);
    suite_add_tcase(suite, reading);
    return suite;
}
