/*
 * exchanges.h - requests that come to dime-lambda, and what they are answered with.
 *
 * libmicrohttpd speaks HTTP, since that isn't what dime is for. An endpoint is one of its daemons
 * (endpoint.h). An exchange is one request and its answer; it may wait as long as it likes,
 * suspended, until somebody replies to it. That is the long poll of a Runtime API.
 */
#ifndef DIME_EMULATOR_EXCHANGES_H
#define DIME_EMULATOR_EXCHANGES_H

#include <microhttpd.h>

#include "emulator/bodies.h"

struct emu_exchange;

struct emu_endpoint {
    struct MHD_Daemon *daemon;
    void (*route)(struct emu_exchange *exchange);   /* replies, or lets the exchange wait */
    size_t (*begin)(struct emu_exchange *exchange); /* the head is there: most bytes of its body */
    /* Replies with an error, in the form that is usual there. */
    void (*refuse)(struct emu_exchange *exchange, unsigned status, const char *type,
                   const char *message);
    const char *const *allowed; /* further hosts, NULL at the end: see guard.c */
    void *owner;
    struct emu_exchange *exchanges;
    bool resumed;      /* an exchange was woken, which its daemon sees when it runs next */
    unsigned activity; /* goes up with whatever happens: tells when nothing more does */
};

struct emu_exchange {
    struct emu_endpoint *endpoint;
    struct MHD_Connection *connection;
    struct emu_exchange *before, *after;
    char *uri; /* as it came, with its query */
    const char *method;
    struct emu_body body;
    size_t limit;
    bool begun, waiting;
    unsigned status;
    struct MHD_Response *response;
    struct emu_exchange *next;          /* among those that wait for the same thing */
    struct MHD_Response *held;          /* an answer that isn't complete yet */
    size_t held_from;                   /* where the log begins that it waits for */
    char held_id[40], held_report[320]; /* what that is of, and how it ends */
    struct emu_flow *flow;              /* an answer that is sent while it's written */
    struct emu_call
        *call; /* the invocation that it waits for, carries to a runtime, or streams from */
    void (*arrived)(struct emu_exchange *exchange); /* more of the body is there; NULL as below */
    void (*ended)(struct emu_exchange *exchange, bool sent); /* NULL: nobody wants to know */
};

/* The media type of nearly all that is said. */
extern const char EMU_JSON[];

/* A header of the request, NULL where there is none. It lasts as long as the exchange. */
const char *emu_exchange_header(const struct emu_exchange *exchange, const char *name);

/* The same among the trailers of a request in chunks. */
const char *emu_exchange_trailer(const struct emu_exchange *exchange, const char *name);

/* Whether the peer has gone while the exchange waits, which nobody else looks for. */
bool emu_exchange_is_gone(const struct emu_exchange *exchange);

/* Answers, and wakes an exchange that waits. RESPONSE is taken over; NULL closes the connection. */
void emu_exchange_reply(struct emu_exchange *exchange, unsigned status,
                        struct MHD_Response *response);

/* A response with a copy of BODY; NULL where there is no memory. */
struct MHD_Response *emu_reply_make(dime_text body, const char *content_type);

/* Adds a header, unless its value is NULL or empty. */
void emu_reply_header(struct MHD_Response *response, const char *name, const char *value);

#endif
