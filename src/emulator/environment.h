/*
 * environment.h - a process of a lambda: how it starts, what it says, how it ends.
 *
 * It gets what Lambda gives and nothing of ours: its own variables, its folder, nothing on stdin,
 * and a Runtime API at a port that the kernel chooses. It dies with us, however that comes about.
 */
#ifndef DIME_EMULATOR_ENVIRONMENT_H
#define DIME_EMULATOR_ENVIRONMENT_H

#include "emulator/emulator.h"

/*
 * Starts a process and adds it to its lambda. Where that fails the environment is there all the
 * same, without a process and with the reason in `why`. False: no memory for it.
 */
bool emu_environment_start(struct emu_lambda *lambda);

/* Sends SIGTERM where an extension asked for it, as Lambda does, and SIGKILL in any case. */
void emu_environment_stop(struct emu_environment *environment);

/* Kills it at once, and says why to whoever waits for its answers. */
void emu_environment_kill(struct emu_environment *environment, const char *type, const char *why);

/*
 * Whether the process has ended, or never began. What is left of its group is ended then, what it
 * had still sent is read, and its status is taken: `why` and `type` say how it ended.
 */
bool emu_environment_has_ended(struct emu_environment *environment);

/* Frees one that has ended, whose endpoint is closed, and that is no lambda's any more. */
void emu_environment_free(struct emu_environment *environment);

/* The most memory that the process has used, in kB; 0 where that can't be told. */
long emu_environment_memory(const struct emu_environment *environment);

#endif
