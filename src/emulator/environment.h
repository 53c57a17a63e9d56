/*
 * environment.h - a process of a lambda: its start, its output and its end.
 *
 * It gets what Lambda provides and nothing of ours: its own variables, its folder, an empty stdin,
 * and a Runtime API on a port that the kernel chooses. It dies when we die, whatever the cause.
 */
#ifndef DIME_EMULATOR_ENVIRONMENT_H
#define DIME_EMULATOR_ENVIRONMENT_H

#include "emulator/emulator.h"

/*
 * Starts a process and adds its environment to the lambda. If the start fails, the environment is
 * added all the same, without a process and with the reason in `why`. False: out of memory.
 */
bool emu_environment_start(struct emu_lambda *lambda);

/* Sends SIGTERM if an extension is registered, as Lambda does, and SIGKILL in any case. */
void emu_environment_stop(struct emu_environment *environment);

/* Kills it at once, and reports the reason to the callers that wait for its answers. */
void emu_environment_kill(struct emu_environment *environment, const char *type, const char *why);

/*
 * Whether the process has ended, or never started. If so, kills the rest of its group, reads what
 * it had sent, and reaps it: `why` and `type` say how it ended.
 */
bool emu_environment_has_ended(struct emu_environment *environment);

/* Frees one that has ended, after its endpoint was closed and it was removed from its lambda. */
void emu_environment_free(struct emu_environment *environment);

/* The peak memory of the process in kB; 0: unknown. */
long emu_environment_memory(const struct emu_environment *environment);

#endif
