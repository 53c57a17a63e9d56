/*
 * program.c - starts a program and ends it.
 *
 * The program's socket is bound in a new folder that only this user can enter, and its name is
 * removed before the program runs; the tool connects through a descriptor of the socket's inode.
 * So no file is left behind, whichever process is killed. Our own copy of the listening socket is
 * closed, so that a connection which the program hasn't accepted is closed when the program dies.
 *
 * The program leads a process group, so that it can be killed with all its children, and so that
 * Ctrl-C reaches only the tool, which lets it finish. If the tool dies first, the kernel kills it.
 */
#include "tool/ask/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"

enum {
    PROGRAM_BACKLOG = 16,
    WORDS_MAX = 4,
    STEP_NS = 500000, /* between checks whether it has ended */
    KILLED_MS = 5000, /* for a killed program to end */
};

void program_open(struct program *program, const char *path)
{
    *program = (struct program){.path = path, .address = -1};
}

/* The folder in which the socket briefly has a name. */
static const char *temporary_folder(void)
{
    const char *folder = getenv("TMPDIR");
    return folder && *folder == '/' ? folder : "/tmp";
}

/* Binds the socket to a name in FOLDER, opens that file, and removes the name. */
static int bind_for_a_moment(int listener, const char *folder)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int length = snprintf(name.sun_path, sizeof name.sun_path, "%s/s", folder), address = -1;
    if (length < 0 || (size_t)length >= sizeof name.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (bind(listener, (struct sockaddr *)&name, sizeof name) != 0)
        return -1;
    if (listen(listener, PROGRAM_BACKLOG) == 0)
        address = open(name.sun_path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    int error = errno;
    (void)unlink(name.sun_path);
    errno = error;
    return address;
}

/* Returns a listening socket, or -1 and errno. *ADDRESS is the descriptor to connect through. */
static int listen_in_private(int *address)
{
    char folder[PATH_MAX];
    int length = snprintf(folder, sizeof folder, "%s/dime-XXXXXX", temporary_folder());
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *address = -1;
    if (listener >= 0 && length > 0 && (size_t)length < sizeof folder && mkdtemp(folder)) {
        *address = bind_for_a_moment(listener, folder);
        int error = errno;
        (void)rmdir(folder);
        errno = error;
    }
    if (*address >= 0 || listener < 0)
        return listener;
    int error = errno;
    close(listener);
    errno = error;
    return -1;
}

/* What the child gets from its parent. */
struct heritage {
    int listener, out;
    char *const *words; /* the program's path first */
};

/* In the child: becomes the program, or returns with errno set. */
static void become_program(const void *what)
{
    const struct heritage *heritage = what;
    int null;
    setpgid(0, 0);
    if (dup2(heritage->listener, STDIN_FILENO) < 0)
        return;
    /* Output to stdout isn't part of an answer, and mustn't get into one. */
    (void)dup2(heritage->out >= 0 ? heritage->out : STDERR_FILENO, STDOUT_FILENO);
    if (heritage->out >= 0 && (null = open("/dev/null", O_WRONLY | O_CLOEXEC)) >= 0)
        (void)dup2(null, STDERR_FILENO);
    (void)syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 1U << 2 /* CLOSE_RANGE_CLOEXEC */);
    execv(heritage->words[0], heritage->words);
}

int program_connect(const struct program *program)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(name.sun_path, sizeof name.sun_path, "/proc/self/fd/%d", program->address);
    if (fd < 0 || connect(fd, (struct sockaddr *)&name, sizeof name) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static int fail_to_start(struct program *program, char why[PROGRAM_WHY], const char *what,
                         int error)
{
    if (program->address >= 0)
        close(program->address);
    program->address = -1;
    snprintf(why, PROGRAM_WHY, "%.140s: %s", what, strerror(error));
    return -1;
}

int program_start(struct program *program, char *const *words, int out, char why[PROGRAM_WHY])
{
    char name[PATH_MAX];
    char *all[WORDS_MAX + 1] = {name};
    snprintf(name, sizeof name, "%s", program->path);
    for (size_t i = 0; words && words[i] && i + 1 < WORDS_MAX; i++)
        all[i + 1] = words[i];
    int listener = listen_in_private(&program->address);
    int connection = listener < 0 ? -1 : program_connect(program);
    if (connection < 0) {
        int error = errno;
        char what[PROGRAM_WHY];
        snprintf(what, sizeof what, "can't make a socket in %.100s", temporary_folder());
        if (listener >= 0)
            close(listener);
        return fail_to_start(program, why, what, error);
    }
    const struct heritage heritage = {.listener = listener, .out = out, .words = all};
    int error = child_start(&program->pid, become_program, &heritage);
    close(listener);
    if (!error)
        return connection;
    close(connection);
    return fail_to_start(program, why, "its program can't be run", error);
}

/* Waits until the process has ended, without reaping it. False: it hasn't ended in that time. */
static bool wait_for_end_of(pid_t pid, int64_t most_ms)
{
    int64_t end_ns = clock_monotonic_ns() + most_ms * 1000000;
    const struct timespec step = clock_timespec(STEP_NS);
    for (;;) {
        siginfo_t info = {.si_pid = 0};
        if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid)
            return true;
        if (clock_monotonic_ns() >= end_ns)
            return false;
        nanosleep(&step, NULL);
    }
}

static void say_how(int status, char how[PROGRAM_WHY])
{
    if (WIFSIGNALED(status))
        snprintf(how, PROGRAM_WHY, "was killed by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(how, PROGRAM_WHY, "ended with status %d", WEXITSTATUS(status));
}

void program_end(struct program *program, int64_t grace_ms, char how[PROGRAM_WHY])
{
    int status = 0;
    snprintf(how, PROGRAM_WHY, "has ended");
    if (program->pid <= 0)
        return;
    (void)wait_for_end_of(program->pid, grace_ms);
    /* The group exists until its leader is reaped, so this can't kill anything else. */
    (void)kill(-program->pid, SIGKILL);
    (void)kill(program->pid, SIGKILL);
    if (wait_for_end_of(program->pid, KILLED_MS) &&
        waitpid(program->pid, &status, WNOHANG) == program->pid)
        say_how(status, how);
    program->pid = 0;
    close(program->address);
    program->address = -1;
}

void program_stop(struct program *program)
{
    char how[PROGRAM_WHY];
    if (program->pid > 0)
        (void)kill(-program->pid, SIGTERM);
    program_end(program, PROGRAM_GRACE_MS, how);
}
