/*
 * probe.c - a function for the tests of the Lambda host: it does on request what others do rarely.
 *
 * It streams an answer of any size in pieces and breaks off in the middle, takes its time, waits
 * for others like it, tells what it was handed besides its fields, and fails to open. What it says
 * when it's closed shows that it was; each call that it closes has a line in the file PROBE_ENDS.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "request/call.h"

struct probe {
    int64_t pieces, bytes, wait, meet;
    bool fault;
};

static const dime_field FIELDS[] = {
    DIME_INTEGER(struct probe, pieces, .max = 100000, .help = "how many to flush"),
    DIME_INTEGER(struct probe, bytes, .max = 8000000, .help = "of each piece"),
    DIME_INTEGER(struct probe, wait, .max = 10000, .help = "milliseconds before each"),
    DIME_INTEGER(struct probe, meet, .max = 100, .help = "how many to wait for at once"),
    DIME_BOOLEAN(struct probe, fault, .help = "end with a problem"),
};

/* The number that a variable holds; OTHERWISE where it holds none. */
static int64_t number_of(const char *name, int64_t otherwise)
{
    int64_t number;
    return text_to_int64(text_of(getenv(name)), &number) ? number : otherwise;
}

/* Opens but for the attempts before PROBE_OPENS, and from PROBE_FAILS on. */
static bool open_probe(dime_call *call, void **state)
{
    static atomic_int attempts;
    int attempt = atomic_fetch_add(&attempts, 1) + 1;
    const char *why = getenv("PROBE_WHY");
    if (why)
        dime_problem(call, 503, "%s", why);
    *state = &attempts;
    return attempt >= number_of("PROBE_OPENS", 1) && attempt < number_of("PROBE_FAILS", INT64_MAX);
}

static _Thread_local bool closed; /* the worker's state */

static void close_probe(void *state)
{
    static const char LINE[] = "probe closed\n";
    (void)state;
    closed = true;
    if (write(STDERR_FILENO, LINE, sizeof LINE - 1) < 0)
        _exit(9);
}

static void write_json(dime_call *call, const char *before, dime_text value)
{
    struct buffer json;
    buffer_open(&json, call->request->arena, 1 << 20);
    buffer_json(&json, value);
    dime_write(call, text_of(before));
    dime_write(call, buffer_text(&json));
}

static void write_facts(dime_call *call)
{
    dime_write_format(call, "\",\"deadline\":%lld", (long long)dime_deadline_ms(call));
    write_json(call, ",\"arn\":", dime_header(call, "lambda-runtime-invoked-function-arn"));
    write_json(call, ",\"context\":", dime_header(call, "lambda-runtime-client-context"));
    write_json(call, ",\"identity\":", dime_header(call, "lambda-runtime-cognito-identity"));
    write_json(call, ",\"tenant\":", dime_header(call, "lambda-runtime-aws-tenant-id"));
    write_json(call, ",\"client\":", dime_client_address(call));
    write_json(call, ",\"trace\":", text_of(getenv("_X_AMZN_TRACE_ID")));
    dime_write(call, TEXT("}"));
}

static void wait_for(int64_t milliseconds)
{
    struct timespec time = clock_timespec(milliseconds * 1000000);
    while (nanosleep(&time, &time) != 0 && errno == EINTR) {
    }
}

/* Waits until so many requests are in here at once; false if they don't come. */
static bool meet(int64_t count)
{
    static atomic_int here;
    atomic_fetch_add(&here, 1);
    for (int waited = 0; atomic_load(&here) < count && waited < 20000; waited++)
        wait_for(1);
    return atomic_load(&here) >= count;
}

/* How far a streamed answer has come. */
struct progress {
    const struct probe *probe;
    int64_t piece;
    pthread_t thread;
};

/* Notes that a call has ended, and whether it did so where and when it should. */
static void end_call(void *cursor)
{
    const struct progress *progress = cursor;
    const char *path = getenv("PROBE_ENDS");
    if (!path)
        return;
    int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    bool here = pthread_equal(progress->thread, pthread_self());
    if (dprintf(file, "ended%s%s\n", here ? "" : " elsewhere", closed ? " too late" : "") < 0)
        _exit(9);
    close(file);
}

static bool next(dime_call *call, void *cursor)
{
    struct progress *progress = cursor;
    const struct probe *probe = progress->probe;
    if (progress->piece == 0)
        dime_write(call, TEXT("{\"data\":\""));
    if (progress->piece < probe->pieces) {
        wait_for(probe->wait);
        for (int64_t i = 0; i < probe->bytes; i++)
            dime_write(call, (dime_text){&"0123456789"[(progress->piece + i) % 10], 1});
        progress->piece++;
        return true;
    }
    write_facts(call);
    if (probe->fault)
        dime_problem(call, 502, "The probe broke off, caf\xC3\xA9 \xE2\x98\x95.");
    return false;
}

static void handle(dime_call *call, const void *input)
{
    const struct probe *probe = input;
    struct progress *progress = dime_alloc_with_close(call, sizeof *progress, end_call);
    if (!progress)
        return;
    *progress = (struct progress){.probe = probe, .thread = pthread_self()};
    if (dime_given(call, &probe->meet) && !meet(probe->meet))
        dime_problem(call, 500, "The others didn't come.");
    else
        dime_answer_stream(call, 200, "application/json", next, progress);
}

DIME_FUNCTION(probe, .summary = "Does what tests ask for", .body_max = 1024 * 1024,
              DIME_INPUT(struct probe, FIELDS), .open = open_probe, .close = close_probe,
              .handle = handle);
