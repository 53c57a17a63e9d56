/*
 * invoke_api.h - the part of Lambda's API that invokes functions, for curl and the AWS CLI.
 *
 * See https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html. Signatures aren't checked:
 * anyone who can reach the port may invoke.
 */
#ifndef DIME_EMULATOR_INVOKE_API_H
#define DIME_EMULATOR_INVOKE_API_H

#include "emulator/emulator.h"

/* Answers a request to the endpoint for invocations. */
void emu_invoke_route(struct emu_exchange *exchange);

/* The most bytes of an event. */
size_t emu_invoke_begin(struct emu_exchange *exchange);

#endif
