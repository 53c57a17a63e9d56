/*
 * stop.c - finishes what has begun to arrive, while a web server may go on sending.
 *
 * A connection on which nothing has arrived is closed, and the web server opens another one to the
 * next worker. The web server may be sending a request at this moment. So the connection is first
 * shut down for reading, which the web server notices at once on a unix socket, and what it had
 * sent before is served.
 */
#include "hosts/fastcgi/stop.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "hosts/fastcgi/serve.h"
#include "hosts/fastcgi/upkeep.h"
#include "net/listen.h"

enum {
    STOP_MS = 5000,  /* how long an incomplete request may delay stopping */
    SILENT_MS = 200, /* the same for a connection that has sent nothing */
    TURN_MS = 100,   /* how long to wait between checks */
};

/* Closes the connections in this state on which nothing has arrived. */
static void close_quiet(struct worker *worker, enum connection_state state)
{
    const struct connection *head = &worker->rings[state];
    for (struct connection *c = head->next, *next; c != head; c = next) {
        next = c->next;
        if (c->length || serve_late(worker, c))
            continue;
        bool open = c->fd >= 0 && shutdown(c->fd, SHUT_RD) == 0;
        if (!open || !serve_late(worker, c))
            worker_drop(worker, c);
    }
}

/* Whether no next worker will serve what waits in the queue: SIGINT says so. */
static bool is_last(const struct worker *worker)
{
    sigset_t pending;
    return worker->settings->own_listener ||
           (sigpending(&pending) == 0 && sigismember(&pending, SIGINT) == 1);
}

static void serve_queue(struct worker *worker, int64_t end_ns)
{
    for (int left = LISTEN_BACKLOG; left && clock_monotonic_ns() < end_ns; left--) {
        if (!serve_next(worker))
            break;
        log_flush(&worker->log);
    }
    worker_pause_listener(worker, 0);
}

/* Closes what is left, on the thread that opened it. */
static void drop_all(struct worker *worker)
{
    for (enum connection_state state = 0; state < CONNECTION_STATES; state++) {
        while (!worker_has_none(worker, state))
            worker_drop(worker, worker->rings[state].next);
    }
}

void stop_worker(struct worker *worker)
{
    const int64_t start = clock_monotonic_ns(), ms = 1000000;
    epoll_ctl(worker->epoll, EPOLL_CTL_DEL, worker->responder->signals, NULL);
    worker_pause_listener(worker, 0);
    if (worker->settings->own_listener)
        listen_refuse(worker->settings->listener);
    if (is_last(worker))
        serve_queue(worker, start + STOP_MS * ms);
    close_quiet(worker, CONNECTION_IDLE);
    while (worker->connections && clock_monotonic_ns() - start < STOP_MS * ms) {
        struct epoll_event events[64];
        int ready = epoll_wait(worker->epoll, events, sizeof events / sizeof *events, TURN_MS);
        for (int i = 0; i < ready; i++)
            serve_ready(worker, events[i].data.ptr);
        close_quiet(worker, CONNECTION_IDLE);
        if (clock_monotonic_ns() - start >= SILENT_MS * ms)
            close_quiet(worker, CONNECTION_WAITING);
        upkeep(worker);
    }
    drop_all(worker);
    log_flush(&worker->log);
}
