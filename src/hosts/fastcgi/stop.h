/*
 * stop.h - stops a worker without losing a request.
 *
 * For each request the web server either gets an answer, or notices that it couldn't be sent.
 */
#ifndef DIME_HOSTS_FASTCGI_STOP_H
#define DIME_HOSTS_FASTCGI_STOP_H

#include "hosts/fastcgi/worker.h"

/*
 * Finishes the requests that have begun to arrive, for a few seconds at most. What waits in the
 * listener's queue is left to the next worker. A parent that has none sends SIGINT, and the queue
 * is served too.
 */
void stop_worker(struct worker *worker);

#endif
