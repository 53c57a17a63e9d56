/*
 * runtime.h - the Runtime API, which a bootstrap asks for its invocations.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html, version 2018-06-01; the statuses
 * and error types that it leaves open are those of AWS's own emulator.
 */
#ifndef DIME_EMULATOR_RUNTIME_H
#define DIME_EMULATOR_RUNTIME_H

#include "emulator/emulator.h"

/* Answers what is asked of an environment's Runtime API, the endpoint's owner. */
void emu_runtime_route(struct emu_exchange *exchange);

/*
 * How many bytes of a body are kept there: more where an answer is streamed. Has such an answer
 * passed on to its caller as it comes, if that is one who takes it so.
 */
size_t emu_runtime_begin(struct emu_exchange *exchange);

#endif
