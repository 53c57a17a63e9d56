/*
 * responder.c - threads, each with an epoll loop that decides which connection is served next.
 *
 * In a loop that blocks in accept and read, as libfcgi's does, a connection that the web server
 * keeps open would pin a thread, and a stalled one would hold up all others. Here epoll reports
 * what is ready, and a request is served (serve.c) only when all of it has arrived (connection.c,
 * reader.c). The kernel gives a new connection to one of the idle threads.
 */
#include "hosts/fastcgi/responder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stopping.h"
#include "hosts/fastcgi/serve.h"
#include "hosts/fastcgi/stop.h"
#include "hosts/fastcgi/upkeep.h"

enum {
    DESCRIPTORS = 16384,  /* the most to request */
    DESCRIPTORS_OWN = 32, /* those that aren't connections */
    HEAVY_NICENESS = 10,  /* of a heavy function's processes */
};

/* A busy worker marks itself as in use, so that no other one takes the process for idle. */
static void note_use(struct worker *worker, int64_t now)
{
    if (worker->settings->idle_ms)
        atomic_store_explicit(&worker->used_ns, now, memory_order_relaxed);
}

/* Writes the log lines of a batch together: a write costs as much as sending an answer. */
static void serve_batch(struct worker *worker)
{
    struct epoll_event events[64];
    int wait_ms = upkeep(worker);
    int ready = epoll_wait(worker->epoll, events, sizeof events / sizeof *events, wait_ms);
    if (ready <= 0)
        return;
    note_use(worker, INT64_MAX);
    for (int i = 0; i < ready; i++) {
        if (events[i].data.ptr == worker)
            worker->stopping = true;
        else if (events[i].data.ptr)
            serve_ready(worker, events[i].data.ptr);
        else
            serve_next(worker);
    }
    log_flush(&worker->log);
    note_use(worker, clock_monotonic_ns());
}

static void work_until_stopped(struct worker *worker)
{
    const dime_function *function = worker->settings->function;
    (void)opening_try(&worker->opening, function); /* before the thread accepts any request */
    worker_watch_listener(worker);
    while (!worker->stopping)
        serve_batch(worker);
    stop_worker(worker);
    opening_close(&worker->opening, function);
}

static void *run_thread(void *worker)
{
    work_until_stopped(worker);
    return NULL;
}

/* Starts a thread for each worker but the first, which runs on this one. Returns how many run. */
static int start_threads(const struct responder *responder)
{
    int count = 1, error = 0;
    for (; count < responder->settings->threads; count++) {
        struct worker *worker = &responder->workers[count];
        worker->responder = responder;
        error =
            worker_open(worker) ? pthread_create(&worker->thread, NULL, run_thread, worker) : errno;
        if (error) {
            worker_close(worker);
            log_say(LOG_LEVEL_WARN, responder->settings->function->name, error,
                    "can't start another thread; continuing with %d", count);
            break;
        }
    }
    return count;
}

/* Returns 0 once all have ended, or the error if not even one could start. */
static int run_workers(struct responder *responder)
{
    struct worker *first = responder->workers;
    first->responder = responder;
    if (!worker_open(first)) {
        int error = errno;
        worker_close(first);
        return error;
    }
    int count = start_threads(responder);
    work_until_stopped(first);
    worker_close(first);
    for (int i = 1; i < count; i++) {
        pthread_join(responder->workers[i].thread, NULL);
        worker_close(&responder->workers[i]);
    }
    return 0;
}

/* Requests as many descriptors as the system allows; the threads share them. */
static size_t connections_per_thread(int threads)
{
    struct rlimit limit = {.rlim_cur = 1024};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < DESCRIPTORS) {
        limit.rlim_cur = limit.rlim_max < DESCRIPTORS ? limit.rlim_max : DESCRIPTORS;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
            getrlimit(RLIMIT_NOFILE, &limit);
    }
    size_t most = limit.rlim_cur < DESCRIPTORS ? (size_t)limit.rlim_cur : DESCRIPTORS;
    size_t own = (size_t)threads * 4 + DESCRIPTORS_OWN;
    return most > own + (size_t)threads ? (most - own) / (size_t)threads : 1;
}

/*
 * A shell ignores SIGINT in background jobs, but here it stops the program. Some web servers send
 * SIGUSR1, which must not kill it.
 */
static int watch_signals(void)
{
    const int stops[] = {SIGTERM, SIGINT, SIGHUP};
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
        signal(stops[i], SIG_DFL);
    signal(SIGUSR1, SIG_IGN);
    return stopping_signals(0);
}

int responder_serve(const struct responder_settings *settings)
{
    const dime_function *function = settings->function;
    struct responder responder = {.settings = settings,
                                  .signals = watch_signals(),
                                  .connections_max = connections_per_thread(settings->threads)};
    if (function->heavy && getpriority(PRIO_PROCESS, 0) < HEAVY_NICENESS)
        (void)setpriority(PRIO_PROCESS, 0, HEAVY_NICENESS); /* best effort */
    int flags = fcntl(settings->listener, F_GETFL);
    responder.workers = calloc((size_t)settings->threads, sizeof *responder.workers);
    bool ready = responder.workers && responder.signals >= 0 && flags >= 0 &&
                 fcntl(settings->listener, F_SETFL, flags | O_NONBLOCK) == 0;
    int error = ready ? run_workers(&responder) : errno;
    if (error)
        log_say(LOG_LEVEL_ERROR, function->name, error, "can't start");
    free(responder.workers);
    if (responder.signals >= 0)
        close(responder.signals);
    return error ? 1 : 0;
}
