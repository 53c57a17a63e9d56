/*
 * command.h - what the commands of `dime` share: their exit statuses, and how they end.
 *
 * A script tells from the exit status whose fault it was, so no command has statuses of its own.
 * What is wrong with the arguments is said in one form by all of them.
 */
#ifndef DIME_TOOL_COMMAND_H
#define DIME_TOOL_COMMAND_H

#include "tool/ask/find.h"

enum command_status {
    STATUS_FINE = 0,
    STATUS_UNWRITTEN = 1, /* the answer couldn't be written */
    STATUS_USAGE = 2,     /* nothing was run: wrong arguments, or an event that isn't there */
    STATUS_THEIRS = 4,    /* the answer's status is 4xx */
    STATUS_OURS = 5,      /* 5xx */
};

/* The exit status of a command whose function has answered with this status of HTTP. */
static inline int command_status_of(int status)
{
    return status < 400 ? STATUS_FINE : status < 500 ? STATUS_THEIRS : STATUS_OURS;
}

/*
 * Says on stderr what is wrong with the arguments, WHICH of them where that isn't NULL, and where
 * to read more. Returns STATUS_USAGE.
 */
int command_misuse(const char *what, const char *which, const char *remedy);

/*
 * Writes out what stdio holds: it has to reach its reader, or the exit status says that it didn't.
 * Returns STATUS or STATUS_UNWRITTEN.
 */
int command_finish(int status);

/* `dime invoke` of the function that WORD named, with the WORDS behind it, NULL behind the last.
 * Returns its exit status. */
int command_invoke(const struct callee *callee, const char *word, char **words);

#endif
