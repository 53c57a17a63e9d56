/*
 * runtime.h - the Runtime API, from which a bootstrap gets its invocations.
 *
 * See https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html, version 2018-06-01. Statuses
 * and error types that it doesn't specify are those of AWS's own emulator.
 */
#ifndef DIME_EMULATOR_RUNTIME_H
#define DIME_EMULATOR_RUNTIME_H

#include "emulator/emulator.h"

/* Answers a request to the Runtime API of an environment, which owns the endpoint. */
void emu_runtime_route(struct emu_exchange *exchange);

/*
 * The most bytes of a body: more for a streamed answer. Arranges that a streamed answer is passed
 * on as it arrives, if its caller accepts that.
 */
size_t emu_runtime_begin(struct emu_exchange *exchange);

#endif
