/*
 * form_test.c - urlencoded text: what is read, what is refused, and what it says then.
 *
 * Each text is read from a block of exactly its size, so that a byte read beyond its end is found
 * under the sanitizers.
 */
#include "base/form.h"

#include <check.h>
#include <stdio.h>

Suite *form_suite(void);

/* RESULT has the pairs as [name=value], and behind them the message of the fault, if any. */
static const struct document {
    dime_text text;
    dime_text result;
} documents[] = {
    {TEXT(""), TEXT("")},
    {TEXT("amount=1.45"), TEXT("[amount=1.45]")},
    {TEXT("a=1&b=2"), TEXT("[a=1][b=2]")},
    {TEXT("a=1&a=2"), TEXT("[a=1][a=2]")},
    {TEXT("a"), TEXT("[a=]")},
    {TEXT("a="), TEXT("[a=]")},
    {TEXT("=b"), TEXT("[=b]")},
    {TEXT("="), TEXT("[=]")},
    {TEXT("a=b=c"), TEXT("[a=b=c]")},
    {TEXT("a==b"), TEXT("[a==b]")},
    {TEXT("&"), TEXT("")},
    {TEXT("&&&"), TEXT("")},
    {TEXT("&a=1&&b=2&"), TEXT("[a=1][b=2]")},
    {TEXT("a;b=1"), TEXT("[a;b=1]")},
    {TEXT("?a=1"), TEXT("[?a=1]")},
    {TEXT("a+b=c+d"), TEXT("[a b=c d]")},
    {TEXT("+=+"), TEXT("[ = ]")},
    {TEXT("a%2Bb=%2b"), TEXT("[a+b=+]")},
    {TEXT("a%26b=c%3Dd%25"), TEXT("[a&b=c=d%]")},
    {TEXT("%41=%61"), TEXT("[A=a]")},
    {TEXT("a=%2541"), TEXT("[a=%41]")},
    {TEXT("a=%E2%82%ac1"), TEXT("[a=\xE2\x82\xAC"
                                "1]")},
    {TEXT("a=\xE2\x82\xAC"), TEXT("[a=\xE2\x82\xAC]")},
    {TEXT("a=%00b"), TEXT("[a=\0b]")},
    {TEXT("a=\0b"), TEXT("[a=\0b]")},
    {TEXT("a=%0D%0A"), TEXT("[a=\r\n]")},
    {TEXT("a=1\r\nb=2"), TEXT("[a=1\r\nb=2]")},
    {TEXT(" a = 1 "), TEXT("[ a = 1 ]")},
    {TEXT("%"), TEXT("character 1: a percent-escape is cut short")},
    {TEXT("a=%"), TEXT("character 3: a percent-escape is cut short")},
    {TEXT("a=1%4"), TEXT("character 4: a percent-escape is cut short")},
    {TEXT("a=1%4&b=2"), TEXT("character 4: a percent-escape is cut short")},
    {TEXT("a%=4"), TEXT("character 2: a percent-escape is cut short")},
    {TEXT("a%4=b"), TEXT("character 2: a percent-escape is cut short")},
    {TEXT("a=1&b=50%&c=3"), TEXT("[a=1]character 9: a percent-escape is cut short")},
    {TEXT("a=%zz"), TEXT("character 3: two hexadecimal digits must follow a %")},
    {TEXT("a=%4z"), TEXT("character 3: two hexadecimal digits must follow a %")},
    {TEXT("a=%z4"), TEXT("character 3: two hexadecimal digits must follow a %")},
    {TEXT("a=%%41"), TEXT("character 3: two hexadecimal digits must follow a %")},
    {TEXT("a=% 41"), TEXT("character 3: two hexadecimal digits must follow a %")},
    {TEXT("a=%u0041"), TEXT("character 3: two hexadecimal digits must follow a %")},
    {TEXT("a=%-1"), TEXT("character 3: two hexadecimal digits must follow a %")},
    {TEXT("a=%\0\0"), TEXT("character 3: two hexadecimal digits must follow a %")},
    {TEXT("\xC3\xA9=%zz"), TEXT("character 3: two hexadecimal digits must follow a %")},
    {TEXT("a=%E9"), TEXT("character 3: what begins here isn't UTF-8")},
    {TEXT("a=\xE9"), TEXT("character 3: what begins here isn't UTF-8")},
    {TEXT("a=b&%ff=1"), TEXT("[a=b]character 5: what begins here isn't UTF-8")},
    {TEXT("a=%C0%80"), TEXT("character 3: what begins here isn't UTF-8")},
    {TEXT("a=%ED%A0%80"), TEXT("character 3: what begins here isn't UTF-8")},
    {TEXT("a=%F4%90%80%80"), TEXT("character 3: what begins here isn't UTF-8")},
    {TEXT("a=%E2%82&b=%AC"), TEXT("character 3: what begins here isn't UTF-8")},
    {TEXT("\xEF\xBB\xBF"
          "a=1"),
     TEXT("character 1: the text begins with a byte order mark: leave it out")},
    {TEXT("&%EF%BB%BFa=1"),
     TEXT("character 1: the text begins with a byte order mark: leave it out")},
    {TEXT("\xEF\xBB\xBF"
          "a=%"),
     TEXT("character 1: the text begins with a byte order mark: leave it out")},
    {TEXT("\xFF\xFE"
          "a\0=\0"),
     TEXT("character 1: the text is UTF-16 or UTF-32: send it as UTF-8")},
    {TEXT("a\0=\0001\0"), TEXT("character 1: the text is UTF-16 or UTF-32: send it as UTF-8")},
    {TEXT("\0a\0=\0001"), TEXT("character 1: the text is UTF-16 or UTF-32: send it as UTF-8")},
    {TEXT("\0\0\xFE\xFF\0\0\0a"),
     TEXT("character 1: the text is UTF-16 or UTF-32: send it as UTF-8")},
    {TEXT("\xFE\xFF\0a\0="), TEXT("character 1: the text is UTF-16 or UTF-32: send it as UTF-8")},
    /* Elsewhere it is a character like others. */
    {TEXT("a=1&\xEF\xBB\xBF"
          "b=\xEF\xBB\xBF"),
     TEXT("[a=1][\xEF\xBB\xBF"
          "b=\xEF\xBB\xBF]")},
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

static void append(char *out, size_t room, size_t *length, dime_text text)
{
    ck_assert_uint_le(*length + text.length, room);
    memcpy(out + *length, text.data, text.length);
    *length += text.length;
}

START_TEST(reads_documents)
{
    const struct document *document = &documents[_i];
    char out[512];
    size_t length = 0;
    struct form_reader reader;
    struct form_pair pair;
    form_open(&reader, document->text, &arena);
    while (form_next(&reader, &pair)) {
        append(out, sizeof out, &length, TEXT("["));
        append(out, sizeof out, &length, pair.name);
        append(out, sizeof out, &length, TEXT("="));
        append(out, sizeof out, &length, pair.value);
        append(out, sizeof out, &length, TEXT("]"));
    }
    if (reader.fault != FORM_FINE)
        append(out, sizeof out, &length, text_of(reader.message));
    ck_assert_msg(text_equal((dime_text){out, length}, document->result), "%s: %.*s",
                  document->text.data, (int)length, out);
    ck_assert(!form_next(&reader, &pair));
}
END_TEST

/* What needs no decoding stays where it is. */
/* Who is asked decides; what is wrong with the whole isn't passed over. */
START_TEST(passes_over_what_is_damaged)
{
    struct form_reader reader;
    struct form_pair pair;
    form_open(&reader, TEXT("a=%E9&b%E9=1&d=%&c=2"), &arena);
    ck_assert(!form_next(&reader, &pair) && text_equal(pair.name, TEXT("a")));
    ck_assert_int_eq(reader.fault, FORM_DAMAGED);
    ck_assert(form_pass_over(&reader));
    ck_assert(!form_next(&reader, &pair) && text_equal(pair.name, TEXT("b%E9")));
    ck_assert(form_pass_over(&reader));
    ck_assert(!form_next(&reader, &pair) && text_equal(pair.name, TEXT("d")));
    ck_assert(form_pass_over(&reader));
    ck_assert(form_next(&reader, &pair) && text_equal(pair.name, TEXT("c")));
    ck_assert(!form_next(&reader, &pair) && !form_pass_over(&reader));
    ck_assert_int_eq(reader.fault, FORM_FINE);
    form_open(&reader, TEXT("a%=1&c=2"), &arena);
    ck_assert(!form_next(&reader, &pair) && text_equal(pair.name, TEXT("a%")));
    ck_assert(form_pass_over(&reader) && form_next(&reader, &pair));
    form_open(&reader, TEXT("\xEF\xBB\xBF=%&c=2"), &arena);
    ck_assert(!form_next(&reader, &pair) && !form_pass_over(&reader));
    ck_assert_int_eq(reader.fault, FORM_MALFORMED);
}
END_TEST

START_TEST(copies_only_what_is_escaped)
{
    dime_text text = TEXT("a=plain&b=with+space");
    struct form_reader reader;
    struct form_pair pair;
    form_open(&reader, text, &arena);
    ck_assert(form_next(&reader, &pair));
    ck_assert_ptr_eq(pair.name.data, text.data);
    ck_assert_ptr_eq(pair.value.data, text.data + 2);
    ck_assert_uint_eq(arena.total, 0);
    ck_assert(form_next(&reader, &pair));
    ck_assert(text_equal(pair.value, TEXT("with space")));
    ck_assert_str_eq(text.data, "a=plain&b=with+space");
}
END_TEST

START_TEST(takes_every_byte_escaped)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        char text[8];
        struct form_reader reader;
        struct form_pair pair;
        snprintf(text, sizeof text, "%%%02x", byte);
        form_open(&reader, text_of(text), &arena);
        bool ascii = byte < 0x80;
        ck_assert_int_eq(form_next(&reader, &pair), ascii);
        ck_assert_int_eq(reader.fault, ascii ? FORM_FINE : FORM_DAMAGED);
        if (ascii) {
            ck_assert_uint_eq(pair.name.length, 1);
            ck_assert_int_eq(pair.name.data[0], (char)byte);
        }
    }
}
END_TEST

static size_t count_pairs(const char *text, enum form_fault *fault)
{
    struct form_reader reader;
    struct form_pair pair;
    size_t count = 0;
    form_open(&reader, text_of(text), &arena);
    while (form_next(&reader, &pair))
        count++;
    *fault = reader.fault;
    return count;
}

START_TEST(limits_the_pairs)
{
    char text[4 * FORM_PAIRS_MAX + 8] = "";
    enum form_fault fault;
    for (size_t i = 0; i < FORM_PAIRS_MAX; i++)
        memcpy(text + 4 * i, "a=1&", 4);
    ck_assert_uint_eq(count_pairs(text, &fault), FORM_PAIRS_MAX);
    ck_assert_int_eq(fault, FORM_FINE);
    memcpy(text + 4 * FORM_PAIRS_MAX, "b", 2);
    ck_assert_uint_eq(count_pairs(text, &fault), FORM_PAIRS_MAX);
    ck_assert_int_eq(fault, FORM_MALFORMED);
}
END_TEST

START_TEST(reads_a_text_without_bytes)
{
    struct form_reader reader;
    struct form_pair pair;
    form_open(&reader, (dime_text){NULL, 0}, &arena);
    ck_assert(!form_next(&reader, &pair));
    ck_assert_int_eq(reader.fault, FORM_FINE);
}
END_TEST

START_TEST(decodes_a_piece)
{
    dime_text decoded;
    ck_assert_int_eq(form_decode(TEXT("a+b%2Fc&d=%C3%A9"), &arena, &decoded), FORM_FINE);
    ck_assert(text_equal(decoded, TEXT("a b/c&d=\xC3\xA9")));
    dime_text wrong = TEXT("a%41%4");
    ck_assert_int_eq(form_decode(wrong, &arena, &decoded), FORM_MALFORMED);
    ck_assert_ptr_eq(decoded.data, wrong.data);
    ck_assert_uint_eq(decoded.length, wrong.length);
}
END_TEST

START_TEST(says_when_memory_ends)
{
    struct arena none;
    struct form_reader reader;
    struct form_pair pair;
    arena_open(&none, 0);
    form_open(&reader, TEXT("a=1&b=%31&c=2"), &none);
    ck_assert(form_next(&reader, &pair));
    ck_assert(!form_next(&reader, &pair));
    ck_assert_int_eq(reader.fault, FORM_NO_MEMORY);
    ck_assert(!form_next(&reader, &pair));
    arena_close(&none);
}
END_TEST

Suite *form_suite(void)
{
    Suite *suite = suite_create("form");
    TCase *reading = tcase_create("reading");
    tcase_add_checked_fixture(reading, begin, end);
    tcase_add_loop_test(reading, reads_documents, 0, sizeof documents / sizeof *documents);
    tcase_add_test(reading, passes_over_what_is_damaged);
    tcase_add_test(reading, copies_only_what_is_escaped);
    tcase_add_test(reading, takes_every_byte_escaped);
    tcase_add_test(reading, limits_the_pairs);
    tcase_add_test(reading, reads_a_text_without_bytes);
    tcase_add_test(reading, decodes_a_piece);
    tcase_add_test(reading, says_when_memory_ends);
    suite_add_tcase(suite, reading);
    return suite;
}
