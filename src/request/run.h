/*
 * run.h - what every host does between reading a request and sending its response. It is in one
 * place so that a function answers alike on all of them.
 */
#ifndef DIME_REQUEST_RUN_H
#define DIME_REQUEST_RUN_H

#include "request/call.h"

/* Why a host could not read a request; run_function says it in the form that the client wants. */
enum refusal {
    REFUSED_NOT,
    REFUSED_TOO_LARGE,  /* 413: the body is over the function's limit */
    REFUSED_BAD_LENGTH, /* 400: Content-Length isn't a number */
    REFUSED_SHORT,      /* 400: the body ended before, or went on after, its Content-Length */
    REFUSED_EVENT,      /* 400 or 422: what came isn't an event that holds a request */
};

/* What a host knows besides the request. */
struct incoming {
    dime_text path_info; /* what follows the function's name in the path */
    bool health;         /* only asks whether the function is alive */
    enum refusal refusal;
    const char *why;      /* of REFUSED_EVENT */
    int status;           /* of REFUSED_EVENT */
    const char *not_open; /* why the function's `open` failed, which is a 503; NULL: it didn't */
};

/*
 * Answers REQUEST with FUNCTION: the method, Accept, the fields, the function itself, and the form
 * of the answer. Afterwards the response is whole: status, headers and body. Where memory runs out
 * it is a 503 whose body needs none.
 */
void run_function(const dime_function *function, struct request *request,
                  const struct incoming *incoming, struct response *response);

/*
 * The same with a CALL that the host has opened and keeps. Where response->pulled is set an answer
 * that is a stream (response->next) has no body yet: run_next makes its pieces.
 */
void run_call(struct dime_call *call, const struct incoming *incoming);

/*
 * Makes the next piece of a stream the response's body; the one before it is gone. False: it was
 * the last one, or the stream has broken off, see run_broke.
 */
bool run_next(struct dime_call *call);

/* Gives back the memory of a piece that has been sent; for a host that waits before the next. */
void run_forget_piece(struct dime_call *call);

/* Whether a stream can't be ended: the function has said a problem, or there is no memory. */
bool run_broke(const struct dime_call *call);

/*
 * Adds the headers that every answer has. run_function does; it's for a response that goes out
 * before that, and may be done twice.
 */
void run_add_headers(const struct request *request, struct response *response);

/*
 * Puts the 503 that says that memory has run out in the place of a response that was whole, but
 * that the host has no memory to send. Takes none itself.
 */
void run_out_of_memory(const struct request *request, struct response *response);

#endif
