/*
 * environment.c - a process of a lambda, from fork to wait.
 *
 * Its output comes through pipes, so that a caller can get the end of it. It's passed on unchanged,
 * and no faster than our own output is read. The process leads a process group, all of which is
 * killed once the process has ended. If we die first, the kernel kills the process.
 */
#include "emulator/environment.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "emulator/endpoint.h"
#include "emulator/extensions.h"
#include "emulator/variables.h"

/* A socket on 127.0.0.1 with a port that the kernel chooses. -1 and errno: it failed. */
static int listen_at_any_port(unsigned *port)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof name;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&name, size) == 0 && listen(fd, 64) == 0 &&
        getsockname(fd, (struct sockaddr *)&name, &size) == 0) {
        *port = ntohs(name.sin_port);
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool open_runtime_api(struct emu_environment *environment)
{
    int listener = listen_at_any_port(&environment->port);
    if (listener < 0)
        return false;
    environment->endpoint = environment->lambda->emulator->runtime_api;
    environment->endpoint.owner = environment;
    errno = ENOMEM;
    if (emu_endpoint_open(&environment->endpoint, listener, 0))
        return true;
    close(listener);
    return false;
}

/* Executes the loader, which runs the bootstrap with the libraries beside itself (ld.so(8)). */
static void run_loader(const struct emu_lambda *lambda, char **variables)
{
    char libraries[PATH_MAX];
    size_t length = (size_t)(strrchr(lambda->loader, '/') - lambda->loader);
    char *words[] = {lambda->loader, "--library-path", libraries, lambda->program, NULL};
    errno = ENAMETOOLONG;
    if (length >= sizeof libraries)
        return;
    memcpy(libraries, lambda->loader, length);
    libraries[length] = '\0';
    execve(lambda->loader, words, variables);
}

/* What a bootstrap starts with. */
struct bootstrap {
    const struct emu_lambda *lambda;
    int fds[3];
    char **variables;
};

/* In the child: becomes the bootstrap, or returns with errno set. */
static void become_bootstrap(const void *what)
{
    const struct bootstrap *bootstrap = what;
    const struct emu_lambda *lambda = bootstrap->lambda;
    setpgid(0, 0);
    if (chdir(lambda->root) != 0 || setrlimit(RLIMIT_NOFILE, &lambda->emulator->files) != 0)
        return;
    for (int i = 0; i <= STDERR_FILENO; i++) {
        if (dup2(bootstrap->fds[i], i) < 0)
            return;
    }
    /* exec closes all descriptors, ours and those that the shell had left open. */
    close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    if (lambda->loader)
        run_loader(lambda, bootstrap->variables);
    else
        execve(lambda->program, (char *[]){lambda->program, NULL}, bootstrap->variables);
}

static void close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
}

/* Starts the process with an empty stdin, and pipes to us as stdout and stderr. */
static int spawn(struct emu_environment *environment)
{
    int out[2] = {-1, -1}, err[2] = {-1, -1};
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    char **variables = emu_variables(environment);
    int error = 0;
    if (null < 0 || pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
        error = errno;
    else if (!variables)
        error = E2BIG;
    else
        error = child_start(&environment->pid, become_bootstrap,
                            &(struct bootstrap){.lambda = environment->lambda,
                                                .fds = {null, out[1], err[1]},
                                                .variables = variables});
    free(variables);
    close_all((int[]){null, out[1], err[1]}, 3);
    if (error) {
        close_all((int[]){out[0], err[0]}, 2);
        return error;
    }
    fcntl(out[0], F_SETFL, O_NONBLOCK);
    fcntl(err[0], F_SETFL, O_NONBLOCK);
    environment->outputs[0].from = out[0];
    environment->outputs[1].from = err[0];
    return 0;
}

bool emu_environment_start(struct emu_lambda *lambda)
{
    struct emu_environment *environment = calloc(1, sizeof *environment);
    if (!environment)
        return false;
    environment->lambda = lambda;
    environment->next = lambda->environments;
    lambda->environments = environment;
    environment->started_ns = clock_monotonic_ns();
    environment->outputs[0] = (struct emu_output){.from = -1, .to = STDOUT_FILENO};
    environment->outputs[1] = (struct emu_output){.from = -1, .to = STDERR_FILENO};
    int error = open_runtime_api(environment) ? spawn(environment) : errno;
    if (error) {
        environment->type = "Runtime.InvalidEntrypoint";
        snprintf(environment->why, sizeof environment->why, "%s can't be run: %s", lambda->program,
                 strerror(error));
    }
    return true;
}

static void signal_group(const struct emu_environment *environment, int number)
{
    if (environment->pid > 0 && kill(-environment->pid, number) != 0)
        kill(environment->pid, number);
}

void emu_environment_stop(struct emu_environment *environment)
{
    if (environment->pid <= 0)
        return;
    if (!environment->extensions) {
        signal_group(environment, SIGKILL);
        return;
    }
    emu_extensions_shut_down(environment);
    emu_endpoint_run(&environment->endpoint);
    kill(environment->pid, SIGTERM);
    environment->kill_at_ns = clock_monotonic_ns() + EMU_GRACE_MS * EMU_NS_PER_MS;
}

void emu_environment_kill(struct emu_environment *environment, const char *type, const char *why)
{
    if (type && !environment->type) {
        environment->type = type;
        snprintf(environment->why, sizeof environment->why, "%s", why);
    }
    signal_group(environment, SIGKILL);
}

/* Reads what it had sent before it ended. */
static void finish_exchanges(struct emu_endpoint *endpoint)
{
    for (int quiet = 0; quiet < 3; quiet++) {
        unsigned before = endpoint->activity;
        emu_endpoint_run(endpoint);
        if (endpoint->activity != before)
            quiet = 0;
    }
}

static void describe_end(struct emu_environment *environment, int status)
{
    if (environment->type)
        return;
    environment->type = "Runtime.ExitError";
    if (WIFSIGNALED(status))
        snprintf(environment->why, sizeof environment->why, "Runtime exited with error: signal: %s",
                 strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status))
        snprintf(environment->why, sizeof environment->why,
                 "Runtime exited with error: exit status %d", WEXITSTATUS(status));
    else
        snprintf(environment->why, sizeof environment->why,
                 "Runtime exited without providing a reason");
}

bool emu_environment_has_ended(struct emu_environment *environment)
{
    siginfo_t info = {.si_pid = 0};
    struct rusage usage = {.ru_maxrss = 0};
    int status = 0;
    if (environment->pid <= 0)
        return true;
    /* /proc has no memory figures for a process that has ended. The system call returns them, but
     * the C library's function doesn't. */
    if (syscall(SYS_waitid, P_PID, environment->pid, &info, WEXITED | WNOHANG | WNOWAIT, &usage) !=
            0 ||
        info.si_pid == 0)
        return false;
    environment->memory = usage.ru_maxrss;
    signal_group(environment, SIGKILL);
    finish_exchanges(&environment->endpoint);
    waitpid(environment->pid, &status, 0);
    environment->pid = 0;
    describe_end(environment, status);
    return true;
}

void emu_environment_free(struct emu_environment *environment)
{
    close_all((int[]){environment->outputs[0].from, environment->outputs[1].from}, 2);
    emu_extensions_free(environment);
    emu_body_free(&environment->init_error);
    free(environment);
}

long emu_environment_memory(const struct emu_environment *environment)
{
    char line[128];
    long memory = environment->memory;
    snprintf(line, sizeof line, "/proc/%d/status", (int)environment->pid);
    FILE *file = environment->pid > 0 ? fopen(line, "re") : NULL;
    while (file && !memory && fgets(line, sizeof line, file)) {
        if (strncmp(line, "VmHWM:", 6) == 0)
            memory = strtol(line + 6, NULL, 10);
    }
    if (file)
        (void)fclose(file);
    return memory;
}
