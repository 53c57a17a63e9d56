/*
 * child.c - a process that becomes another program.
 *
 * The child sends errno through a pipe that a successful exec closes. So the parent knows whether
 * the program runs, or why it doesn't, before it goes on. If the parent dies before the child has
 * asked the kernel for its death signal, the child sees that it has another parent already.
 */
#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXEC_FAILED = 127 };

/* In the child: the setup that every program needs. On false errno says why. */
static bool begin_child(pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGIO, SIG_DFL);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return false;
    errno = ESRCH;
    return getppid() == parent;
}

int child_start(pid_t *pid, void (*become)(const void *what), const void *what)
{
    int told[2], error = 0;
    pid_t parent = getpid();
    *pid = 0;
    if (pipe2(told, O_CLOEXEC) != 0)
        return errno;
    int high = fcntl(told[1], F_DUPFD_CLOEXEC, CHILD_FDS);
    pid_t child = high < 0 ? -1 : fork();
    if (child == 0) {
        if (begin_child(parent))
            become(what);
        error = errno;
        _exit(write(high, &error, sizeof error) == sizeof error ? EXEC_FAILED : EXEC_FAILED - 1);
    }
    if (child < 0)
        error = errno;
    close(told[1]);
    if (high >= 0)
        close(high);
    if (child > 0 && read(told[0], &error, sizeof error) == (ssize_t)sizeof error)
        waitpid(child, NULL, 0);
    close(told[0]);
    if (!error)
        *pid = child;
    return error;
}
