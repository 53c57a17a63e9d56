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
bool environment_start(struct lambda *lambda);

/* Sends SIGTERM where an extension asked for it, as Lambda does, and SIGKILL in any case. */
void environment_stop(struct environment *environment);

/* Kills it at once, and says why to whoever waits for its answers. */
void environment_kill(struct environment *environment, const char *type, const char *why);

/* Passes on what it has written, as far as ours can be written. */
void environment_forward(struct environment *environment);

/* Takes the status of a process that has ended, and frees the environment then. */
void environment_reap(struct environment **link);

/* The most memory that the process has used, in kB; 0 where that can't be told. */
long environment_memory(const struct environment *environment);

/*
 * The last bytes of the log that an exchange waits for, in base64, from malloc: what the process
 * has written since then, between the lines that Lambda itself writes. NULL: no memory.
 */
char *environment_tail(struct environment *environment, const struct exchange *exchange);

/* The variables of a process, from malloc, as one block that the caller frees; NULL: no memory. */
char **environment_variables(const struct environment *environment);

#endif
