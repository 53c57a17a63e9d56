/*
 * http.h - HTTP for dime-lambda: endpoints that are asked, and exchanges that wait.
 *
 * libmicrohttpd speaks HTTP, since that isn't what dime is for. An endpoint is one of its daemons,
 * driven by our own loop through its epoll descriptor: one thread does everything, so nothing needs
 * a lock. An exchange is one request and its answer; it may wait as long as it likes, suspended,
 * until somebody replies to it. That is the long poll of a Runtime API.
 */
#ifndef DIME_EMULATOR_HTTP_H
#define DIME_EMULATOR_HTTP_H

#include <microhttpd.h>

#include "base/text.h"

/* Bytes that arrive in pieces. What is beyond the limit is counted and not kept. */
struct body {
    char *data; /* from malloc */
    size_t length, capacity;
    size_t total; /* bytes that arrived */
    bool failed;  /* there was no memory for a piece */
};

struct exchange;

struct endpoint {
    struct MHD_Daemon *daemon;
    void (*route)(struct exchange *exchange);   /* replies, or lets the exchange wait */
    size_t (*begin)(struct exchange *exchange); /* the head is there: most bytes of its body */
    /* Replies with an error, in the form that is usual there. */
    void (*refuse)(struct exchange *exchange, unsigned status, const char *type,
                   const char *message);
    const char *const *allowed; /* further hosts, NULL at the end: see emulator_guard.c */
    void *owner;
    struct exchange *exchanges;
    bool resumed;      /* an exchange was woken, which its daemon sees when it runs next */
    unsigned activity; /* goes up with whatever happens: tells when nothing more does */
};

struct exchange {
    struct endpoint *endpoint;
    struct MHD_Connection *connection;
    struct exchange *before, *after;
    char *uri; /* as it came, with its query */
    const char *method;
    struct body body;
    size_t limit;
    bool begun, waiting;
    unsigned status;
    struct MHD_Response *response;
    struct exchange *next;              /* among those that wait for the same thing */
    struct MHD_Response *held;          /* an answer that isn't complete yet */
    size_t held_from;                   /* where the log begins that it waits for */
    char held_id[40], held_report[320]; /* what that is of, and how it ends */
    struct flow *flow;                  /* an answer that is sent while it's written */
    struct call *call; /* the invocation that it waits for, carries to a runtime, or streams from */
    void (*arrived)(struct exchange *exchange); /* more of the body is there; NULL as below */
    void (*ended)(struct exchange *exchange, bool sent); /* NULL: nobody wants to know */
};

/* Adds a piece, and keeps at most LIMIT bytes of all. */
void body_add(struct body *body, const char *data, size_t size, size_t limit);

/* The bytes that were kept. */
dime_text body_text(const struct body *body);

/* Frees the bytes; the body is empty then. */
void body_free(struct body *body);

/*
 * Serves what is asked of a socket that listens, whose owner the endpoint is from then on. A
 * connection on which nothing moves for TIMEOUT seconds is closed, 0 is never. False: no memory.
 */
bool endpoint_open(struct endpoint *endpoint, int listener, unsigned timeout);

/* Readable when endpoint_run has something to do. */
int endpoint_fd(const struct endpoint *endpoint);

/* Does what can be done without waiting. */
void endpoint_run(struct endpoint *endpoint);

/* In how many milliseconds it wants to run in any case; -1 for never. */
int endpoint_timeout(const struct endpoint *endpoint);

/* Ends all exchanges, and closes the socket. */
void endpoint_close(struct endpoint *endpoint);

/* A header of the request, NULL where there is none. It lasts as long as the exchange. */
const char *exchange_header(const struct exchange *exchange, const char *name);

/* The same among the trailers of a request in chunks. */
const char *exchange_trailer(const struct exchange *exchange, const char *name);

/* Whether the peer has gone while the exchange waits, which nobody else looks for. */
bool exchange_is_gone(const struct exchange *exchange);

/* Answers, and wakes an exchange that waits. RESPONSE is taken over; NULL closes the connection. */
void exchange_reply(struct exchange *exchange, unsigned status, struct MHD_Response *response);

/* A response with a copy of BODY; NULL where there is no memory. */
struct MHD_Response *reply_make(dime_text body, const char *content_type);

/* The same, sent in chunks. */
struct MHD_Response *reply_make_chunked(dime_text body, const char *content_type);

/* Adds a header, unless its value is NULL or empty. */
void reply_header(struct MHD_Response *response, const char *name, const char *value);

#endif
