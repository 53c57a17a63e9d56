/*
 * callers.h - turns a caller's exchange into a call, and sends the answer back.
 *
 * Lambda's API and function URLs share it.
 */
#ifndef DIME_EMULATOR_CALLERS_H
#define DIME_EMULATOR_CALLERS_H

#include "emulator/emulator.h"

/*
 * Whether each character is allowed in a header, in JSON and in an ARN alike: the caller's values
 * become headers of the Runtime API.
 */
bool emu_caller_is_plain(dime_text text);

/* A new call of this lambda, still without an event, whose answer the exchange waits for. NULL: out
 * of memory. */
struct emu_call *emu_caller_call(struct emu_exchange *exchange, struct emu_lambda *lambda);

/* Queues a call, or refuses it if the queue is full. */
void emu_caller_queue(struct emu_exchange *exchange, struct emu_call *call);

#endif
