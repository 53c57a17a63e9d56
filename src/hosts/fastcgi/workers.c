/*
 * workers.c - the parent: holds the socket, and starts and restarts workers. It does nothing else.
 *
 * Since the parent holds the socket, requests that arrive while a worker is being replaced wait in
 * its queue, and none is refused. The parent executes the program again instead of only forking, so
 * an upgraded program file takes effect with SIGHUP, and workers don't share the parent's memory.
 * The kernel sends workers SIGTERM if the parent dies (PR_SET_PDEATHSIG).
 *
 * From fork to reaping each child is in exactly one place: in its slot, as `running` or `former`,
 * or in the list `leaving` of those that were told to end. One that doesn't end is killed.
 */
#include "hosts/fastcgi/workers.h"

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

#include "base/clock.h"
#include "base/number.h"
#include "request/log.h"
#include "net/listen.h"

static const int64_t SECOND = 1000000000, FIRST_DELAY = 100000000, LAST_DELAY = 10000000000,
                     STOP_NS = 8000000000, /* for a worker's own shutdown, besides its requests */
    REAP_NS = 2000000000;                  /* for the kernel to end a killed process */

struct child {
    struct child *next; /* of the leaving */
    pid_t pid;
    int64_t started_ns;
    int64_t kill_ns; /* in `leaving`: when to kill it, unless it has ended */
};

struct slot {
    struct child *running; /* NULL: none */
    struct child *former;  /* the one that it replaces, for its first second; or NULL */
    int64_t delay_ns;      /* the delay before the next start */
    int64_t due_ns;        /* when the next start may be */
};

struct parent {
    const struct workers_settings *settings;
    char program[4096]; /* path of the program file */
    struct slot *slots;
    struct child *leaving;
};

/* A worker that is told to stop while it's starting must serve what waits, not die. So signals stay
 * blocked until the responder is ready to handle them. */
static void become_worker(const struct parent *parent, pid_t parent_pid)
{
    sigset_t stops;
    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    sigaddset(&stops, SIGHUP);
    signal(SIGINT, SIG_DFL); /* a shell ignores it in background jobs, but here it stops us */
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

/* Starts a worker for the slot. NULL: it can't be started now, and the log says why. */
static struct child *start_child(const struct parent *parent, struct slot *slot)
{
    struct child *child = calloc(1, sizeof *child);
    pid_t self = getpid(), pid = child ? fork() : -1;
    if (pid == 0)
        become_worker(parent, self);
    int64_t now = clock_monotonic_ns();
    if (pid < 0) {
        log_say(LOG_LEVEL_ERROR, parent->settings->function, errno, "can't start a worker");
        free(child);
        slot->delay_ns = SECOND;
        slot->due_ns = now + SECOND;
        return NULL;
    }
    child->pid = pid;
    child->started_ns = now;
    return child;
}

/* Tells a child to end, and moves it to `leaving`. */
static void tell_to_leave(struct parent *parent, struct child *child, int signal,
                          int64_t patience_ns)
{
    kill(child->pid, signal);
    child->kill_ns = clock_monotonic_ns() + patience_ns;
    child->next = parent->leaving;
    parent->leaving = child;
}

/* The same for one that was replaced: it may still have a request to answer. */
static void retire(struct parent *parent, struct child *child)
{
    tell_to_leave(parent, child, SIGTERM, clock_ns_of_ms(parent->settings->timeout_ms) + STOP_NS);
}

static void put_off(struct slot *slot, const struct child *dead)
{
    int64_t now = clock_monotonic_ns();
    if (now - dead->started_ns >= SECOND)
        slot->delay_ns = 0;
    else
        slot->delay_ns = slot->delay_ns ? slot->delay_ns * 2 : FIRST_DELAY;
    if (slot->delay_ns > LAST_DELAY)
        slot->delay_ns = LAST_DELAY;
    slot->due_ns = now + slot->delay_ns;
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
        const struct slot *slot = &parent->slots[i];
        if ((slot->running && slot->running->pid == pid) ||
            (slot->former && slot->former->pid == pid))
            return &parent->slots[i];
    }
    return NULL;
}

/* Only the death of a worker that should be running is logged; others were told to end. */
static void note_death(const struct parent *parent, struct slot *slot, pid_t pid, int status)
{
    char next[64];
    struct child *dead = slot->running;
    if (slot->former && slot->former->pid == pid) {
        dead = slot->former;
        slot->former = NULL;
    } else if (slot->former) {
        slot->running = slot->former;
        slot->former = NULL;
        say_death(parent, pid, status, "the worker that it was to replace keeps running");
    } else {
        slot->running = NULL;
        put_off(slot, dead);
        snprintf(next, sizeof next, "the next one starts in %d ms",
                 (int)(slot->delay_ns / 1000000));
        say_death(parent, pid, status, next);
    }
    free(dead);
}

/* Removes a child that has ended from `leaving`, if it's there. */
static void forget_leaving(struct parent *parent, pid_t pid)
{
    for (struct child **at = &parent->leaving; *at; at = &(*at)->next) {
        struct child *child = *at;
        if (child->pid != pid)
            continue;
        *at = child->next;
        free(child);
        return;
    }
}

static void reap(struct parent *parent)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        struct slot *slot = slot_of(parent, pid);
        if (slot)
            note_death(parent, slot, pid, status);
        else
            forget_leaving(parent, pid);
    }
}

/* Does what is due for this slot. Returns when the next step is due; INT64_MAX: none is. */
static int64_t tend(struct parent *parent, struct slot *slot, int64_t now)
{
    if (!slot->running && slot->due_ns <= now)
        slot->running = start_child(parent, slot);
    if (!slot->running)
        return slot->due_ns;
    if (!slot->former)
        return INT64_MAX;
    if (now - slot->running->started_ns < SECOND)
        return slot->running->started_ns + SECOND;
    retire(parent, slot->former);
    slot->former = NULL;
    return INT64_MAX;
}

/* Kills those in `leaving` that hang. Returns when the next one is due. */
static int64_t kill_stuck(const struct parent *parent, int64_t now)
{
    int64_t due = INT64_MAX;
    for (struct child *child = parent->leaving; child; child = child->next) {
        if (child->kill_ns <= now) {
            log_say(LOG_LEVEL_WARN, parent->settings->function, 0,
                    "worker %d didn't end in time; killed it", (int)child->pid);
            kill(child->pid, SIGKILL);
            child->kill_ns = INT64_MAX;
        }
        due = smaller(due, child->kill_ns);
    }
    return due;
}

/* Returns how long until there is more to do, in nanoseconds; -1: until a signal comes. */
static int64_t tend_all(struct parent *parent)
{
    int64_t now = clock_monotonic_ns(), due = INT64_MAX;
    for (int i = 0; i < parent->settings->count; i++)
        due = smaller(due, tend(parent, &parent->slots[i], now));
    due = smaller(due, kill_stuck(parent, now));
    return due == INT64_MAX ? -1 : due > now ? due - now : 0;
}

/* The running worker is ended only once the new one is known to work: an upgrade may be broken. */
static void replace(struct parent *parent, struct slot *slot)
{
    struct child *running = slot->running, *started = start_child(parent, slot);
    if (!started)
        return;
    slot->running = started;
    if (!slot->former)
        slot->former = running;
    else if (running)
        retire(parent, running); /* it isn't known to work yet */
}

/* Tells all children to end. Those that were told before get no more time than the others. */
static void leave_all(struct parent *parent)
{
    const int signal = parent->settings->own_listener ? SIGINT : SIGTERM;
    const int64_t kill_ns = clock_monotonic_ns() + STOP_NS;
    for (struct child *child = parent->leaving; child; child = child->next) {
        kill(child->pid, signal);
        child->kill_ns = smaller(child->kill_ns, kill_ns);
    }
    for (int i = 0; i < parent->settings->count; i++) {
        struct slot *slot = &parent->slots[i];
        if (slot->running)
            tell_to_leave(parent, slot->running, signal, STOP_NS);
        if (slot->former)
            tell_to_leave(parent, slot->former, signal, STOP_NS);
        slot->running = slot->former = NULL;
    }
}

/*
 * Workers finish within 5 seconds of a signal; one that doesn't hangs, and is killed. One that even
 * the kernel can't kill, because it waits for a device, is left behind.
 */
static int stop_all(struct parent *parent)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    int64_t end_ns = clock_monotonic_ns() + STOP_NS + REAP_NS;
    if (parent->settings->own_listener)
        listen_refuse(parent->settings->listener);
    leave_all(parent);
    for (reap(parent); parent->leaving; reap(parent)) {
        int64_t now = clock_monotonic_ns();
        kill_stuck(parent, now);
        if (now > end_ns) {
            log_say(LOG_LEVEL_ERROR, parent->settings->function, 0,
                    "worker %d can't be killed; it is left behind", (int)parent->leaving->pid);
            forget_leaving(parent, parent->leaving->pid);
        } else {
            nanosleep(&pause, NULL);
        }
    }
    return 0;
}

static int tend_until_stopped(struct parent *parent, const sigset_t *signals)
{
    for (;;) {
        int64_t wait = tend_all(parent);
        struct timespec timeout = clock_timespec(wait < 0 ? 0 : wait);
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
    signal(SIGCHLD, SIG_DFL); /* some parents ignore it, and then no death is reported */
    ssize_t length = readlink("/proc/self/exe", parent.program, sizeof parent.program - 1);
    parent.slots = calloc((size_t)settings->count, sizeof *parent.slots);
    if (length <= 0 || !parent.slots) {
        log_say(LOG_LEVEL_ERROR, settings->function, errno, "can't start workers");
        free(parent.slots);
        return 1;
    }
    int result = tend_until_stopped(&parent, &signals);
    free(parent.slots);
    return result;
}
