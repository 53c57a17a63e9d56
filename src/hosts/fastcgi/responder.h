/*
 * responder.h - the FastCGI responder: serves a listening socket until it's told to stop.
 *
 * It knows nothing of how the socket came about, so that it's the same under systemd, under
 * spawn-fcgi and under a parent of our own.
 */
#ifndef DIME_HOSTS_FASTCGI_RESPONDER_H
#define DIME_HOSTS_FASTCGI_RESPONDER_H

#include "request/response.h"

struct responder_settings {
    const dime_function *function;
    int listener;       /* a listening socket; responder_serve makes it non-blocking */
    bool own_listener;  /* nobody else holds it: what is queued must be served before stopping */
    int threads;        /* most of them, 1 to RESPONDER_THREADS_MAX */
    int64_t timeout_ms; /* how long a request may take to arrive, to be answered, to be read */
    int64_t idle_ms; /* how long a thread waits for something to do before it ends; 0: for ever */
};

enum { RESPONDER_THREADS_MAX = 64 };

/*
 * Serves until SIGTERM, SIGINT or SIGHUP, with one thread at first and with as many as are set once
 * requests have to wait for each other; then finishes the requests that have begun to arrive and
 * returns 0. What waits in the queue of a listener that isn't its own is left to the next worker,
 * but with SIGINT, by which a parent says that there will be none, it's served as well. The same
 * without a signal when the last thread has been idle for the time that is set: whoever holds the
 * listener then starts the next. Returns 1, having said why on stderr, if it couldn't start.
 */
int responder_serve(const struct responder_settings *settings);

#endif
