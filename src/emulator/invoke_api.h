/*
 * invoke_api.h - Lambda's own API, as far as invoking goes: what curl and the AWS CLI ask.
 *
 * https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html says what is asked and answered.
 * Signatures aren't looked at: whoever can reach the port may invoke.
 */
#ifndef DIME_EMULATOR_INVOKE_API_H
#define DIME_EMULATOR_INVOKE_API_H

#include "emulator/emulator.h"

/* Answers what is asked of the endpoint that invocations come in at. */
void emu_invoke_route(struct emu_exchange *exchange);

/* How many bytes of an event are kept there. */
size_t emu_invoke_begin(struct emu_exchange *exchange);

#endif
