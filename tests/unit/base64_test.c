/*
 * base64_test.c - the examples of RFC 4648, every length up to a few lines, and what isn't base64.
 *
 * What is refused matters most: a decoder that passes over a wrong byte, or over bits that no byte
 * takes, lets two readers see two different bodies in one event.
 */
#include "base/base64.h"

#include <check.h>
#include <stdlib.h>

Suite *base64_suite(void);

static const struct {
    const char *bytes, *digits;
} pairs[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"\xFB\xFF\xBF", "+/+/"},
};

static const char *const wrong[] = {
    "Z",       "Zg",      "Zg=",  "Zm9vY",    "====",     "=g==",   "Z===",
    "Zg=g",    "Zh==",    "Zm9=", "Zm9v\n",   "Zm 9vYg",  "Zm9-",   "Zm9_",
    "Zm9\x80", "\xFFm9v", "Z.8=", "Zg==Zg==", "Zm8=Zm9v", "Zg==\n",
};

static struct arena arena;

static void begin(void)
{
    arena_open(&arena, 1 << 20);
}

static void end(void)
{
    arena_close(&arena);
}

START_TEST(reads_and_writes_the_examples)
{
    dime_text bytes, digits = text_of(pairs[_i].digits);
    struct buffer out;
    ck_assert(base64_decode(digits, &arena, &bytes));
    ck_assert(text_equal(bytes, text_of(pairs[_i].bytes)));
    buffer_open(&out, &arena, 100);
    buffer_base64(&out, bytes);
    ck_assert(!out.failed && text_equal(buffer_text(&out), digits));
}
END_TEST

static const struct {
    const char *bytes, *sent;
} sent[] = {
    {"", ""},
    {"", " \r\n"},
    {"foobar", "Zm9v\nYmFy"},
    {"foobar", "Zm9v\r\nYmFy\r\n"},
    {"foobar", "  Zm\t9 v\n  YmF\ny  "},
    {"f", "Zg"},
    {"f", "Zg==\n"},
    {"f", "Zg=\r\n="},
    {"fo", "Zm8"},
    {"fo", "Zm8 ="},
    {"foof", "Zm9vZg"},
    {"\xFB\xFF\xBF", "-_-_"},
    {"\xFB\xFF\xBF\xFB\xFF", "-_-_\n-_8"},
    {"\xFB\xFF\xBF", "+_-/"},
};

static const char *const not_sent[] = {
    "Z",        "Zg=",      "Zm9vY", "====",   "=",     "=Zg",     "Zm9v=", "Zm9v====",
    "Z===",     "Zg=g",     "Zh==",  "Zh",     "Zm9",   "Zm9=",    "Z.8=",  "Zm9\x80",
    "Zg==Zg==", "Zm8=Zm9v", "Zm9\v", "Zm9v\f", "Zm9v,", "Zm9vZ\n", "Zg===", "Zm8==",
};

START_TEST(reads_what_people_send)
{
    dime_text bytes;
    ck_assert_msg(base64_decode_sent(text_of(sent[_i].sent), &arena, &bytes), "%s", sent[_i].sent);
    ck_assert_msg(text_equal(bytes, text_of(sent[_i].bytes)), "%s", sent[_i].sent);
}
END_TEST

START_TEST(refuses_what_nobody_sends)
{
    dime_text bytes;
    ck_assert_msg(!base64_decode_sent(text_of(not_sent[_i]), &arena, &bytes), "%s", not_sent[_i]);
    ck_assert(!arena.failed);
}
END_TEST

START_TEST(refuses_what_is_not_base64)
{
    dime_text bytes;
    ck_assert_msg(!base64_decode(text_of(wrong[_i]), &arena, &bytes), "%s", wrong[_i]);
    ck_assert(!arena.failed);
}
END_TEST

/* All byte values, and lengths on both sides of the writer's room. */
START_TEST(comes_back_as_it_was)
{
    char room[3000];
    for (size_t i = 0; i < sizeof room; i++)
        room[i] = (char)(i * 7 + i / 256);
    for (size_t length = 0; length <= sizeof room; length += length < 800 ? 1 : 97) {
        dime_text bytes;
        struct buffer out;
        buffer_open(&out, &arena, 5000);
        buffer_base64(&out, (dime_text){room, length});
        ck_assert_uint_eq(out.length, (length + 2) / 3 * 4);
        ck_assert(base64_decode(buffer_text(&out), &arena, &bytes));
        ck_assert(text_equal(bytes, (dime_text){room, length}));
        ck_assert(base64_decode_sent(buffer_text(&out), &arena, &bytes));
        ck_assert(text_equal(bytes, (dime_text){room, length}));
        arena_reset(&arena);
    }
}
END_TEST

START_TEST(says_where_memory_ends)
{
    dime_text bytes;
    struct buffer out;
    struct arena none = {0};
    ck_assert(!base64_decode(TEXT("Zm9v"), &none, &bytes) && none.failed);
    none = (struct arena){0};
    ck_assert(!base64_decode_sent(TEXT("Zm9v"), &none, &bytes) && none.failed);
    char room[7];
    buffer_over(&out, room, sizeof room);
    buffer_base64(&out, TEXT("foob"));
    ck_assert(out.failed);
}
END_TEST

Suite *base64_suite(void)
{
    Suite *suite = suite_create("base64");
    TCase *test = tcase_create("base64");
    tcase_add_checked_fixture(test, begin, end);
    tcase_add_loop_test(test, reads_and_writes_the_examples, 0, sizeof pairs / sizeof *pairs);
    tcase_add_loop_test(test, refuses_what_is_not_base64, 0, sizeof wrong / sizeof *wrong);
    tcase_add_loop_test(test, reads_what_people_send, 0, sizeof sent / sizeof *sent);
    tcase_add_loop_test(test, refuses_what_nobody_sends, 0, sizeof not_sent / sizeof *not_sent);
    tcase_add_test(test, comes_back_as_it_was);
    tcase_add_test(test, says_where_memory_ends);
    suite_add_tcase(suite, test);
    return suite;
}
