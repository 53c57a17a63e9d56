/*
 * log.h - one JSON line per request, and the few lines that a program says of itself.
 *
 * Lines go to fd 2, whole lines per write(2) and at most PIPE_BUF bytes of them, so that those of
 * several workers never mix. A worker gathers the lines of what it answers in one go, so that under
 * load several cost one system call.
 */
#ifndef DIME_REQUEST_LOG_H
#define DIME_REQUEST_LOG_H

#include <limits.h>

#include "request/response.h"

enum log_level { LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR, LOG_LEVEL_NONE };

/*
 * Lines below this level aren't written from now on, of any thread; LOG_LEVEL_NONE writes none. To
 * be called before there are threads.
 */
void log_least(enum log_level level);

/* Lines that wait to be written. One per worker; zero is empty. */
struct log {
    size_t length;
    char lines[PIPE_BUF];
};

/* What is known of a request when it has been answered. */
struct log_entry {
    const char *function;
    dime_text host; /* cgi, fastcgi, lambda, ... */
    const struct request *request;
    const struct response *response;
    int64_t duration_ns;
    size_t bytes_in, bytes_out;
    dime_text tenant; /* whom the host serves with it; empty: it doesn't tell tenants apart */
};

/* Whom a line is about that isn't of a request's end. Empty texts are left out. */
struct log_subject {
    const char *function;
    dime_text request_id;
    dime_text tenant;
};

/* Adds the line of one request, and writes the waiting ones first where there's no room for it. */
void log_request(struct log *log, const struct log_entry *entry);

/*
 * Writes the waiting lines if fd 2 takes them at once. Else they are lost, and counted: the next
 * line of the process that is taken has one before it that says how many.
 */
void log_flush(struct log *log);

/*
 * Passes on to fd 2 what another program has written for its log, as it stands. What fd 2 doesn't
 * take at once is lost.
 */
void log_pass_on(dime_text bytes);

/*
 * Writes a line of the program itself at once, with errno's text behind it where ERROR is not 0.
 * It's lost in the same way.
 */
void log_say(enum log_level level, const char *function, int error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same with more to say of whom it's about. */
void log_say_of(enum log_level level, const struct log_subject *subject, int error,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The time, of the years 1970 to 9999, as RFC 3339 in UTC: 24 bytes and a NUL. */
void log_timestamp(int64_t milliseconds, char room[25]);

#endif
