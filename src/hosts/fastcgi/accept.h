/*
 * accept.h - taking newcomers out of the listener's queue.
 *
 * Several workers and processes take from the same queue: each takes what it can serve at once.
 */
#ifndef DIME_HOSTS_FASTCGI_ACCEPT_H
#define DIME_HOSTS_FASTCGI_ACCEPT_H

#include "hosts/fastcgi/worker.h"

/* Accepts one connection and serves what it has sent already. False: there is none, or no room. */
bool accept_next(struct worker *worker);

#endif
