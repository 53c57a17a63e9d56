/*
 * calls.h - invocations on their way: from the queue to a process, and back with an answer.
 *
 * Whoever makes a call gives it a way to reply. Here it's seen to that each is answered once: by
 * the process that has it, or in its place when that ends, takes too long, or can't be started.
 */
#ifndef DIME_EMULATOR_CALLS_H
#define DIME_EMULATOR_CALLS_H

#include "emulator/emulator.h"

/* A new call of this lambda, which the caller of this fills in and queues; NULL: no memory. */
struct emu_call *emu_call_make(struct emu_lambda *lambda);

/* Frees a call that isn't queued and hasn't been handed over. */
void emu_call_free(struct emu_call *call);

/* Puts a call into the queue, which owns it from then on. False: the queue is full. */
bool emu_call_queue(struct emu_call *call);

/* Hands calls to the exchanges that wait for them, and starts processes for the others. */
void emu_calls_schedule(struct emu_lambda *lambda);

/* The call of this id that the environment has, NULL where it has none. */
struct emu_call *emu_call_find(const struct emu_environment *environment, dime_text id);

/* Answers a call with what its process said. ERROR is NULL, or what X-Amz-Function-Error says. */
void emu_call_finish(struct emu_call *call, dime_text answer, const char *error);

/* Writes the line that Lambda's log ends an invocation with; the call has its environment still. */
void emu_call_report(const struct emu_call *call, char room[EMU_REPORT_SIZE]);

/* Answers a call with an error of Lambda's own: a type such as Runtime.ExitError, and a message. */
void emu_call_fail(struct emu_call *call, const char *type, const char *message);

/* Ends what has run out of time. In how many milliseconds to look again; -1 for never. */
int emu_calls_expire(struct emu_lambda *lambda, int64_t now_ns);

/* Frees those that were to be tried again, and says how many these are. */
void emu_calls_forget_resting(struct emu_lambda *lambda);

/* What becomes of an environment's calls, and of one that it was started for, when it ends. */
void emu_calls_end(struct emu_environment *environment);

#endif
