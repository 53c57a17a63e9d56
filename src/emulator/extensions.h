/*
 * extensions.h - the Extensions API, as far as a bootstrap can use it.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html, version 2020-01-01. A
 * bootstrap that registers an extension of its own gets SIGTERM and some time before it's killed;
 * without one Lambda kills it at once.
 */
#ifndef DIME_EMULATOR_EXTENSIONS_H
#define DIME_EMULATOR_EXTENSIONS_H

#include "emulator/emulator.h"

/* Answers what is asked below /2020-01-01/extension/. */
void emu_extensions_route(struct emu_exchange *exchange, struct emu_environment *environment,
                          dime_text rest);

/* Tells the extensions that asked for it that this call has been handed over. */
void emu_extensions_invoke(struct emu_environment *environment, const struct emu_call *call);

/* Tells the extensions that asked for it that the environment ends. */
void emu_extensions_shut_down(struct emu_environment *environment);

/* Frees them; their exchanges have ended. */
void emu_extensions_free(struct emu_environment *environment);

#endif
