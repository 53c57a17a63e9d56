/*
 * note.h - what the functions of the tests of queues and folders have in common: their settings,
 * and that they note what they were handed.
 *
 * What one has done it appends to the file that PROBE_FILE names, in one write: a process that is
 * killed leaves a whole line or none. PROBE_WAIT is how many milliseconds each request takes.
 */
#ifndef DIME_TESTS_QUEUE_NOTE_H
#define DIME_TESTS_QUEUE_NOTE_H

#include <dime.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* The number that a variable holds; 0: none. */
static inline int64_t note_setting(const char *name)
{
    const char *value = getenv(name);
    return value ? strtoll(value, NULL, 10) : 0;
}

/* Opens the file; PROBE_WHY is why that can't be done. */
static inline bool note_open(dime_call *call, void **state)
{
    static int file = -1;
    const char *path = getenv("PROBE_FILE"), *why = getenv("PROBE_WHY");
    if (file < 0)
        file = open(path ? path : "/dev/null", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    *state = &file;
    if (why)
        dime_problem(call, 503, "%s", why);
    return !why && file >= 0;
}

/* Waits for as long as a request is to take, and MORE milliseconds. */
static inline void note_wait(int64_t more)
{
    int64_t wait = note_setting("PROBE_WAIT") + more;
    const struct timespec pause = {.tv_sec = wait / 1000, .tv_nsec = wait % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

/* Notes a number, what the call came by, and a text. */
static inline void note_call(dime_call *call, int64_t number, dime_text text)
{
    dime_text line =
        dime_format(call, "%lld %d %.*s\n", (long long)number, dime_source(call), DIME_ARG(text));
    if (write(*(int *)dime_state(call), line.data, line.length) != (ssize_t)line.length)
        _exit(9);
}

#endif
