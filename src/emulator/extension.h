/*
 * extension.h - the Extensions API, as far as a bootstrap can use it.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html, version 2020-01-01. A
 * bootstrap that registers an extension of its own gets SIGTERM and some time before it's killed;
 * without one Lambda kills it at once.
 */
#ifndef DIME_EMULATOR_EXTENSION_H
#define DIME_EMULATOR_EXTENSION_H

#include "emulator/emulator.h"

/* Answers what is asked below /2020-01-01/extension/. */
void extension_route(struct exchange *exchange, struct environment *environment, dime_text rest);

/* Tells the extensions that asked for it that this call has been handed over. */
void extensions_invoke(struct environment *environment, const struct call *call);

/* Tells the extensions that asked for it that the environment ends. */
void extensions_shut_down(struct environment *environment);

/* Frees them; their exchanges have ended. */
void extensions_free(struct environment *environment);

#endif
