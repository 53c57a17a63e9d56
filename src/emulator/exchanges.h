/*
 * exchanges.h - requests to dime-lambda, and their answers.
 *
 * libmicrohttpd implements HTTP, which isn't dime's task. An endpoint is one of its daemons
 * (endpoint.h). An exchange is a request and its answer. It may be suspended for any time until the
 * answer is there: that is how a Runtime API's long poll works.
 */
#ifndef DIME_EMULATOR_EXCHANGES_H
#define DIME_EMULATOR_EXCHANGES_H

#include <microhttpd.h>

#include "emulator/bodies.h"

struct emu_exchange;

struct emu_endpoint {
    struct MHD_Daemon *daemon;
    void (*route)(struct emu_exchange *exchange);   /* replies, or suspends the exchange */
    size_t (*begin)(struct emu_exchange *exchange); /* for the head: most bytes of a body */
    /* Replies with an error in the form of this endpoint. */
    void (*refuse)(struct emu_exchange *exchange, unsigned status, const char *type,
                   const char *message);
    const char *const *allowed; /* further hosts, ended by NULL: see guard.c */
    void *owner;
    struct emu_exchange *exchanges;
    bool resumed;      /* an exchange was resumed, which its daemon notices when it next runs */
    unsigned activity; /* counts events, to notice when no more occur */
};

struct emu_exchange {
    struct emu_endpoint *endpoint;
    struct MHD_Connection *connection;
    struct emu_exchange *before, *after;
    char *uri; /* not decoded, with its query */
    const char *method;
    struct emu_body body;
    size_t limit;
    bool begun, waiting;
    unsigned status;
    struct MHD_Response *response;
    struct emu_exchange *next;          /* in a list of those that wait for the same thing */
    struct MHD_Response *held;          /* an answer that isn't complete yet */
    size_t held_from;                   /* where the log that it waits for begins */
    char held_id[40], held_report[320]; /* the call's id, and the end of its log */
    struct emu_flow *flow;              /* an answer that is sent while it's being written */
    struct emu_call
        *call; /* the invocation that it waits for, carries to a runtime, or streams from */
    void (*arrived)(struct emu_exchange *exchange); /* for more of the body; NULL as below */
    void (*ended)(struct emu_exchange *exchange, bool sent); /* NULL: not needed */
};

/* The media type of nearly all answers. */
extern const char EMU_JSON[];

/* A header of the request; NULL: there is none. It lasts as long as the exchange. */
const char *emu_exchange_header(const struct emu_exchange *exchange, const char *name);

/* The same for the trailers of a chunked request. */
const char *emu_exchange_trailer(const struct emu_exchange *exchange, const char *name);

/* Whether the peer has closed the connection while the exchange is suspended. */
bool emu_exchange_is_gone(const struct emu_exchange *exchange);

/* Answers, and resumes a suspended exchange. Takes ownership of RESPONSE; NULL closes the
 * connection. */
void emu_exchange_reply(struct emu_exchange *exchange, unsigned status,
                        struct MHD_Response *response);

/* A response with a copy of BODY. NULL: out of memory. */
struct MHD_Response *emu_reply_make(dime_text body, const char *content_type);

/* Adds a header, unless its value is NULL or empty. */
void emu_reply_header(struct MHD_Response *response, const char *name, const char *value);

#endif
