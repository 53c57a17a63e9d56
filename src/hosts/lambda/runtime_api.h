/*
 * runtime_api.h - the calls of the Lambda Runtime API (version 2018-06-01).
 *
 * Each worker has its own struct, with its connection and its buffer for events. What a status
 * means for the loop is decided here, by AWS's page "Using the Lambda runtime API for custom
 * runtimes"; the loop knows four outcomes.
 */
#ifndef DIME_HOSTS_LAMBDA_RUNTIME_API_H
#define DIME_HOSTS_LAMBDA_RUNTIME_API_H

#include "request/log.h"
#include "hosts/lambda/runtime_link.h"
#include "hosts/lambda/runtime_text.h"

enum runtime_outcome {
    RUNTIME_DONE,       /* continue */
    RUNTIME_INCOMPLETE, /* of next: an invocation has begun, but its event didn't arrive whole */
    RUNTIME_STOPPED,    /* the program must end */
    RUNTIME_BROKEN,     /* the API can't be used any more, and the log says why */
};

/* A post. */
struct runtime_post {
    dime_text id; /* of the invocation; empty: the post isn't about one */
    const char *call;
    dime_text body;         /* must last until the post has ended */
    const char *error_type; /* NULL: not an error */
    bool streaming;         /* the body comes in pieces, and `body` is the first of them */
};

struct runtime_api {
    struct runtime_link link;
    const char *address;
    struct log_subject subject; /* for the log; next sets its ids */

    /* The invocation. It lasts until the next one is requested. */
    struct runtime_head head;
    char *event;
    size_t event_length, event_room;
    int event_status;  /* 0; 413: the event was too long; 503: out of memory */
    long receive_room; /* the size of libcurl's own buffer */

    /* The post. */
    struct runtime_post post;
    struct curl_slist lines[2]; /* of its head, before the constant ones */
    char error_line[128], invocation_line[1024];
    char path[3 * RUNTIME_ID_MAX + 128];
    CURL *stream;    /* posts a streamed answer; NULL: none, or out of memory */
    dime_text piece; /* of it: the unsent part */
    bool paused;     /* libcurl waits for a piece */
    bool whole;      /* there are no more pieces */
    char trailer_type[160], trailer_body[2048]; /* empty: it has succeeded */
    size_t reply_length;
    char reply[256]; /* the start of the API's response */
};

/*
 * Prepares the calls; opens no connection yet. ADDRESS is HOST:PORT, FUNCTION a name for the log;
 * both must outlast it. STOP becomes readable when the program must end. False: out of memory. The
 * caller closes it in both cases.
 */
bool runtime_api_open(struct runtime_api *api, const char *address, const char *function, int stop);

/* Closes the connection and frees the buffers. */
void runtime_api_close(struct runtime_api *api);

/*
 * Waits for an invocation, as long as it takes, and reads it. Retries once, on a new connection, if
 * the kept one turns out to be dead; otherwise never retries.
 */
enum runtime_outcome runtime_api_next(struct runtime_api *api);

/* Begins to send the answer, without blocking. ANSWER must last until runtime_api_answered. */
void runtime_api_answer(struct runtime_api *api, dime_text answer);

/*
 * Waits until the API has accepted the answer. A refusal is logged and not retried. The answer is
 * sent again, at most twice, only if the connection was reset before the API had read it.
 */
enum runtime_outcome runtime_api_answered(struct runtime_api *api);

/* Reports that the invocation has failed; TYPE as runtime_put_error has it. */
enum runtime_outcome runtime_api_fail(struct runtime_api *api, const char *message,
                                      const char *type);

/* Reports that the function couldn't be started. The program must end then. */
void runtime_api_fail_start(struct runtime_api *api, const char *message, const char *type);

/* Begins to stream an answer, of which PIECE is the first. PIECE may be freed afterwards. */
void runtime_api_stream(struct runtime_api *api, dime_text piece);

/* Streams another piece. Returns when it has been sent, or dropped since the API reads no more. */
void runtime_api_stream_more(struct runtime_api *api, dime_text piece);

/*
 * Ends a streamed answer; runtime_api_answered waits for the API's response. FAULT, if not NULL,
 * says why the answer is incomplete.
 */
void runtime_api_stream_end(struct runtime_api *api, const dime_text *fault);

#endif
