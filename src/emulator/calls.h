/*
 * calls.h - calls: from the queue to a process, and back with an answer.
 *
 * A call has a function that replies to its caller. This code ensures that each call is answered
 * exactly once: by its process, or with an error if that ends, takes too long, or can't be started.
 */
#ifndef DIME_EMULATOR_CALLS_H
#define DIME_EMULATOR_CALLS_H

#include "emulator/emulator.h"

/* A new call of this lambda, to fill in and queue. NULL: out of memory. */
struct emu_call *emu_call_make(struct emu_lambda *lambda);

/* Frees a call that was neither queued nor given to a process. */
void emu_call_free(struct emu_call *call);

/* Puts a call into the queue, which then owns it. False: the queue is full. */
bool emu_call_queue(struct emu_call *call);

/* Gives calls to the exchanges that wait for them, and starts processes for the others. */
void emu_calls_schedule(struct emu_lambda *lambda);

/* The environment's call with this id; NULL: it has none. */
struct emu_call *emu_call_find(const struct emu_environment *environment, dime_text id);

/* Answers a call with its process's answer. ERROR is NULL, or the value of X-Amz-Function-Error. */
void emu_call_finish(struct emu_call *call, dime_text answer, const char *error);

/* Writes the REPORT line that ends an invocation in Lambda's log. The call must still have its
 * environment. */
void emu_call_report(const struct emu_call *call, char room[EMU_REPORT_SIZE]);

/* Answers a call with an error of Lambda's own: a type such as Runtime.ExitError, and a message. */
void emu_call_fail(struct emu_call *call, const char *type, const char *message);

/* Fails the calls that have timed out. Returns after how many ms to check again; -1: never. */
int emu_calls_expire(struct emu_lambda *lambda, int64_t now_ns);

/* Frees the calls that wait for a retry, and reports their number. */
void emu_calls_forget_resting(struct emu_lambda *lambda);

/* Fails the calls of an environment that ends, and the one that it was started for. */
void emu_calls_end(struct emu_environment *environment);

#endif
