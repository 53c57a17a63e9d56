/*
 * function_url.h - a function URL: any request becomes an event, and its answer becomes HTTP again.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html has the shapes. A browser can
 * so open what the bootstrap answers, where one function is served.
 */
#ifndef DIME_EMULATOR_FUNCTION_URL_H
#define DIME_EMULATOR_FUNCTION_URL_H

#include "emulator/emulator.h"

/* Hands a request to the one function that is served. */
void emu_function_url_route(struct emu_exchange *exchange);

#endif
