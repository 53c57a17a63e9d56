/*
 * reader_fuzz.c - feeds the reader bytes in random pieces, and libfcgi what it has called whole.
 *
 * The first byte of the input says how long the pieces are. Read in pieces or in one go, what comes
 * of it must be the same. A request that's called whole or long is put into records again and goes
 * to libfcgi from a file: its parser must find the same variables and the same body.
 */
#include <fcgiapp.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hosts/fastcgi/reader.h"
#include "net/fastcgi_record.h"

enum { BODY_MAX = 200, CONTENT_MAX = 65528 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
    if (!holds)
        abort();
}

/* What a connection keeps: the request so far in a room of its very length. */
struct feed {
    struct reader reader;
    struct reader_input input;
};

/* Reads what was there with LENGTH bytes more. */
static enum reading read_more(struct feed *feed, const uint8_t *data, size_t length)
{
    static const struct reader_limits LIMITS = {.body_max = BODY_MAX, .connections = 1};
    enum reading reading;
    size_t size = feed->input.length + length;
    char *room = malloc(size ? size : 1);
    must(room != NULL);
    if (feed->input.length)
        memcpy(room, feed->input.bytes, feed->input.length);
    if (length)
        memcpy(room + feed->input.length, data, length);
    free(feed->input.bytes);
    feed->input = (struct reader_input){room, size};
    do {
        struct reader_reply reply = {.length = 0};
        reading = reader_read(&feed->reader, &feed->input, &LIMITS, &reply);
        must(reading != READING_REPLY || reply.length);
    } while (reading == READING_REPLY);
    const struct reader *reader = &feed->reader;
    must(reader->variables + reader->body <= feed->input.length);
    must(reader->checked <= reader->variables);
    return reading;
}

static void put_record(int file, unsigned type, const void *content, size_t length)
{
    const FCGI_Header header = record_header(type, 1, length);
    must(write(file, &header, sizeof header) == (ssize_t)sizeof header);
    must(write(file, content, length) == (ssize_t)length);
}

/* Writes the stream and its end. */
static void put_stream(int file, unsigned type, const char *data, size_t length)
{
    for (size_t piece; length; data += piece, length -= piece) {
        piece = length < CONTENT_MAX ? length : CONTENT_MAX;
        put_record(file, type, data, piece);
    }
    put_record(file, type, "", 0);
}

/* libfcgi joins name and value by an equals sign, in a string that ends where a NUL is. */
static void compare_variables(const struct feed *feed, char **found)
{
    dime_text left = {feed->input.bytes, feed->reader.variables}, name, value;
    for (; reader_variable(&left, &name, &value); found++) {
        char *joined = malloc(name.length + value.length + 2);
        must(joined != NULL && *found != NULL);
        memcpy(joined, name.data, name.length);
        joined[name.length] = '=';
        memcpy(joined + name.length + 1, value.data, value.length);
        joined[name.length + value.length + 1] = '\0';
        must(strcmp(joined, *found) == 0);
        free(joined);
    }
    must(left.length == 0 && *found == NULL);
}

static void compare(const struct feed *feed)
{
    static FCGX_Request request;
    static int file = -1, null;
    static char body[1 << 17];
    const FCGI_BeginRequestBody begin = {.roleB0 = FCGI_RESPONDER, .flags = FCGI_KEEP_CONN};
    const struct reader *reader = &feed->reader;
    if (file < 0) {
        file = memfd_create("request", 0);
        null = open("/dev/null", O_WRONLY);
        must(FCGX_Init() == 0 && FCGX_InitRequest(&request, -1, 0) == 0);
    }
    must(ftruncate(file, 0) == 0 && lseek(file, 0, SEEK_SET) == 0);
    put_record(file, FCGI_BEGIN_REQUEST, &begin, sizeof begin);
    put_stream(file, FCGI_PARAMS, feed->input.bytes, reader->variables);
    put_stream(file, FCGI_STDIN, feed->input.bytes + reader->variables, reader->body);
    must(lseek(file, 0, SEEK_SET) == 0);
    request.ipcFd = file;
    request.keepConnection = 1;
    must(FCGX_Accept_r(&request) == 0);
    compare_variables(feed, request.envp);
    must(FCGX_GetStr(body, sizeof body, request.in) == (int)reader->body);
    must(memcmp(body, feed->input.bytes + reader->variables, reader->body) == 0);
    request.ipcFd = null;
    request.keepConnection = 1;
    FCGX_Finish_r(&request);
    request.ipcFd = -1;
}

static void compare_if_whole(const struct feed *feed, enum reading reading)
{
    if (reading == READING_WHOLE || reading == READING_LONG)
        compare(feed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const size_t step = 1 + data[0] % 64, length = size - 1;
    struct feed whole = {.input = {.bytes = NULL}}, pieces = whole;
    const enum reading reading = read_more(&whole, data + 1, length);
    enum reading now = READING_MORE;
    for (size_t at = 0, more; now == READING_MORE && at < length; at += more) {
        more = at + step < length ? step : length - at;
        now = read_more(&pieces, data + 1 + at, more);
        /* In pieces a request may be whole before what lies behind it has come. */
        must(now == READING_MORE || now == reading || (now == READING_WHOLE && at + more < length));
        must(now != READING_MORE || at + more < length || reading == READING_MORE);
    }
    compare_if_whole(&pieces, now);
    compare_if_whole(&whole, reading);
    free(whole.input.bytes);
    free(pieces.input.bytes);
    return 0;
}
