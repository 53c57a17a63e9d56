/*
 * run.h - what every host does between reading a request and sending its response. It is in one
 * place, so a function answers in the same way on all hosts.
 */
#ifndef DIME_REQUEST_RUN_H
#define DIME_REQUEST_RUN_H

#include "request/call.h"

/* Why a host couldn't read a request. run_function reports it in the form that the client wants. */
enum refusal {
    REFUSED_NOT,
    REFUSED_TOO_LARGE,  /* 413: the body is over the function's limit */
    REFUSED_BAD_LENGTH, /* 400: Content-Length isn't a number */
    REFUSED_SHORT,      /* 400: the body ended before, or went on after, its Content-Length */
    REFUSED_EVENT,      /* 400 or 422: the event doesn't hold a request */
};

/* What a host knows beyond the request. */
struct incoming {
    dime_text path_info; /* what follows the function's name in the path */
    bool health;         /* only asks whether the function is alive */
    enum refusal refusal;
    const char *why;      /* of REFUSED_EVENT */
    int status;           /* of REFUSED_EVENT */
    const char *not_open; /* why the function's `open` failed, which is a 503; NULL: it didn't */
};

/*
 * Answers REQUEST with FUNCTION: checks the method and Accept, reads the fields, calls the handler,
 * and gives the answer its form. Afterwards the response is complete, with status, headers and
 * body. If memory runs out it is a 503 whose body needs no memory.
 */
void run_function(const dime_function *function, struct request *request,
                  const struct incoming *incoming, struct response *response);

/*
 * The same with a CALL that the host has opened and owns. If response->pulled is set, a stream
 * (response->next) has no body yet: run_next makes its pieces.
 */
void run_call(struct dime_call *call, const struct incoming *incoming);

/*
 * Makes the next piece of a stream and puts it into the response's body in place of the one before.
 * False: it was the last one, or the stream has broken off (see run_broke).
 */
bool run_next(struct dime_call *call);

/* Takes back the memory of a piece that was sent, for a host that waits before the next one. */
void run_forget_piece(struct dime_call *call);

/* Whether a stream has broken off: the function reported a problem, or memory ran out. */
bool run_broke(const struct dime_call *call);

/*
 * Adds the headers that every answer has. run_function does this itself; call it for a response
 * that is sent earlier. Calling it twice is harmless.
 */
void run_add_headers(const struct request *request, struct response *response);

/*
 * Replaces a complete response with the 503 for out of memory, if the host has no memory to send
 * it. This needs no memory.
 */
void run_out_of_memory(const struct request *request, struct response *response);

#endif
