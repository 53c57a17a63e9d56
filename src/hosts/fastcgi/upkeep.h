/*
 * upkeep.h - what a worker does between requests: timeouts, and room for new connections.
 *
 * Slow and silent clients keep their connections only until others need the room.
 */
#ifndef DIME_HOSTS_FASTCGI_UPKEEP_H
#define DIME_HOSTS_FASTCGI_UPKEEP_H

#include "hosts/fastcgi/worker.h"

/*
 * Does what is due, and returns how many milliseconds epoll may wait; -1: for ever. Must not be
 * called within a batch of events, one of which might be for a connection that is closed here.
 */
int upkeep(struct worker *worker);

#endif
