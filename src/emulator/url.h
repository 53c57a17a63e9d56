/*
 * url.h - a function URL: any request becomes an event, and its answer becomes HTTP again.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html has the shapes. A browser can
 * so open what the bootstrap answers, where one function is served.
 */
#ifndef DIME_EMULATOR_URL_H
#define DIME_EMULATOR_URL_H

#include "emulator/emulator.h"

/* Hands a request to the one function that is served. */
void url_route(struct exchange *exchange);

enum url_wrapped {
    URL_WRAPPED,
    URL_TOO_LARGE, /* as an event, or for our memory */
    URL_TOO_MANY,  /* parameters */
};

/* Writes the request as an event into the call. */
enum url_wrapped url_wrap(struct exchange *exchange, struct call *call);

#endif
