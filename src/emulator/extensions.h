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

/* Answers requests below /2020-01-01/extension/. */
void emu_extensions_route(struct emu_exchange *exchange, struct emu_environment *environment,
                          dime_text rest);

/* Sends INVOKE to the extensions that registered for it: a process has got this call. */
void emu_extensions_invoke(struct emu_environment *environment, const struct emu_call *call);

/* Sends SHUTDOWN to the extensions that registered for it: the environment ends. */
void emu_extensions_shut_down(struct emu_environment *environment);

/* Frees them; their exchanges must have ended. */
void emu_extensions_free(struct emu_environment *environment);

#endif
