/*
 * serving.h - what serving one request takes.
 *
 * A thread has one for all of its requests. An answer that is streamed keeps it until its last
 * piece, and the thread gets another.
 */
#ifndef DIME_HOSTS_FASTCGI_SERVING_H
#define DIME_HOSTS_FASTCGI_SERVING_H

#include "base/arena.h"
#include "hosts/exchange.h"

struct serving {
    struct arena arena;
    struct exchange exchange;
    size_t bytes;         /* of the body that have been sent */
    char room[64 * 1024]; /* for what comes from a connection */
};

/* What a thread serves with. The caller closes it. NULL: there is no memory. */
struct serving *serving_open(void);

/* Gives its memory back. SERVING may be NULL. */
void serving_close(struct serving *serving);

#endif
