/*
 * worker.h - one thread of the responder, and its connections.
 *
 * A worker has an epoll set of its own. It shares nothing with other workers but the time at which
 * it was last used, so there are no locks.
 */
#ifndef DIME_HOSTS_FASTCGI_WORKER_H
#define DIME_HOSTS_FASTCGI_WORKER_H

#include <pthread.h>
#include <stdatomic.h>

#include "hosts/fastcgi/connection.h"
#include "hosts/fastcgi/serving.h"
#include "request/log.h"
#include "request/opening.h"

struct responder_settings {
    const dime_function *function;
    int listener;       /* a listening socket; responder_serve makes it non-blocking */
    bool own_listener;  /* no other process has it: serve what is queued before stopping */
    int threads;        /* 1 to RESPONDER_THREADS_MAX */
    int64_t timeout_ms; /* how long each of receiving, answering and sending may take */
    int64_t idle_ms;    /* how long it may be idle before it ends; 0: for ever */
};

/* What the workers share. */
struct responder {
    const struct responder_settings *settings;
    int signals;            /* readable once the process must stop */
    size_t connections_max; /* of each worker */
    struct worker *workers; /* one for each thread */
};

struct worker {
    const struct responder *responder;
    const struct responder_settings *settings; /* of the responder */
    pthread_t thread;
    int epoll;
    bool stopping;
    size_t connections;
    struct connection_rules rules;
    size_t gathered;                            /* bytes of requests that the connections hold */
    size_t unsent;                              /* bytes of answers that they hold */
    struct connection rings[CONNECTION_STATES]; /* heads of rings, the oldest first */
    int64_t paused_until_ns;                    /* 0: the listener is watched */
    _Atomic int64_t used_ns;                    /* when it was last busy; INT64_MAX: it is now */
    struct opening opening;                     /* of the function */
    struct serving *serving;
    size_t streams; /* answers that are being streamed */
    struct log log;
    int policy; /* the scheduling policy in use; -1: it can't be changed */
};

/*
 * Prepares a worker whose responder is set. False, with errno: that failed; close it all the same.
 */
bool worker_open(struct worker *worker);

/* Frees what it has; its connections must be closed. */
void worker_close(struct worker *worker);

/* Adds a connection for FD, which has just been accepted. NULL: out of memory. */
struct connection *worker_add(struct worker *worker, int fd, int64_t now_ns);

/* Drops the rest of a streamed answer, if there is one, and logs it. */
void worker_end_stream(struct worker *worker, struct connection *connection);

/* Closes a connection. */
void worker_drop(struct worker *worker, struct connection *connection);

/* Moves a connection to another state, or to the end of its own. */
void worker_move(struct worker *worker, struct connection *connection, enum connection_state state,
                 int64_t now_ns);

/* Sets epoll to report what the state waits for: a request, or room for an answer. */
bool worker_watch(const struct worker *worker, struct connection *connection);

/*
 * Sets epoll to report new connections. An event's data is the connection, NULL for a new one, and
 * the worker itself for the signal to stop.
 */
void worker_watch_listener(struct worker *worker);

/* Stops accepting until then; INT64_MAX: until there is room. */
void worker_pause_listener(struct worker *worker, int64_t until_ns);

/* Whether no connection is in this state. */
static inline bool worker_has_none(const struct worker *worker, enum connection_state state)
{
    return worker->rings[state].next == &worker->rings[state];
}

#endif
