/*
 * serve.h - serves new connections, and those that are ready.
 *
 * Never blocks: the part of a request that has arrived, and the unsent part of an answer, stay with
 * the connection.
 */
#ifndef DIME_HOSTS_FASTCGI_SERVE_H
#define DIME_HOSTS_FASTCGI_SERVE_H

#include "hosts/fastcgi/worker.h"

/* Reads, answers or writes, by the connection's state; then watches or closes it. */
void serve_ready(struct worker *worker, struct connection *connection);

/*
 * The same for a connection that is about to be closed: serves what has just arrived. Returns
 * whether the connection is still needed, since part of a request has arrived. Doesn't close it.
 */
bool serve_late(struct worker *worker, struct connection *connection);

/*
 * Accepts one connection from a queue that several workers and processes share, and serves what it
 * has already sent. False: there is none, or no room.
 */
bool serve_next(struct worker *worker);

#endif
