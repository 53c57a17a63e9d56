/*
 * stop.h - how a worker ends. Nothing that was sent to it before is lost: a web server sees its
 * request answered, or that it couldn't be sent.
 */
#ifndef DIME_HOSTS_FASTCGI_STOP_H
#define DIME_HOSTS_FASTCGI_STOP_H

#include "hosts/fastcgi/worker.h"

/*
 * Finishes the requests that have begun to arrive, for some seconds at most. What still waits in
 * the listener's queue is for the next worker, if there is one: a parent that says SIGINT has none.
 */
void stop_worker(struct worker *worker);

#endif
