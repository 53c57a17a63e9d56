/*
 * status.h - what the commands of `dime` share: their exit statuses, and how they end.
 *
 * A script tells from the exit status whose fault it was, so no command has statuses of its own.
 * What is wrong with the arguments is said in one form by all of them.
 */
#ifndef DIME_TOOL_STATUS_H
#define DIME_TOOL_STATUS_H

enum command_status {
    STATUS_FINE = 0,
    STATUS_FAILED = 1, /* it was done in part: an answer couldn't be written, a queue failed */
    STATUS_USAGE = 2,  /* nothing was done: wrong arguments, or input that isn't there */
    STATUS_THEIRS = 4, /* the answer's status is 4xx */
    STATUS_OURS = 5,   /* 5xx */
};

/* The exit status of a command whose function has answered with this status of HTTP. */
static inline int status_of_answer(int status)
{
    return status < 400 ? STATUS_FINE : status < 500 ? STATUS_THEIRS : STATUS_OURS;
}

/*
 * Says on stderr what is wrong with the arguments of `dime`, WHICH of them where that isn't NULL,
 * and where to read more. Returns STATUS_USAGE.
 */
int status_misuse(const char *what, const char *which, const char *remedy);

/*
 * Writes out what stdio holds: it has to reach its reader, or the exit status says that it didn't.
 * Returns STATUS or STATUS_FAILED.
 */
int status_finish(int status);

#endif
