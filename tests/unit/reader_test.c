/*
 * reader_test.c - the reader's verdict on every shape of record, whole and in pieces.
 *
 * What is cut short must never be called whole, and what a web server sends never bad. So
 * each shape is judged in one go, then again split at every point: bytes that arrive later must
 * change nothing. Random requests are made from a seed, so that a failure can be repeated.
 */
#include "hosts/fastcgi/reader.h"

#include <check.h>
#include <stdlib.h>

#include "net/fastcgi_record.h"
#include "reader_feed.h"

Suite *reader_suite(void);

enum { ROUNDS = 300 };

START_TEST(nothing_is_more)
{
    expect_everywhere(READING_MORE);
}
END_TEST

START_TEST(a_request_is_whole)
{
    whole_request(0);
    expect_everywhere(READING_WHOLE);
}
END_TEST

START_TEST(padding_belongs_to_the_record)
{
    whole_request(255);
    expect_everywhere(READING_WHOLE);
}
END_TEST

/* The padding is of the content; its last byte is waited for. */
START_TEST(padding_is_waited_for)
{
    begin();
    record(PARAMS, VARIABLE, VARIABLE_LENGTH, 3);
    const size_t end = made.length;
    end_of(STDOUT);
    ck_assert_int_eq(judge(end + 7), READING_MORE);
    ck_assert_int_eq(judge(end + 8), READING_BAD);
}
END_TEST

START_TEST(padding_is_taken_out)
{
    static const unsigned char content[8] = {0, 1, 1};
    static const struct bytes NONE = {0};
    record(BEGIN, content, sizeof content, 40);
    record(PARAMS, NULL, 0, 1);
    record(STDIN, "x", 1, 9);
    record(STDIN, NULL, 0, 255);
    expect_request("", "x", &NONE);
}
END_TEST

START_TEST(each_prefix_is_more)
{
    whole_request(5);
    for (size_t length = 0; length < made.length; length++)
        ck_assert_int_eq(judge(length), READING_MORE);
}
END_TEST

START_TEST(a_request_without_variables_or_body_is_whole)
{
    begin();
    end_of(PARAMS);
    end_of(STDIN);
    expect_everywhere(READING_WHOLE);
}
END_TEST

START_TEST(any_id_but_0_will_do)
{
    static const unsigned IDS[] = {1, 2, 255, 256, 65535, 0};
    for (size_t i = 0; i < sizeof IDS / sizeof *IDS; i++) {
        setup();
        id = IDS[i];
        whole_request(0);
        ck_assert_int_eq(judge(made.length), id ? READING_WHOLE : READING_BAD);
    }
}
END_TEST

/* All lengths and both of their forms, each PARAMS record one byte of content. */
START_TEST(lengths_may_be_split_between_records)
{
    static const unsigned char DATA_BYTES[] = "\0\0"
                                              "\x80\0\0\0\x80\0\0\0"
                                              "\x01\0A"
                                              "\0\x01v"
                                              "\x80\0\0\x03\x02"
                                              "ABCvv"
                                              "\x01\x80\0\0\x02"
                                              "Avv";
    begin();
    for (size_t i = 0; i < sizeof DATA_BYTES - 1; i++)
        record(PARAMS, DATA_BYTES + i, 1, 0);
    end_of(PARAMS);
    end_of(STDIN);
    expect_everywhere(READING_WHOLE);
}
END_TEST

static void check_variable(dime_text *left, const char *name, const char *value)
{
    dime_text found_name, found_value;
    ck_assert(reader_variable(left, &found_name, &found_value));
    ck_assert(text_equal(found_name, text_of(name)));
    ck_assert(text_equal(found_value, text_of(value)));
}

START_TEST(variables_are_names_and_values)
{
    static const char DATA_BYTES[] = "\x04\x05NAMEvalue"
                                     "\x80\0\0\x01\x80\0\0\x02"
                                     "Avv\0\0\x05\x04QUERYa=";
    dime_text left = {DATA_BYTES, sizeof DATA_BYTES - 1}, name, value;
    check_variable(&left, "NAME", "value");
    check_variable(&left, "A", "vv");
    check_variable(&left, "", "");
    ck_assert(!reader_variable(&left, &name, &value)); /* two bytes are missing */
    ck_assert_uint_eq(name.length, 5);
    ck_assert_uint_eq(left.length, 9);
}
END_TEST

static const struct {
    const char *name, *data;
    size_t length;
} CUT[] = {
    {"a name's length alone", "\x05", 1},
    {"part of a long length", "\x80\0", 2},
    {"a long length alone", "\x80\0\0\x01", 4},
    {"part of the second length", "\x01\x80\0\0", 4},
    {"lengths alone", "\x01\x01", 2},
    {"no value",
     "\x01\x01"
     "A",
     3},
    {"a value cut short",
     "\x01\x05"
     "Aabc",
     6},
};

START_TEST(variables_that_are_cut_short_are_bad)
{
    begin();
    record(PARAMS, CUT[_i].data, CUT[_i].length, 0);
    ck_assert_int_eq(judge(made.length), READING_MORE);
    end_of(PARAMS);
    expect_everywhere(READING_BAD);
}
END_TEST

START_TEST(huge_lengths_are_bad_at_once)
{
    static const unsigned char LENGTHS[][8] = {
        {0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0xFF, 0xFF, 0xFE},
        {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF},
        {0x80, 0x01, 0x00, 0x00, 0x80, 0x00, 0x00, 0x01},
        {0x80, 0x00, 0x00, 0x01, 0x80, 0x01, 0x00, 0x00},
    };
    begin();
    record(PARAMS, LENGTHS[_i], 8, 0);
    expect_everywhere(READING_BAD);
}
END_TEST

START_TEST(variables_are_bounded)
{
    static unsigned char most[RECORD_VARIABLES_MAX];
    /* One variable that takes all: two long lengths and the rest. */
    const unsigned char lengths[8] = {0x80, 0, 0, 0, 0x80, 0, 0xFF, 0xF8};
    memcpy(most, lengths, sizeof lengths);
    begin();
    record(PARAMS, most, 40000, 0);
    record(PARAMS, most + 40000, sizeof most - 40000, 0);
    end_of(PARAMS);
    end_of(STDIN);
    ck_assert_int_eq(judge(made.length), READING_WHOLE);

    setup();
    begin();
    record(PARAMS, most, 40000, 0);
    record(PARAMS, most + 40000, sizeof most - 40000, 0);
    record(PARAMS, "\0", 1, 0);
    ck_assert_int_eq(judge(made.length), READING_BAD);
}
END_TEST

START_TEST(a_body_up_to_the_limit_is_whole)
{
    static const char body[BODY_MAX + 1];
    begin();
    end_of(PARAMS);
    record(STDIN, body, BODY_MAX, 0);
    end_of(STDIN);
    expect_everywhere(READING_WHOLE);
}
END_TEST

START_TEST(a_body_over_the_limit_is_long)
{
    static const char body[BODY_MAX + 1];
    begin();
    end_of(PARAMS);
    record(STDIN, body, BODY_MAX + 1, 0);
    expect_everywhere(READING_LONG);

    setup();
    begin();
    end_of(PARAMS);
    record(STDIN, body, BODY_MAX, 0);
    record(STDIN, body, 1, 0);
    end_of(STDIN);
    expect_everywhere(READING_LONG);
}
END_TEST

START_TEST(a_body_in_records_of_a_byte_is_whole)
{
    begin();
    end_of(PARAMS);
    for (int i = 0; i < BODY_MAX; i++)
        record(STDIN, "b", 1, 7);
    end_of(STDIN);
    ck_assert_int_eq(judge(made.length), READING_WHOLE);
    size_t at;
    ck_assert_int_eq(judge_bytes(&at), READING_WHOLE);
    ck_assert_uint_eq(at, made.length);
}
END_TEST

START_TEST(begin_has_eight_bytes)
{
    static const unsigned char content[16] = {0, 1};
    for (size_t length = 0; length <= sizeof content; length++) {
        setup();
        record(BEGIN, content, length, 0);
        ck_assert_int_eq(judge(made.length), length == 8 ? READING_MORE : READING_BAD);
    }
}
END_TEST

/* Each type where another is expected; the header alone tells. Before a request has begun there is
 * none that a record could belong to, and it's passed over. */
START_TEST(types_come_in_their_order)
{
    for (int stage = 0; stage < 4; stage++) {
        static const unsigned WANTED[] = {BEGIN, PARAMS, PARAMS, STDIN};
        setup();
        if (stage > 0)
            begin();
        if (stage > 1)
            record(PARAMS, VARIABLE, VARIABLE_LENGTH, 0);
        if (stage > 2)
            end_of(PARAMS);
        const size_t before = made.length;
        for (unsigned type = 0; type < 256; type++) {
            if (type == WANTED[stage] || type == ABORT)
                continue;
            made.length = before;
            record(type, "12345678", 8, 0);
            enum reading wanted = stage ? READING_BAD : READING_MORE;
            ck_assert_msg(judge(before + 8) == wanted, "type %u at %d", type, stage);
            ck_assert_msg(judge(before + 7) == READING_MORE, "type %u at %d", type, stage);
        }
    }
}
END_TEST

START_TEST(other_versions_are_bad)
{
    static const unsigned VERSIONS[] = {0, 2, 'G', 255};
    for (size_t i = 0; i < sizeof VERSIONS / sizeof *VERSIONS; i++) {
        setup();
        version = VERSIONS[i];
        begin();
        ck_assert_int_eq(judge(made.length), READING_BAD);
        setup();
        begin();
        version = VERSIONS[i];
        end_of(PARAMS);
        expect_everywhere(READING_BAD);
    }
}
END_TEST

/* The next request of the same id may come once this one is answered, and not before. */
START_TEST(what_lies_behind_is_bad)
{
    whole_request(0);
    const size_t end = made.length;
    whole_request(0);
    for (size_t length = end + 1; length <= made.length; length++)
        ck_assert_int_eq(judge(length), length < end + 8 ? READING_MORE : READING_BAD);
}
END_TEST

START_TEST(other_protocols_are_bad)
{
    static const char *const OTHERS[] = {"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                                         "\x16\x03\x01\x02\0\1\0\1", "SSH-2.0-x\r\n"};
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++) {
        setup();
        put(OTHERS[i], 8);
        ck_assert_int_eq(judge(made.length), READING_BAD);
    }
}
END_TEST

/* Random requests. */

static uint64_t seed;

static unsigned random_below(unsigned most)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(seed >> 33) % most;
}

/* DATA in records of random lengths, then the empty one. */
static void put_stream(unsigned type, const unsigned char *data, size_t length)
{
    const unsigned longest = 1 + random_below(60);
    for (size_t at = 0; at < length;) {
        size_t piece = 1 + random_below(longest);
        piece = piece > length - at ? length - at : piece;
        record(type, data + at, piece, random_below(4) ? 0 : random_below(256));
        at += piece;
    }
    end_of(type);
}

static size_t put_length(unsigned char *room, unsigned length)
{
    if (length < 128 && random_below(3)) {
        room[0] = (unsigned char)length;
        return 1;
    }
    room[0] = (unsigned char)(0x80 | length >> 24);
    room[1] = (unsigned char)(length >> 16);
    room[2] = (unsigned char)(length >> 8);
    room[3] = (unsigned char)length;
    return 4;
}

/* What a random request is made of. */
static unsigned char variables[8000], body[300];
static size_t variables_length, body_length, variables_count;

static void random_request(void)
{
    unsigned char *data = variables;
    size_t length = 0;
    setup();
    id = 1 + random_below(65535);
    begin();
    variables_count = random_below(12);
    for (size_t count = variables_count; count; count--) {
        unsigned name = random_below(random_below(8) ? 20 : 200);
        unsigned value = random_below(random_below(8) ? 30 : 300);
        length += put_length(data + length, name);
        length += put_length(data + length, value);
        for (unsigned i = 0; i < name + value; i++)
            data[length++] = (unsigned char)random_below(256);
    }
    variables_length = length;
    put_stream(PARAMS, variables, length);
    for (length = 0; length < sizeof body; length++)
        body[length] = (unsigned char)random_below(256);
    body_length = random_below(sizeof body);
    put_stream(STDIN, body, body_length);
}

static void check_random_request(void)
{
    dime_text left = {feed.input.bytes, feed.reader.variables}, name, value;
    size_t count = 0;
    check_request(variables, variables_length, body, body_length);
    while (reader_variable(&left, &name, &value))
        count++;
    ck_assert_uint_eq(count, variables_count);
    ck_assert_uint_eq(feed.reader.count, variables_count);
    ck_assert_uint_eq(left.length, 0);
}

START_TEST(random_requests_are_whole_at_their_end_and_more_before)
{
    for (unsigned long round = 1; round <= ROUNDS; round++) {
        seed = round;
        random_request();
        feed_open();
        for (size_t at = 0, more; at < made.length; at += more) {
            more = 1 + random_below(40);
            more = more < made.length - at ? more : made.length - at;
            enum reading wanted = at + more < made.length ? READING_MORE : READING_WHOLE;
            ck_assert_msg(feed_more(made.data + at, more) == wanted, "round %lu", round);
        }
        check_random_request();
        ck_assert_msg(judge(made.length) == READING_WHOLE, "round %lu", round);
        check_random_request();
    }
}
END_TEST

/* Split or not, the verdict is the same; only WHOLE may have something behind it that isn't there
 * yet. */
START_TEST(random_faults_are_judged_alike_in_one_piece_and_in_bytes)
{
    unsigned bad = 0;
    for (unsigned long round = 1; round <= 5UL * ROUNDS; round++) {
        seed = round;
        random_request();
        for (unsigned faults = 1 + random_below(3); faults; faults--)
            made.data[random_below((unsigned)made.length)] = (unsigned char)random_below(256);
        if (!random_below(3))
            made.length = random_below((unsigned)made.length + 1);
        size_t at;
        enum reading whole = judge(made.length), pieces = judge_bytes(&at);
        bad += whole == READING_BAD;
        if (pieces != READING_WHOLE || at == made.length)
            ck_assert_msg(whole == pieces, "round %lu: %d, %d", round, whole, pieces);
    }
    ck_assert_uint_gt(bad, ROUNDS / 2); /* others are passed over, or answered */
}
END_TEST

#define ADD(tests, test) tcase_add_test(tests, test)
#define COUNT(array)     ((int)(sizeof(array) / sizeof *(array)))

Suite *reader_suite(void)
{
    Suite *suite = suite_create("reader");
    TCase *tests = tcase_create("reader");
    tcase_add_checked_fixture(tests, setup, NULL);
    ADD(tests, nothing_is_more);
    ADD(tests, a_request_is_whole);
    ADD(tests, padding_belongs_to_the_record);
    ADD(tests, padding_is_waited_for);
    ADD(tests, padding_is_taken_out);
    ADD(tests, each_prefix_is_more);
    ADD(tests, a_request_without_variables_or_body_is_whole);
    ADD(tests, any_id_but_0_will_do);
    ADD(tests, lengths_may_be_split_between_records);
    ADD(tests, variables_are_names_and_values);
    tcase_add_loop_test(tests, variables_that_are_cut_short_are_bad, 0, COUNT(CUT));
    tcase_add_loop_test(tests, huge_lengths_are_bad_at_once, 0, 4);
    ADD(tests, variables_are_bounded);
    ADD(tests, a_body_up_to_the_limit_is_whole);
    ADD(tests, a_body_over_the_limit_is_long);
    ADD(tests, a_body_in_records_of_a_byte_is_whole);
    ADD(tests, begin_has_eight_bytes);
    ADD(tests, types_come_in_their_order);
    ADD(tests, other_versions_are_bad);
    ADD(tests, what_lies_behind_is_bad);
    ADD(tests, other_protocols_are_bad);
    ADD(tests, random_requests_are_whole_at_their_end_and_more_before);
    ADD(tests, random_faults_are_judged_alike_in_one_piece_and_in_bytes);
    suite_add_tcase(suite, tests);
    return suite;
}
