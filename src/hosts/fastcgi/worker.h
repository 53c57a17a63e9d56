/*
 * worker.h - one thread of the responder: what it has, and the connections that it keeps.
 *
 * A worker decides by an epoll set of its own what is next. Nothing of it is shared with another
 * one but the time at which it was last used, so there are no locks.
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
    bool own_listener;  /* nobody else holds it: what is queued must be served before stopping */
    int threads;        /* 1 to RESPONDER_THREADS_MAX */
    int64_t timeout_ms; /* how long a request may take to arrive, to be answered, to be read */
    int64_t idle_ms;    /* how long there may be nothing to do before it ends; 0: for ever */
};

/* What the workers share. */
struct responder {
    const struct responder_settings *settings;
    int signals;            /* readable once the process is to stop */
    size_t connections_max; /* of each worker */
    struct worker *workers; /* as many as there are to be threads */
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
    _Atomic int64_t used_ns; /* when there was last something to do; INT64_MAX: there is */
    struct opening opening;  /* of the function */
    struct serving *serving;
    size_t streams; /* answers that are being streamed */
    struct log log;
    int policy; /* of scheduling, that the thread has chosen; -1: it may choose none */
};

/*
 * Prepares a worker whose responder is set. False, with errno: it can't be; close it all the same.
 */
bool worker_open(struct worker *worker);

/* Frees what it has; it has no connections any more. */
void worker_close(struct worker *worker);

/* Takes a connection to FD, which has just been accepted. NULL: there is no memory for it. */
struct connection *worker_add(struct worker *worker, int fd, int64_t now_ns);

/* Gives up what is left of a streamed answer, if one is, and logs it. */
void worker_end_stream(struct worker *worker, struct connection *connection);

/* Closes a connection. */
void worker_drop(struct worker *worker, struct connection *connection);

/* Puts a connection into another state, or into the same one anew. */
void worker_move(struct worker *worker, struct connection *connection, enum connection_state state,
                 int64_t now_ns);

/* Has epoll report what the connection's state waits for: a request, or room for an answer. */
bool worker_watch(const struct worker *worker, struct connection *connection);

/*
 * Has epoll report newcomers. Its events carry a connection; that of a newcomer NULL, and that of
 * the signal to stop the worker itself.
 */
void worker_watch_listener(struct worker *worker);

/* Accepts nobody until then; INT64_MAX: until there is room. */
void worker_pause_listener(struct worker *worker, int64_t until_ns);

/* Whether no connection is in this state. */
static inline bool worker_has_none(const struct worker *worker, enum connection_state state)
{
    return worker->rings[state].next == &worker->rings[state];
}

#endif
