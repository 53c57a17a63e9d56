/*
 * reader_feed.c - makes records and feeds them to the reader: what its tests share.
 *
 * Each verdict is asked for in one go, split at every point and byte by byte, since bytes that
 * arrive later must change nothing.
 */
#include "reader_feed.h"

#include <check.h>
#include <stdlib.h>

struct bytes made;
unsigned version = 1, id = 1;

void setup(void)
{
    made.length = 0;
    version = id = 1;
}

void put(const void *data, size_t length)
{
    ck_assert_uint_le(made.length + length, sizeof made.data);
    if (length)
        memcpy(made.data + made.length, data, length);
    made.length += length;
}

void record(unsigned type, const void *content, size_t length, unsigned padding)
{
    const unsigned char header[8] = {
        (unsigned char)version, (unsigned char)type,          (unsigned char)(id >> 8),
        (unsigned char)id,      (unsigned char)(length >> 8), (unsigned char)length,
        (unsigned char)padding,
    };
    static const unsigned char zeros[255];
    put(header, sizeof header);
    put(content, length);
    put(zeros, padding);
}

void begin_as(unsigned role)
{
    const unsigned char content[8] = {(unsigned char)(role >> 8), (unsigned char)role, 1};
    record(BEGIN, content, sizeof content, 0);
}

void begin(void)
{
    begin_as(1);
}

void end_of(unsigned type)
{
    record(type, NULL, 0, 0);
}

struct feed feed;
static const struct reader_limits LIMITS = {.body_max = BODY_MAX, .connections = 500};

void feed_open(void)
{
    free(feed.input.bytes);
    feed.reader = (struct reader){0};
    feed.input = (struct reader_input){.bytes = NULL};
    feed.reply_length = 0;
}

enum reading feed_more(const void *data, size_t length)
{
    enum reading verdict;
    size_t size = feed.input.length + length;
    char *room = realloc(feed.input.bytes, size + !size); /* a read past its end is seen */
    if (!room)
        ck_abort_msg("out of memory");
    memcpy(room + feed.input.length, data, length);
    feed.input = (struct reader_input){room, size};
    do {
        struct reader_reply reply;
        reply.length = 0;
        verdict = reader_read(&feed.reader, &feed.input, &LIMITS, &reply);
        if (reply.length > sizeof feed.replies - feed.reply_length)
            ck_abort_msg("more replies than there is room for");
        memcpy(feed.replies + feed.reply_length, reply.bytes, reply.length);
        feed.reply_length += reply.length;
    } while (verdict == READING_REPLY);
    /* check writes to a file at each of its assertions, and this runs for every byte. */
    if (feed.reader.variables + feed.reader.body > feed.input.length ||
        (verdict == READING_BAD && !feed.reader.why))
        ck_abort_msg("the reader has lost its place, or doesn't say what is wrong");
    return verdict;
}

enum reading judge(size_t length)
{
    feed_open();
    return feed_more(made.data, length);
}

/* Feeds what was made up to SPLIT, then all of it. */
enum reading judge_split(size_t split)
{
    enum reading verdict = judge(split);
    return verdict == READING_MORE ? feed_more(made.data + split, made.length - split) : verdict;
}

/* Feeds it byte by byte; *AT is where a verdict other than MORE fell. */
enum reading judge_bytes(size_t *at)
{
    enum reading verdict = READING_MORE;
    feed_open();
    for (*at = 0; verdict == READING_MORE && *at < made.length; ++*at)
        verdict = feed_more(made.data + *at, 1);
    return verdict;
}

/* What was made gets this verdict at its end, however it is split. */
void expect_everywhere(enum reading wanted)
{
    ck_assert_int_eq(judge(made.length), wanted);
    for (size_t split = 0; split <= made.length; split++)
        ck_assert_msg(judge_split(split) == wanted, "split at %zu of %zu", split, made.length);
    size_t at;
    ck_assert_int_eq(judge_bytes(&at), wanted);
    if (wanted == READING_WHOLE)
        ck_assert_uint_eq(at, made.length);
}

/* What is left of the records is this. */
void check_request(const void *variables, size_t variables_length, const void *body,
                   size_t body_length)
{
    ck_assert_uint_eq(feed.reader.variables, variables_length);
    ck_assert_uint_eq(feed.reader.body, body_length);
    ck_assert_uint_eq(feed.input.length, variables_length + body_length);
    ck_assert_mem_eq(feed.input.bytes, variables, variables_length);
    ck_assert_mem_eq(feed.input.bytes + variables_length, body, body_length);
}

/* The records make this whole request, with these replies, however they are split. */
void expect_request(const char *variables, const char *body, const struct bytes *replies)
{
    for (size_t split = 0; split <= made.length; split++) {
        ck_assert_msg(judge_split(split) == READING_WHOLE, "split at %zu of %zu", split,
                      made.length);
        check_request(variables, strlen(variables), body, strlen(body));
        ck_assert_uint_eq(feed.reply_length, replies->length);
        ck_assert_mem_eq(feed.replies, replies->data, replies->length);
    }
}

void whole_request(unsigned padding)
{
    begin();
    record(PARAMS, VARIABLE, VARIABLE_LENGTH, padding);
    end_of(PARAMS);
    record(STDIN, "body", 4, padding);
    end_of(STDIN);
}
