/*
 * serving.h - the buffers for serving one request.
 *
 * A thread has one struct for all of its requests. A streamed answer keeps it until its last piece,
 * and the thread gets another one.
 */
#ifndef DIME_HOSTS_FASTCGI_SERVING_H
#define DIME_HOSTS_FASTCGI_SERVING_H

#include "base/arena.h"
#include "hosts/exchange.h"

struct serving {
    struct arena arena;
    struct exchange exchange;
    size_t bytes;         /* of the body that have been sent */
    char room[64 * 1024]; /* for what is read from a connection */
};

/* Allocates one. The caller closes it. NULL: out of memory. */
struct serving *serving_open(void);

/* Frees it. SERVING may be NULL. */
void serving_close(struct serving *serving);

#endif
