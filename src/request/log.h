/*
 * log.h - one JSON line per request, and a few lines about the program itself.
 *
 * Lines go to fd 2. Each write(2) has whole lines and at most PIPE_BUF bytes, so lines of several
 * workers never mix. A worker collects the lines of requests that it answers in one go, so under
 * load several lines cost one system call.
 */
#ifndef DIME_REQUEST_LOG_H
#define DIME_REQUEST_LOG_H

#include <limits.h>

#include "request/response.h"

enum log_level { LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR, LOG_LEVEL_NONE };

/*
 * From now on lines below this level aren't written; LOG_LEVEL_NONE writes none. Call this before
 * threads start.
 */
void log_least(enum log_level level);

/* Lines that wait to be written. Each worker has one; all zero is empty. */
struct log {
    size_t length;
    char lines[PIPE_BUF];
};

/* What is known about a request after it was answered. */
struct log_entry {
    const char *function;
    dime_text host; /* cgi, fastcgi, lambda, ... */
    const struct request *request;
    const struct response *response;
    int64_t duration_ns;
    size_t bytes_in, bytes_out;
    dime_text tenant; /* the tenant; empty if the host has no tenants */
};

/* What a line is about that isn't a request's final line. Empty texts are left out. */
struct log_subject {
    const char *function;
    dime_text request_id;
    dime_text tenant;
};

/* Adds the line of one request. If there is no room, the waiting lines are written first. */
void log_request(struct log *log, const struct log_entry *entry);

/*
 * Writes the waiting lines if fd 2 accepts them at once. Otherwise they are lost and counted: a
 * line before the next one that is accepted says how many.
 */
void log_flush(struct log *log);

/*
 * Copies another program's log output to fd 2 unchanged. What fd 2 doesn't accept at once is lost.
 */
void log_pass_on(dime_text bytes);

/*
 * Writes a line about the program itself at once, followed by the text of the errno value ERROR
 * unless that is 0. It can be lost in the same way.
 */
void log_say(enum log_level level, const char *function, int error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same, and says what the line is about. */
void log_say_of(enum log_level level, const struct log_subject *subject, int error,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Writes a time in the years 1970 to 9999 as RFC 3339 in UTC: 24 bytes and a NUL. */
void log_timestamp(int64_t milliseconds, char room[25]);

#endif
