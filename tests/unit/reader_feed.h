/*
 * reader_feed.h - records for the reader, and the verdict on them in one go and in pieces.
 *
 * What is made lies in `made`; setup() empties it. It's fed to the reader as a connection does, in
 * memory of its very length, and each reply is kept.
 */
#ifndef DIME_TESTS_UNIT_READER_FEED_H
#define DIME_TESTS_UNIT_READER_FEED_H

#include "hosts/fastcgi/reader.h"

enum { BODY_MAX = 1000, ROOM = 256 * 1024 };
enum { BEGIN = 1, ABORT = 2, PARAMS = 4, STDIN = 5, STDOUT = 6, DATA = 8, GET_VALUES = 9 };

struct bytes {
    size_t length;
    unsigned char data[ROOM];
};

/* What a connection does with the reader: the bytes in a room of their very length, the replies. */
struct feed {
    struct reader reader;
    struct reader_input input;
    size_t reply_length;
    char replies[ROOM];
};

/* A variable as it stands in PARAMS. */
static const char VARIABLE[] = "\x04\x05NAMEvalue";
enum { VARIABLE_LENGTH = sizeof VARIABLE - 1 };

extern struct bytes made;
extern unsigned version, id; /* of the records that are made next */
extern struct feed feed;

void setup(void);
void put(const void *data, size_t length);
void record(unsigned type, const void *content, size_t length, unsigned padding);
void begin_as(unsigned role);
void begin(void);
void end_of(unsigned type);
void feed_open(void);
enum reading feed_more(const void *data, size_t length);
enum reading judge(size_t length);
enum reading judge_split(size_t split);
enum reading judge_bytes(size_t *at);
void expect_everywhere(enum reading wanted);
void expect_request(const char *variables, const char *body, const struct bytes *replies);
void check_request(const void *variables, size_t variables_length, const void *body,
                   size_t body_length);
void whole_request(unsigned padding);

#endif
