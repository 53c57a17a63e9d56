/*
 * serve.h - newcomers, and connections that are ready, are served.
 *
 * Never waits: what hasn't come yet of a request, and what the socket doesn't take of an answer,
 * stays with the connection.
 */
#ifndef DIME_HOSTS_FASTCGI_SERVE_H
#define DIME_HOSTS_FASTCGI_SERVE_H

#include "hosts/fastcgi/worker.h"

/* Reads, answers or writes, as its state says; then it's watched, or dropped if it's done with. */
void serve_ready(struct worker *worker, struct connection *connection);

/*
 * The same for one that is about to be closed: serves what has just come. Whether the connection is
 * needed still, since part of a request is there; it isn't dropped otherwise.
 */
bool serve_late(struct worker *worker, struct connection *connection);

/*
 * Accepts one connection, out of a queue that several workers and processes take from, and serves
 * what it has sent already. False: there is none, or no room.
 */
bool serve_next(struct worker *worker);

#endif
