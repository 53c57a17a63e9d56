/*
 * emulator.c - dime-lambda: runs bootstrap programs as Lambda does, on this machine.
 *
 * It stands between a caller, who asks as AWS's API is asked, and a bootstrap, which asks a Runtime
 * API; both are spoken to as AWS speaks to them, so that what works here works there. It's a
 * program of its own since `dime` must start in no time and link nothing of this. One loop waits
 * for sockets, pipes, signals and deadlines alike.
 */
#include "emulator/emulator.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "request/request.h"
#include "emulator/call.h"
#include "emulator/environment.h"
#include "emulator/invoke.h"
#include "emulator/options.h"
#include "emulator/program.h"
#include "net/listen.h"

enum {
    IDLE_TIMEOUT_S = 60,
    BACKLOG = 128,
    LAST_WORDS_MS = 2000,
    LINE_MAX_LENGTH = 1024,
    POLLED_FIRST = 64,
    BLIND_MS = 10,
    FILES_MAX = 65536
};

void emulator_say(const char *format, ...)
{
    struct terminal shown = {.count = 0};
    char line[LINE_MAX_LENGTH], room[TERMINAL_ROOM(LINE_MAX_LENGTH)];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    size_t length = terminal_show(&shown, text_of(line), room);
    length += terminal_show(&shown, TEXT(""), room + length);
    fprintf(stderr, "dime-lambda: %.*s\n", (int)length, room);
}

void emulator_make_id(char room[ID_SIZE])
{
    char id[33];
    request_make_id(id);
    id[12] = '4'; /* RFC 9562, section 5.4: a UUID of random bits */
    id[16] = "89ab"[text_hex_digit(id[16]) & 3];
    snprintf(room, ID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", id, id + 8, id + 12, id + 16, id + 20);
}

/* A socket that listens at the first address that takes it; -1 and errno where none does. */
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

/* Writes the address that a socket has got. */
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
        emulator_say("can't listen on %s: write HOST:PORT", address);
        return false;
    }
    int fd = listen_at(addresses);
    freeaddrinfo(addresses);
    if (fd < 0) {
        emulator_say("can't listen on %s: %s; choose another one with --listen", address,
                     strerror(errno));
        return false;
    }
    name_address(fd, emulator->address);
    emulator->endpoint.owner = emulator;
    emulator->endpoint.route = invoke_route;
    emulator->endpoint.begin = invoke_begin;
    emulator->endpoint.refuse = invoke_refuse;
    emulator->endpoint.allowed = emulator->settings.allowed;
    if (endpoint_open(&emulator->endpoint, fd, IDLE_TIMEOUT_S))
        return true;
    emulator_say("there is no memory to listen on %s", address);
    close(fd);
    return false;
}

/* Signals arrive at a descriptor, so that the loop waits for them as for all else. */
static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void take_signals(struct emulator *emulator, int signals)
{
    struct signalfd_siginfo info;
    while (read(signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo != SIGCHLD)
            emulator->stopping = true;
    }
}

static void limit_timeout(struct polled *polled, int timeout)
{
    if (timeout >= 0 && (polled->timeout < 0 || timeout < polled->timeout))
        polled->timeout = timeout;
}

/* Makes room for one more; false: there is no memory. */
static bool grow(struct polled *polled)
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

/* What there is no memory to wait for is looked after in short intervals: each round serves all. */
static void add_fd(struct polled *polled, int fd, short events)
{
    if (fd < 0)
        return;
    if (grow(polled))
        polled->fds[polled->count++] = (struct pollfd){.fd = fd, .events = events};
    else
        limit_timeout(polled, BLIND_MS);
}

static void add_endpoint(struct polled *polled, const struct endpoint *endpoint)
{
    if (!endpoint->daemon)
        return;
    add_fd(polled, endpoint_fd(endpoint), POLLIN);
    limit_timeout(polled, endpoint_timeout(endpoint));
}

static void add_environment(struct polled *polled, const struct environment *environment)
{
    add_endpoint(polled, &environment->endpoint);
    for (int i = 0; i < 2; i++) {
        const struct output *output = &environment->outputs[i];
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
    struct polled *polled = &emulator->polled;
    int64_t now = clock_monotonic_ns();
    polled->count = 0;
    polled->timeout = most;
    add_fd(polled, signals, POLLIN);
    add_endpoint(polled, &emulator->endpoint);
    for (struct lambda *lambda = emulator->lambdas; lambda; lambda = lambda->next) {
        limit_timeout(polled, calls_expire(lambda, now));
        for (struct environment *one = lambda->environments; one; one = one->next)
            add_environment(polled, one);
    }
    (void)poll(polled->fds, polled->count, polled->timeout);
}

static void serve_lambda(struct lambda *lambda)
{
    for (struct environment *one = lambda->environments; one; one = one->next) {
        environment_forward(one);
        if (one->endpoint.daemon)
            endpoint_run(&one->endpoint);
    }
    for (struct environment **link = &lambda->environments; *link;) {
        struct environment *one = *link;
        environment_reap(link);
        if (*link == one)
            link = &one->next;
    }
    (void)calls_expire(lambda, clock_monotonic_ns());
    calls_schedule(lambda);
}

/* One round: waits at most MOST milliseconds (-1: as long as it takes), and does what there is. */
static void serve_round(struct emulator *emulator, int signals, int most)
{
    wait_for_anything(emulator, signals, most);
    take_signals(emulator, signals);
    endpoint_run(&emulator->endpoint);
    for (struct lambda *lambda = emulator->lambdas; lambda; lambda = lambda->next)
        serve_lambda(lambda);
}

static void refuse_queued(struct lambda *lambda)
{
    while (lambda->queue) {
        struct call *call = lambda->queue;
        lambda->queue = call->next;
        if (call->caller)
            invoke_refuse(call->caller, MHD_HTTP_SERVICE_UNAVAILABLE, "ServiceException",
                          "dime lambda is being stopped");
        call_free(call);
    }
    lambda->queued = 0;
    calls_forget_resting(lambda);
}

static bool is_quiet(const struct emulator *emulator)
{
    for (const struct lambda *lambda = emulator->lambdas; lambda; lambda = lambda->next) {
        if (lambda->environments)
            return false;
    }
    return !emulator->endpoint.exchanges;
}

/* Ends the processes as Lambda does, and lets the last answers out. */
static void stop(struct emulator *emulator, int signals)
{
    int64_t end = clock_monotonic_ns() + LAST_WORDS_MS * NANOSECONDS_PER_MS;
    for (struct lambda *lambda = emulator->lambdas; lambda; lambda = lambda->next) {
        refuse_queued(lambda);
        for (struct environment *one = lambda->environments; one; one = one->next)
            environment_stop(one);
    }
    while (!is_quiet(emulator) && clock_monotonic_ns() < end)
        serve_round(emulator, signals, 50);
    for (struct lambda *lambda = emulator->lambdas; lambda; lambda = lambda->next) {
        refuse_queued(lambda);
        for (struct environment *one = lambda->environments; one; one = one->next)
            one->outputs[0].to = one->outputs[1].to = -1; /* nobody read them for long enough */
        serve_lambda(lambda);
    }
}

static void announce(const struct emulator *emulator)
{
    emulator_say("invoke at http://%s/2015-03-31/functions/NAME/invocations", emulator->address);
    for (const struct lambda *lambda = emulator->lambdas; lambda; lambda = lambda->next)
        emulator_say("%s is %s", lambda->name, lambda->program);
    if (emulator->lambdas && !emulator->lambdas->next)
        emulator_say("its URL is http://%s/", emulator->address);
}

static int serve(struct emulator *emulator)
{
    int signals = emulator->signals;
    if (!open_endpoint(emulator))
        return 2;
    announce(emulator);
    while (!emulator->stopping)
        serve_round(emulator, signals, -1);
    stop(emulator, signals);
    endpoint_close(&emulator->endpoint);
    return emulator->status;
}

/* Each process needs six descriptors of ours; the limit for it stays what it was. */
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
    int status = options_read(count, arguments, &emulator.settings);
    char **program = emulator.settings.programs;
    allow_many_files(&emulator);
    /* Before a zip is unpacked, whose folder must not be left behind. */
    emulator.signals = status < 0 ? open_signals() : -1;
    if (status < 0 && emulator.signals < 0)
        status = 2;
    while (status < 0 && *program) {
        if (!program_add(&emulator, *program++))
            status = emulator.stopping ? 0 : 2;
    }
    if (status < 0)
        status = serve(&emulator);
    programs_free(&emulator);
    if (emulator.signals >= 0)
        close(emulator.signals);
    free(emulator.polled.fds);
    free(emulator.settings.variables);
    free(emulator.settings.allowed);
    return status;
}
