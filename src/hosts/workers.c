/*
 * workers.c - the parent: holds the socket, starts workers, starts them again. It does nothing
 * else.
 *
 * Since the parent holds the socket, what clients send while a worker is being replaced waits in
 * its queue and nothing is refused. A worker is the same program executed anew rather than a fork
 * that goes on, so an upgraded program file takes effect with SIGHUP and the parent's memory is
 * never shared. Workers get SIGTERM from the kernel if the parent dies (PR_SET_PDEATHSIG).
 */
#include "hosts/workers.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "hosts/listen.h"

static const int64_t SECOND = 1000000000, FIRST_DELAY = 100000000, LAST_DELAY = 10000000000,
                     STOP_NS = 8000000000;

struct slot {
    pid_t pid;          /* 0: none is running */
    pid_t former;       /* the one that it replaces, until it has lived for a second; 0: none */
    int64_t started_ns; /* when it was last started */
    int64_t delay_ns;   /* how long the next start was put off */
    int64_t due_ns;     /* when the next start may be */
};

struct parent {
    const struct workers_settings *settings;
    char program[4096]; /* path of the program file */
    struct slot *slots;
};

/* A worker that is told to stop while it still starts must serve what waits, not die: the signals
 * stay blocked until it can take them, when the responder lets them through. */
static void become_worker(const struct parent *parent, pid_t parent_pid)
{
    sigset_t stops;
    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    sigaddset(&stops, SIGHUP);
    signal(SIGINT, SIG_DFL); /* a shell's background may ignore it, and here it's how to stop */
    sigprocmask(SIG_SETMASK, &stops, NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent_pid)
        _exit(0);
    int listener = dup2(parent->settings->listener, STDIN_FILENO);
    if (listener == 0 && fcntl(listener, F_SETFD, 0) == 0) /* dup2 of 0 to 0 leaves FD_CLOEXEC */
        execv(parent->program, parent->settings->arguments);
    log_say(LOG_LEVEL_ERROR, parent->settings->function, errno, "can't start %s", parent->program);
    _exit(127);
}

static void start(const struct parent *parent, struct slot *slot)
{
    pid_t self = getpid(), pid = fork();
    if (pid == 0)
        become_worker(parent, self);
    slot->started_ns = clock_monotonic_ns();
    slot->pid = pid > 0 ? pid : 0;
    if (pid < 0) {
        log_say(LOG_LEVEL_ERROR, parent->settings->function, errno, "can't fork");
        slot->delay_ns = SECOND;
        slot->due_ns = slot->started_ns + SECOND;
    }
}

static void put_off(struct slot *slot)
{
    int64_t now = clock_monotonic_ns();
    if (now - slot->started_ns >= SECOND)
        slot->delay_ns = 0;
    else
        slot->delay_ns = slot->delay_ns ? slot->delay_ns * 2 : FIRST_DELAY;
    if (slot->delay_ns > LAST_DELAY)
        slot->delay_ns = LAST_DELAY;
    slot->due_ns = now + slot->delay_ns;
    slot->pid = 0;
}

static void say_death(const struct parent *parent, pid_t pid, int status, const char *next)
{
    const char *how = WIFSIGNALED(status) ? "was killed by signal" : "ended with status";
    int number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    log_say(LOG_LEVEL_WARN, parent->settings->function, 0, "worker %d %s %d; %s", (int)pid, how,
            number, next);
}

static struct slot *slot_of(const struct parent *parent, pid_t pid)
{
    for (int i = 0; i < parent->settings->count; i++) {
        if (parent->slots[i].pid == pid || parent->slots[i].former == pid)
            return &parent->slots[i];
    }
    return NULL;
}

/* Only the death of a worker that should be running is told; others were asked to end. */
static void note_death(const struct parent *parent, struct slot *slot, pid_t pid, int status)
{
    char next[64];
    if (pid == slot->former) {
        slot->former = 0;
    } else if (slot->former) {
        slot->pid = slot->former;
        slot->former = 0;
        say_death(parent, pid, status, "the one that it was to replace stays");
    } else {
        put_off(slot);
        snprintf(next, sizeof next, "the next starts in %d ms", (int)(slot->delay_ns / 1000000));
        say_death(parent, pid, status, next);
    }
}

static void reap(const struct parent *parent)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        struct slot *slot = slot_of(parent, pid);
        if (slot)
            note_death(parent, slot, pid, status);
    }
}

static void end(pid_t pid)
{
    if (pid)
        kill(pid, SIGTERM);
}

/* Does what is due. Returns how long until there is more for this slot, in nanoseconds; -1:
 * nothing. */
static int64_t tend(const struct parent *parent, struct slot *slot, int64_t now)
{
    if (!slot->pid && slot->due_ns <= now)
        start(parent, slot);
    if (!slot->pid)
        return slot->due_ns > now ? slot->due_ns - now : 0;
    if (!slot->former)
        return -1;
    if (now - slot->started_ns < SECOND)
        return slot->started_ns + SECOND - now;
    end(slot->former);
    slot->former = 0;
    return -1;
}

static int64_t tend_all(const struct parent *parent)
{
    int64_t now = clock_monotonic_ns(), wait = -1;
    for (int i = 0; i < parent->settings->count; i++) {
        int64_t left = tend(parent, &parent->slots[i], now);
        if (left >= 0 && (wait < 0 || left < wait))
            wait = left;
    }
    return wait;
}

/* The new worker has to prove itself before the running one is ended: an upgrade may be broken. */
static void replace(const struct parent *parent, struct slot *slot)
{
    pid_t running = slot->pid;
    start(parent, slot);
    if (!slot->pid)
        slot->pid = running;
    else if (slot->former)
        end(running); /* it hasn't proved itself yet */
    else
        slot->former = running;
}

/* Sends a signal to every worker, or forgets the one that has ended where SIGNAL is 0. */
static void signal_all(const struct parent *parent, int signal, pid_t ended)
{
    for (int i = 0; i < parent->settings->count; i++) {
        pid_t *pids[] = {&parent->slots[i].pid, &parent->slots[i].former};
        for (size_t j = 0; j < sizeof pids / sizeof *pids; j++) {
            if (*pids[j] && signal)
                kill(*pids[j], signal);
            else if (*pids[j] == ended)
                *pids[j] = 0;
        }
    }
}

/* Workers finish within 5 seconds of a signal; one that doesn't is stuck, and is killed. */
static int stop_all(const struct parent *parent)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    int64_t end_ns = clock_monotonic_ns() + STOP_NS;
    pid_t pid;
    if (parent->settings->own_listener)
        listen_refuse(parent->settings->listener);
    signal_all(parent, parent->settings->own_listener ? SIGINT : SIGTERM, 0);
    while ((pid = waitpid(-1, NULL, WNOHANG)) >= 0) {
        if (pid > 0) {
            signal_all(parent, 0, pid);
            continue;
        }
        if (clock_monotonic_ns() > end_ns)
            signal_all(parent, SIGKILL, 0);
        nanosleep(&pause, NULL);
    }
    return 0;
}

static int run(const struct parent *parent, const sigset_t *signals)
{
    for (;;) {
        int64_t wait = tend_all(parent);
        struct timespec timeout = {.tv_sec = wait / SECOND, .tv_nsec = wait % SECOND};
        int signal = wait < 0 ? sigwaitinfo(signals, NULL) : sigtimedwait(signals, NULL, &timeout);
        if (signal == SIGTERM || signal == SIGINT)
            return stop_all(parent);
        for (int i = 0; signal == SIGHUP && i < parent->settings->count; i++)
            replace(parent, &parent->slots[i]);
        reap(parent);
    }
}

int workers_run(const struct workers_settings *settings)
{
    struct parent parent = {.settings = settings};
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGCHLD, SIG_DFL); /* where it's ignored, as some starters leave it, no death is told */
    ssize_t length = readlink("/proc/self/exe", parent.program, sizeof parent.program - 1);
    parent.slots = calloc((size_t)settings->count, sizeof *parent.slots);
    if (length <= 0 || !parent.slots) {
        log_say(LOG_LEVEL_ERROR, settings->function, errno, "can't start workers");
        free(parent.slots);
        return 1;
    }
    int result = run(&parent, &signals);
    free(parent.slots);
    return result;
}
