/*
 * runtime_api.h - the calls of the Lambda Runtime API (version 2018-06-01).
 *
 * Each worker has one of these: its connection, and the room that events are read into, are its
 * own. What a status means for the loop is decided here, by AWS's page "Using the Lambda runtime
 * API for custom runtimes"; the loop knows four outcomes.
 */
#ifndef DIME_HOSTS_LAMBDA_RUNTIME_API_H
#define DIME_HOSTS_LAMBDA_RUNTIME_API_H

#include "request/log.h"
#include "hosts/lambda/runtime_link.h"
#include "hosts/lambda/runtime_text.h"

enum runtime_outcome {
    RUNTIME_DONE,       /* go on */
    RUNTIME_INCOMPLETE, /* of next: an invocation has begun, but its event didn't arrive whole */
    RUNTIME_STOPPED,    /* the program is to end */
    RUNTIME_BROKEN,     /* the API is of no use any more: a line in the log says why */
};

/* What is posted. */
struct runtime_post {
    dime_text id; /* of the invocation; empty: it isn't about one */
    const char *call;
    dime_text body;         /* must last until the post has ended */
    const char *error_type; /* NULL: it's no error */
    bool streaming;         /* the body comes in pieces, and `body` is the first of them */
};

struct runtime_api {
    struct runtime_link link;
    const char *address;
    struct log_subject subject; /* for the log; next sets its ids */

    /* The invocation. It lasts until the next one is asked for. */
    struct runtime_head head;
    char *event;
    size_t event_length, event_room;
    int event_status;  /* 0; 413 for an event that was too long, 503 where memory runs out */
    long receive_room; /* libcurl's own */

    /* The post. */
    struct runtime_post post;
    struct curl_slist lines[2]; /* of its head, before those that are always the same */
    char error_line[128], invocation_line[1024];
    char path[3 * RUNTIME_ID_MAX + 128];
    CURL *stream;    /* posts a streamed answer; NULL: there is none, or no memory for it */
    dime_text piece; /* of it: what hasn't been sent */
    bool paused;     /* libcurl waits for a piece */
    bool whole;      /* there are no more pieces */
    char trailer_type[160], trailer_body[2048]; /* empty: it has succeeded */
    size_t reply_length;
    char reply[256]; /* the start of what the API says to it */
};

/*
 * Prepares the calls; opens no connection yet. ADDRESS is HOST:PORT, FUNCTION a name for the log;
 * both must outlast it. STOP can be read from when the program is to end. False: there is no
 * memory. To be closed in both cases.
 */
bool runtime_api_open(struct runtime_api *api, const char *address, const char *function, int stop);

/* Closes the connection and frees the room. */
void runtime_api_close(struct runtime_api *api);

/*
 * Waits for an invocation, as long as it takes, and reads it. Where the kept connection turns out
 * to be dead it asks once more on a new one; else it never asks twice.
 */
enum runtime_outcome runtime_api_next(struct runtime_api *api);

/* Sends the answer to the invocation as far as can be done at once. ANSWER must last to the end. */
void runtime_api_answer(struct runtime_api *api, dime_text answer);

/*
 * Waits until the answer has been taken. What the API refuses is logged and over: only a connection
 * that was reset before the answer was read makes this send it again, at most twice.
 */
enum runtime_outcome runtime_api_answered(struct runtime_api *api);

/* Reports that the invocation has failed; TYPE as runtime_put_error has it. */
enum runtime_outcome runtime_api_fail(struct runtime_api *api, const char *message,
                                      const char *type);

/* Reports that the function couldn't be started. The program is to end then. */
void runtime_api_fail_start(struct runtime_api *api, const char *message, const char *type);

/* Begins to stream an answer whose first piece is this. PIECE may go when this returns. */
void runtime_api_stream(struct runtime_api *api, dime_text piece);

/* Streams another piece, and returns when it has been sent; or dropped, if nobody takes it. */
void runtime_api_stream_more(struct runtime_api *api, dime_text piece);

/*
 * Says that there are no more pieces; runtime_api_answered waits for what the API says to them.
 * FAULT, if not NULL, tells that the answer has broken off, and why.
 */
void runtime_api_stream_end(struct runtime_api *api, const dime_text *fault);

#endif
