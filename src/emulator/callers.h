/*
 * callers.h - from the exchange of a caller to a call, and back.
 *
 * It's the same for Lambda's API and for a function URL.
 */
#ifndef DIME_EMULATOR_CALLERS_H
#define DIME_EMULATOR_CALLERS_H

#include "emulator/emulator.h"

/*
 * Whether each character may stand in a header, in JSON and in an ARN alike: what a caller gives
 * for headers of the Runtime API becomes lines of another protocol.
 */
bool emu_caller_is_plain(dime_text text);

/* A new call of this lambda that the exchange waits for, without its event; NULL: no memory. */
struct emu_call *emu_caller_call(struct emu_exchange *exchange, struct emu_lambda *lambda);

/* Queues a call, or refuses it where the queue is full. */
void emu_caller_queue(struct emu_exchange *exchange, struct emu_call *call);

#endif
