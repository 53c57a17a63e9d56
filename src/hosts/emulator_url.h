/*
 * emulator_url.h - a function URL: any request becomes an event, and its answer becomes HTTP again.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html has the shapes. A browser can
 * so open what the bootstrap answers, where one function is served.
 */
#ifndef DIME_HOSTS_EMULATOR_URL_H
#define DIME_HOSTS_EMULATOR_URL_H

#include "hosts/emulator.h"

/* Hands a request to the one function that is served. */
void url_route(struct exchange *exchange);

/* Writes the request as an event into the call; false: no memory, or it's too large as one. */
bool url_wrap(struct exchange *exchange, struct call *call);

#endif
