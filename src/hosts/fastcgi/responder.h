/*
 * responder.h - the FastCGI responder: serves a listening socket until it's told to stop.
 *
 * It knows nothing of how the socket came about, so that it's the same under systemd, under
 * spawn-fcgi and under a parent of our own.
 */
#ifndef DIME_HOSTS_FASTCGI_RESPONDER_H
#define DIME_HOSTS_FASTCGI_RESPONDER_H

#include "hosts/fastcgi/worker.h"

enum { RESPONDER_THREADS_MAX = 64 };

/*
 * Serves until SIGTERM, SIGINT or SIGHUP, then finishes the requests that have begun to arrive and
 * returns 0. What waits in the queue of a listener that isn't its own is left to the next worker,
 * but with SIGINT, by which a parent says that there will be none, it's served as well. The same
 * without a signal once it has been idle for the time that is set: whoever holds the listener then
 * starts the next. Returns 1, having said why on stderr, if it couldn't start.
 */
__attribute__((cold)) int responder_serve(const struct responder_settings *settings);

#endif
