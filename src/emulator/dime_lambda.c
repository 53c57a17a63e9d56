/*
 * dime_lambda.c - dime-lambda: runs bootstrap programs as Lambda does, on this machine.
 *
 * It offers AWS's Invoke API to callers and a Runtime API to bootstraps, and behaves like AWS to
 * both, so that what works here works there. It's a separate program, so that `dime` starts fast
 * and doesn't link its libraries. One loop waits for sockets, pipes, signals and deadlines alike.
 */
#include "emulator/emulator.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stopping.h"
#include "emulator/calls.h"
#include "emulator/command_line.h"
#include "emulator/endpoint.h"
#include "emulator/environment.h"
#include "emulator/extensions.h"
#include "emulator/held.h"
#include "emulator/invoke_api.h"
#include "emulator/output.h"
#include "emulator/programs.h"
#include "emulator/replies.h"
#include "emulator/runtime.h"
#include "net/listen.h"

enum {
    IDLE_TIMEOUT_S = 60,
    BACKLOG = 128,
    LAST_WORDS_MS = 2000,
    POLLED_FIRST = 64,
    BLIND_MS = 10,
    FILES_MAX = 65536
};

/* A socket that listens on the first address that works. -1 and errno: none does. */
static int listen_at(const struct addrinfo *addresses)
{
    int yes = 1;
    for (const struct addrinfo *one = addresses; one; one = one->ai_next) {
        int fd = socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
            bind(fd, one->ai_addr, one->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
            return fd;
        int error = errno;
        if (fd >= 0)
            close(fd);
        errno = error;
    }
    return -1;
}

/* Writes the address that a socket is bound to. */
static void name_address(int fd, char room[80])
{
    struct sockaddr_storage name;
    socklen_t size = sizeof name;
    char host[64] = "", port[8] = "";
    if (getsockname(fd, (struct sockaddr *)&name, &size) == 0)
        (void)getnameinfo((struct sockaddr *)&name, size, host, sizeof host, port, sizeof port,
                          NI_NUMERICHOST | NI_NUMERICSERV);
    snprintf(room, 80, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}

static bool open_endpoint(struct emulator *emulator)
{
    const char *address = emulator->settings.listen;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *addresses = NULL;
    char host[64], port[8] = "";
    int64_t number = 0;
    bool is_address = listen_split(address, host, &number);
    if (is_address)
        snprintf(port, sizeof port, "%d", (int)number);
    if (!is_address || getaddrinfo(host, port, &hints, &addresses) != 0) {
        emu_say("can't listen on %s: write HOST:PORT", address);
        return false;
    }
    int fd = listen_at(addresses);
    freeaddrinfo(addresses);
    if (fd < 0) {
        emu_say("can't listen on %s: %s; choose another one with --listen", address,
                strerror(errno));
        return false;
    }
    name_address(fd, emulator->address);
    emulator->endpoint.owner = emulator;
    emulator->endpoint.route = emu_invoke_route;
    emulator->endpoint.begin = emu_invoke_begin;
    emulator->endpoint.refuse = emu_refuse_invocation;
    emulator->endpoint.allowed = emulator->settings.allowed;
    emulator->runtime_api = (struct emu_endpoint){.route = emu_runtime_route,
                                                  .begin = emu_runtime_begin,
                                                  .refuse = emu_refuse_runtime,
                                                  .allowed = emulator->settings.allowed};
    if (emu_endpoint_open(&emulator->endpoint, fd, IDLE_TIMEOUT_S))
        return true;
    emu_say("out of memory to listen on %s", address);
    close(fd);
    return false;
}

/* Signals arrive through a descriptor, so that the loop can wait for them too. */
static int open_signals(void)
{
    signal(SIGCHLD, SIG_DFL); /* if it's ignored, no death is reported */
    return stopping_signals(SIGCHLD);
}

static void take_signals(struct emulator *emulator, int signals)
{
    struct signalfd_siginfo info;
    while (read(signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo != SIGCHLD)
            emulator->stopping = true;
    }
}

static void limit_timeout(struct emu_polled *polled, int timeout)
{
    if (timeout >= 0 && (polled->timeout < 0 || timeout < polled->timeout))
        polled->timeout = timeout;
}

/* Makes room for one more. False: out of memory. */
static bool grow(struct emu_polled *polled)
{
    if (polled->count < polled->room)
        return true;
    size_t room = polled->room ? 2 * polled->room : POLLED_FIRST;
    struct pollfd *fds = realloc(polled->fds, room * sizeof *fds);
    if (!fds)
        return false;
    polled->fds = fds;
    polled->room = room;
    return true;
}

/* If memory runs out here, the loop polls in short intervals, since each round serves all. */
static void add_fd(struct emu_polled *polled, int fd, short events)
{
    if (fd < 0)
        return;
    if (grow(polled))
        polled->fds[polled->count++] = (struct pollfd){.fd = fd, .events = events};
    else
        limit_timeout(polled, BLIND_MS);
}

static void add_endpoint(struct emu_polled *polled, const struct emu_endpoint *endpoint)
{
    if (!endpoint->daemon)
        return;
    add_fd(polled, emu_endpoint_fd(endpoint), POLLIN);
    limit_timeout(polled, emu_endpoint_timeout(endpoint));
}

static void add_environment(struct emu_polled *polled, const struct emu_environment *environment)
{
    add_endpoint(polled, &environment->endpoint);
    for (int i = 0; i < 2; i++) {
        const struct emu_output *output = &environment->outputs[i];
        if (output->from >= 0 && output->blocked)
            add_fd(polled, output->to, POLLOUT);
        else
            add_fd(polled, output->from, POLLIN);
    }
    if (environment->pid <= 0 && environment->endpoint.daemon)
        limit_timeout(polled, 0);
}

static void wait_for_anything(struct emulator *emulator, int signals, int most)
{
    struct emu_polled *polled = &emulator->polled;
    int64_t now = clock_monotonic_ns();
    polled->count = 0;
    polled->timeout = most;
    add_fd(polled, signals, POLLIN);
    add_endpoint(polled, &emulator->endpoint);
    for (struct emu_lambda *lambda = emulator->lambdas; lambda; lambda = lambda->next) {
        limit_timeout(polled, emu_calls_expire(lambda, now));
        for (struct emu_environment *one = lambda->environments; one; one = one->next)
            add_environment(polled, one);
    }
    (void)poll(polled->fds, polled->count, polled->timeout);
}

/* Reports why a process ended, unless the last one ended for the same reason. */
static void tell_end(struct emu_environment *environment)
{
    struct emu_lambda *lambda = environment->lambda;
    if (lambda->emulator->stopping || strcmp(lambda->told, environment->why) == 0)
        return;
    snprintf(lambda->told, sizeof lambda->told, "%s", environment->why);
    emu_say("%s: %s; the next invocation restarts it", lambda->name, environment->why);
}

/* Removes an environment whose process has ended. */
static void reap_environment(struct emu_environment **link)
{
    struct emu_environment *environment = *link;
    if (!emu_environment_has_ended(environment))
        return;
    emu_output_forward(environment);
    if (environment->endpoint.daemon) {
        tell_end(environment);
        emu_calls_end(environment);
        emu_held_release(environment);
        emu_endpoint_close(&environment->endpoint);
    }
    if (environment->outputs[0].blocked || environment->outputs[1].blocked)
        return; /* its last output waits for a reader */
    *link = environment->next;
    emu_environment_free(environment);
}

static void serve_lambda(struct emu_lambda *lambda)
{
    for (struct emu_environment *one = lambda->environments; one; one = one->next) {
        emu_output_forward(one);
        if (one->endpoint.daemon)
            emu_endpoint_run(&one->endpoint);
    }
    for (struct emu_environment **link = &lambda->environments; *link;) {
        struct emu_environment *one = *link;
        reap_environment(link);
        if (*link == one)
            link = &one->next;
    }
    (void)emu_calls_expire(lambda, clock_monotonic_ns());
    emu_calls_schedule(lambda);
}

/* A round of the loop: waits at most MOST ms (-1: for ever), and handles what is ready. */
static void serve_round(struct emulator *emulator, int signals, int most)
{
    wait_for_anything(emulator, signals, most);
    take_signals(emulator, signals);
    emu_endpoint_run(&emulator->endpoint);
    for (struct emu_lambda *lambda = emulator->lambdas; lambda; lambda = lambda->next)
        serve_lambda(lambda);
}

static void refuse_queued(struct emu_lambda *lambda)
{
    while (lambda->queue) {
        struct emu_call *call = lambda->queue;
        lambda->queue = call->next;
        if (call->caller)
            emu_refuse_invocation(call->caller, MHD_HTTP_SERVICE_UNAVAILABLE, "ServiceException",
                                  "dime lambda is being stopped");
        emu_call_free(call);
    }
    lambda->queued = 0;
    emu_calls_forget_resting(lambda);
}

static bool is_quiet(const struct emulator *emulator)
{
    for (const struct emu_lambda *lambda = emulator->lambdas; lambda; lambda = lambda->next) {
        if (lambda->environments)
            return false;
    }
    return !emulator->endpoint.exchanges;
}

/* Ends the processes as Lambda does, and sends the last answers. */
static void stop_all_lambdas(struct emulator *emulator, int signals)
{
    int64_t end = clock_monotonic_ns() + LAST_WORDS_MS * EMU_NS_PER_MS;
    for (struct emu_lambda *lambda = emulator->lambdas; lambda; lambda = lambda->next) {
        refuse_queued(lambda);
        for (struct emu_environment *one = lambda->environments; one; one = one->next)
            emu_environment_stop(one);
    }
    while (!is_quiet(emulator) && clock_monotonic_ns() < end)
        serve_round(emulator, signals, 50);
    for (struct emu_lambda *lambda = emulator->lambdas; lambda; lambda = lambda->next) {
        refuse_queued(lambda);
        for (struct emu_environment *one = lambda->environments; one; one = one->next)
            one->outputs[0].to = one->outputs[1].to = -1; /* the reader took too long */
        serve_lambda(lambda);
    }
}

static void announce(const struct emulator *emulator)
{
    emu_say("invoke at http://%s/2015-03-31/functions/NAME/invocations", emulator->address);
    for (const struct emu_lambda *lambda = emulator->lambdas; lambda; lambda = lambda->next)
        emu_say("%s is %s", lambda->name, lambda->program);
    if (emulator->lambdas && !emulator->lambdas->next)
        emu_say("its URL is http://%s/", emulator->address);
}

static int serve_lambdas(struct emulator *emulator)
{
    int signals = emulator->signals;
    if (!open_endpoint(emulator))
        return 2;
    announce(emulator);
    while (!emulator->stopping)
        serve_round(emulator, signals, -1);
    stop_all_lambdas(emulator, signals);
    emu_endpoint_close(&emulator->endpoint);
    return emulator->status;
}

/* Each process needs six of our descriptors. The limit of the process itself isn't changed. */
static void allow_many_files(struct emulator *emulator)
{
    if (getrlimit(RLIMIT_NOFILE, &emulator->files) != 0)
        return;
    struct rlimit more = emulator->files;
    more.rlim_cur = more.rlim_max < FILES_MAX ? more.rlim_max : FILES_MAX;
    if (more.rlim_cur > emulator->files.rlim_cur)
        (void)setrlimit(RLIMIT_NOFILE, &more);
}

int main(int count, char **arguments)
{
    struct emulator emulator = {0};
    int status = emu_options_read(count, arguments, &emulator.settings);
    char **program = emulator.settings.programs;
    allow_many_files(&emulator);
    /* Before a zip is unpacked, since a signal must not leave its folder behind. */
    emulator.signals = status < 0 ? open_signals() : -1;
    if (status < 0 && emulator.signals < 0)
        status = 2;
    while (status < 0 && *program) {
        if (!emu_program_add(&emulator, *program++))
            status = emulator.stopping ? 0 : 2;
    }
    if (status < 0)
        status = serve_lambdas(&emulator);
    emu_programs_free(&emulator);
    if (emulator.signals >= 0)
        close(emulator.signals);
    free(emulator.polled.fds);
    free(emulator.settings.variables);
    free(emulator.settings.allowed);
    return status;
}
