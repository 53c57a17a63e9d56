/*
 * child.h - a process that becomes another program.
 *
 * The tool starts functions here; dime-lambda starts a bootstrap and unzip. They hand over
 * different things, but learn in the same way that a program can't be run.
 */
#ifndef DIME_BASE_CHILD_H
#define DIME_BASE_CHILD_H

#include <sys/types.h>

/* The lowest descriptor that the child uses itself. BECOME may use those below. */
enum { CHILD_FDS = 4 };

/*
 * Forks. In the child it calls BECOME with WHAT. No signal is blocked then, and SIGPIPE and SIGIO
 * have their defaults. BECOME executes the program, or returns with errno set. The kernel kills the
 * child when this process dies. Returns 0 once the program runs, with its process id in PID.
 * Otherwise returns an errno value, its own or the child's, and PID is 0.
 */
int child_start(pid_t *pid, void (*become)(const void *what), const void *what);

#endif
