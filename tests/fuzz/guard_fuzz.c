/*
 * guard_fuzz.c - feeds the guard bytes in random pieces, and libfcgi what it has let pass.
 *
 * The first byte of the input says how long the pieces are. Judged in pieces or in one go, the
 * verdict must be the same, and the guard's own counts must stay within their bounds. A request
 * that's called whole or long goes to libfcgi from a file: it must parse it, which is all that the
 * guard is there for.
 */
#include <fcgiapp.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hosts/fastcgi/guard.h"

enum { BODY_MAX = 200 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
    if (!holds)
        abort();
}

/* What a connection keeps: the request so far in a room of its very length. */
struct feed {
    struct guard guard;
    struct guard_input input;
};

/* Judges what was there with LENGTH bytes more. */
static enum guard_verdict judge(struct feed *feed, const uint8_t *data, size_t length)
{
    static const struct guard_limits LIMITS = {.body_max = BODY_MAX, .connections = 1};
    enum guard_verdict verdict;
    size_t size = feed->input.length + length;
    char *room = malloc(size ? size : 1);
    must(room != NULL);
    if (feed->input.length)
        memcpy(room, feed->input.bytes, feed->input.length);
    if (length)
        memcpy(room + feed->input.length, data, length);
    free(feed->input.bytes);
    feed->input = (struct guard_input){room, size};
    do {
        struct guard_reply reply = {.length = 0};
        verdict = guard_judge(&feed->guard, &feed->input, &LIMITS, &reply);
        must(verdict != GUARD_REPLY || reply.length);
    } while (verdict == GUARD_REPLY);
    const struct guard *guard = &feed->guard;
    must(guard->at <= feed->input.length && guard->which >= 0 && guard->which <= 2);
    must(guard->length_bytes >= 0 && guard->length_bytes <= 3);
    return verdict;
}

/* libfcgi reads the request to its end, and neither waits nor fails. */
static void parse(const char *data, size_t length, enum guard_verdict verdict)
{
    static FCGX_Request request;
    static int file = -1, null;
    static char body[BODY_MAX + 1];
    if (file < 0) {
        file = memfd_create("request", 0);
        null = open("/dev/null", O_WRONLY);
        must(FCGX_Init() == 0 && FCGX_InitRequest(&request, -1, 0) == 0);
    }
    must(ftruncate(file, 0) == 0 && pwrite(file, data, length, 0) == (ssize_t)length);
    must(lseek(file, 0, SEEK_SET) == 0);
    request.ipcFd = file;
    request.keepConnection = 1;
    must(FCGX_Accept_r(&request) == 0);
    int got = FCGX_GetStr(body, sizeof body, request.in);
    must(verdict == GUARD_LONG ? got == BODY_MAX + 1 : got <= BODY_MAX);
    must(verdict == GUARD_LONG || FCGX_HasSeenEOF(request.in) == EOF);
    request.ipcFd = null;
    request.keepConnection = 1;
    FCGX_Finish_r(&request);
    request.ipcFd = -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const size_t step = 1 + data[0] % 64, length = size - 1;
    struct feed whole = {.input = {.bytes = NULL}}, pieces = whole;
    const enum guard_verdict verdict = judge(&whole, data + 1, length);
    enum guard_verdict now = GUARD_MORE;
    for (size_t at = 0, more; now == GUARD_MORE && at < length; at += more) {
        more = at + step < length ? step : length - at;
        now = judge(&pieces, data + 1 + at, more);
        /* In pieces a request may be whole before what lies behind it has come. */
        must(now == GUARD_MORE || now == verdict || (now == GUARD_WHOLE && at + more < length));
        must(now != GUARD_MORE || at + more < length || verdict == GUARD_MORE);
    }
    if (now == GUARD_WHOLE || now == GUARD_LONG)
        parse(pieces.input.bytes, pieces.guard.at, now);
    if (verdict == GUARD_WHOLE || verdict == GUARD_LONG)
        parse(whole.input.bytes, whole.guard.at, verdict);
    free(whole.input.bytes);
    free(pieces.input.bytes);
    return 0;
}
