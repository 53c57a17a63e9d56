/*
 * responder.h - the FastCGI responder: serves a listening socket until a signal stops it.
 *
 * It doesn't depend on who opened the socket, so it works alike under systemd, spawn-fcgi and our
 * own parent process.
 */
#ifndef DIME_HOSTS_FASTCGI_RESPONDER_H
#define DIME_HOSTS_FASTCGI_RESPONDER_H

#include "hosts/fastcgi/worker.h"

enum { RESPONDER_THREADS_MAX = 64 };

/*
 * Serves until SIGTERM, SIGINT or SIGHUP, then finishes the requests that have begun to arrive and
 * returns 0. It does the same without a signal once it has been idle for the configured time; the
 * owner of the listener starts the next worker then. What waits in the queue of a listener that
 * isn't its own is left to the next worker. SIGINT, which a parent sends if there won't be one, has
 * it served as well. Returns 1, after logging why, if it couldn't start.
 */
__attribute__((cold)) int responder_serve(const struct responder_settings *settings);

#endif
