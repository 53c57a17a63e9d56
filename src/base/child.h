/*
 * child.h - a process that becomes another program.
 *
 * What runs a program starts it here: the tool its functions, dime-lambda a bootstrap and unzip.
 * What they hand over differs; how they learn that the program can't be run doesn't.
 */
#ifndef DIME_BASE_CHILD_H
#define DIME_BASE_CHILD_H

#include <sys/types.h>

/* The lowest descriptor that the child keeps for itself; BECOME may give those below a meaning. */
enum { CHILD_FDS = 4 };

/*
 * Forks. In the child BECOME runs with WHAT, with no signal blocked, and SIGPIPE and SIGIO as
 * they are by default; it becomes the program, or returns with errno set. The kernel kills the
 * child when this process dies. Returns 0 with the child's number in PID, once it is the program;
 * or the number of an error, its own or the child's, and PID is 0 then.
 */
int child_start(pid_t *pid, void (*become)(const void *what), const void *what);

#endif
