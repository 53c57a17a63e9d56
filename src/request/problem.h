/*
 * problem.h - problem details (RFC 9457), the answer to every failure. Because all failures have
 * one form, a client needs only one way to read them.
 */
#ifndef DIME_REQUEST_PROBLEM_H
#define DIME_REQUEST_PROBLEM_H

#include "request/response.h"

/* What the problems of one type have in common. */
struct problem {
    int status;
    const char *uri;   /* its `type`, which never changes */
    const char *title; /* the same words for every problem of this type */
};

/* dime's own type for a status; NULL if there is none. Static. */
const struct problem *problem_of(int status);

/* The title of the problem in the response: its type's title, or the status's phrase. */
const char *problem_title(const struct response *response);

/* The sentence that says what to do: the problem's own, or one about its field errors. */
dime_text problem_detail(const struct response *response);

/* Writes the problem document into the response's body. INSTANCE is the request's id. */
void problem_write_json(struct response *response, dime_text instance);

#endif
