/*
 * function_url.h - a function URL: any request becomes an event, and its answer becomes HTTP again.
 *
 * See https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html for the formats. It exists
 * if one function is served, and lets a browser show the bootstrap's answers.
 */
#ifndef DIME_EMULATOR_FUNCTION_URL_H
#define DIME_EMULATOR_FUNCTION_URL_H

#include "emulator/emulator.h"

/* Passes a request to the only function. */
void emu_function_url_route(struct emu_exchange *exchange);

#endif
