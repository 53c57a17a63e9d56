/*
 * status.h - what the commands of `dime` share: their exit statuses, and how they end.
 *
 * Scripts tell from the exit status who is at fault, so all commands share the same statuses. They
 * report wrong arguments in the same form too.
 */
#ifndef DIME_TOOL_STATUS_H
#define DIME_TOOL_STATUS_H

enum command_status {
    STATUS_FINE = 0,
    STATUS_FAILED = 1, /* partly done: an answer couldn't be written, or a queue failed */
    STATUS_USAGE = 2,  /* nothing was done: wrong arguments, or missing input */
    STATUS_THEIRS = 4, /* the answer's status is 4xx */
    STATUS_OURS = 5,   /* 5xx */
};

/* The exit status of a command whose function answered with this HTTP status. */
static inline int status_of_answer(int status)
{
    return status < 400 ? STATUS_FINE : status < 500 ? STATUS_THEIRS : STATUS_OURS;
}

/*
 * Prints to stderr what is wrong with the arguments of `dime`, the argument WHICH unless it's NULL,
 * and where to read more. Returns STATUS_USAGE.
 */
int status_misuse(const char *what, const char *which, const char *remedy);

/*
 * Flushes stdout. Returns STATUS; or STATUS_FAILED after printing an error, if the output couldn't
 * be written.
 */
int status_finish(int status);

#endif
