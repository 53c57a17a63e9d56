/*
 * threads.h - how many threads a responder has: one to begin with, more where the load asks for
 * them, none once there has been nothing to do for a while.
 *
 * Each thread is a worker of its own (worker.h). Here they are started, counted and joined; when
 * another is needed, and when one has nothing to do, is for responder.c to say.
 */
#ifndef DIME_HOSTS_FASTCGI_THREADS_H
#define DIME_HOSTS_FASTCGI_THREADS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "hosts/fastcgi/worker.h"

struct threads {
    const struct responder_settings *settings;
    size_t connections_max; /* of each */
    /* What a thread does from start to end. False, having said why, if it couldn't start. */
    bool (*work)(struct worker *worker);
    struct worker *workers; /* as many as there may be threads */
    pthread_mutex_t lock;   /* of the workers' places */
    pthread_cond_t ended;   /* the last has */
    atomic_int running;
    atomic_bool hungry; /* one of them is new, and has no connection yet */
};

/*
 * Runs `work` in the calling thread, and in others that threads_grow starts meanwhile, and returns
 * when all have ended: whether the first could start. The settings, the work and the connections
 * are the caller's to fill in, the rest is not.
 */
bool threads_run(struct threads *threads);

/* Whether fewer run than may. */
bool threads_may_grow(const struct threads *threads);

/* Starts another thread, if fewer run than may; says on stderr if that fails. */
void threads_grow(struct threads *threads);

#endif
