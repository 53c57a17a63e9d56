/*
 * runtime_api.h - the calls of the Lambda Runtime API (version 2018-06-01), over one connection
 * that is kept.
 *
 * Each worker has one of these: its connection, and the room that events are read into, are its
 * own. What a status means for the loop is decided here, by AWS's page "Using the Lambda runtime
 * API for custom runtimes"; the loop knows four outcomes. HTTP itself is libcurl's work.
 */
#ifndef DIME_HOSTS_RUNTIME_API_H
#define DIME_HOSTS_RUNTIME_API_H

#include <curl/curl.h>

#include "core/log.h"
#include "hosts/runtime_text.h"

/* Most bytes of an address: a host name and a port. */
enum { RUNTIME_ADDRESS_MAX = 255 };

enum runtime_outcome {
    RUNTIME_DONE,       /* go on */
    RUNTIME_INCOMPLETE, /* of next: an invocation has begun, but its event didn't arrive whole */
    RUNTIME_STOPPED,    /* the program is to end */
    RUNTIME_BROKEN,     /* the API is of no use any more: a line in the log says why */
};

struct runtime_api {
    const char *address;        /* HOST:PORT */
    int stop;                   /* a descriptor that can be read from when the program is to end */
    struct log_subject subject; /* for the log; its ids are set by next */
    CURLM *multi;
    CURL *next, *post;

    /* The invocation. It lasts until the next one is asked for. */
    struct runtime_head head;
    char *event;
    size_t event_length, event_room;
    int event_status; /* 0; 413 for an event that was too long, 503 where memory has ended */

    /* One call. */
    bool posting;
    bool sent;  /* a connection was there, and the request goes out */
    bool reset; /* the peer has closed it without having read all of the request */
    size_t reply_length;
    char reply[256]; /* the start of what the API says to an answer */
    char url[3 * RUNTIME_ID_MAX + RUNTIME_ADDRESS_MAX + 128];
};

/*
 * Prepares the calls; opens no connection yet. ADDRESS must outlast it. False: there is no memory.
 * To be closed in both cases.
 */
bool runtime_api_open(struct runtime_api *api, const char *address, const char *function, int stop);

/* Closes the connection and frees the room. */
void runtime_api_close(struct runtime_api *api);

/*
 * Waits for an invocation, as long as it takes, and reads it. Where the kept connection turns out
 * to be dead it asks once more on a new one; else it never asks twice.
 */
enum runtime_outcome runtime_api_next(struct runtime_api *api);

/*
 * Answers the invocation. What the API refuses is logged and over: only a connection that was reset
 * before it had read the answer makes this send it again, once.
 */
enum runtime_outcome runtime_api_answer(struct runtime_api *api, struct text answer);

/* Reports that the invocation has failed; TYPE as runtime_put_error has it. */
enum runtime_outcome runtime_api_fail(struct runtime_api *api, const char *message,
                                      const char *type);

/* Reports that the function couldn't be started. The program is to end then. */
void runtime_api_fail_start(struct runtime_api *api, const char *message, const char *type);

/* Whether the program is to end. */
bool runtime_api_stopping(const struct runtime_api *api);

#endif
