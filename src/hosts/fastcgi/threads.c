/*
 * threads.c - starts threads, counts them, joins them.
 *
 * A place is a worker's memory, which the next thread that is started uses again. The lock guards
 * what has become of each place; a thread takes it when it starts another and when it ends, so
 * hardly ever.
 */
#include "hosts/fastcgi/threads.h"

#include <errno.h>
#include <stdlib.h>

#include "request/log.h"

bool threads_may_grow(const struct threads *threads)
{
    return atomic_load_explicit(&threads->running, memory_order_relaxed) <
           threads->settings->threads;
}

/* The caller holds the lock, but for the first. */
static void take_place(struct threads *threads, struct worker *worker)
{
    worker->threads = threads;
    worker->place = PLACE_RUNNING;
    atomic_fetch_add(&threads->running, 1);
}

static void leave_place(struct worker *worker, enum place place)
{
    struct threads *threads = worker->threads;
    pthread_mutex_lock(&threads->lock);
    worker->place = place;
    if (atomic_fetch_sub(&threads->running, 1) == 1)
        pthread_cond_signal(&threads->ended);
    pthread_mutex_unlock(&threads->lock);
}

static void *run(void *argument)
{
    struct worker *worker = argument;
    worker->threads->work(worker);
    leave_place(worker, PLACE_ENDED);
    return NULL;
}

/* Waits for a thread that has left its place, which takes no time. */
static void join(struct worker *worker)
{
    if (worker->place == PLACE_ENDED)
        pthread_join(worker->thread, NULL);
    worker->place = PLACE_FREE;
}

/* A place where no thread runs, or NULL. The caller holds the lock. */
static struct worker *free_place(struct threads *threads)
{
    for (int i = 0; i < threads->settings->threads; i++) {
        if (threads->workers[i].place != PLACE_RUNNING)
            return &threads->workers[i];
    }
    return NULL;
}

void threads_grow(struct threads *threads)
{
    pthread_mutex_lock(&threads->lock);
    struct worker *worker = free_place(threads);
    if (worker) {
        join(worker);
        take_place(threads, worker);
        int error = pthread_create(&worker->thread, NULL, run, worker);
        if (error) {
            worker->place = PLACE_FREE;
            int left = atomic_fetch_sub(&threads->running, 1) - 1;
            log_say(LOG_LEVEL_WARN, threads->settings->function->name, error,
                    "can't start another thread; going on with %d", left);
        }
    }
    pthread_mutex_unlock(&threads->lock);
}

static void wait_for_all(struct threads *threads)
{
    pthread_mutex_lock(&threads->lock);
    while (atomic_load(&threads->running))
        pthread_cond_wait(&threads->ended, &threads->lock);
    pthread_mutex_unlock(&threads->lock);
    for (int i = 0; i < threads->settings->threads; i++)
        join(&threads->workers[i]);
}

bool threads_run(struct threads *threads)
{
    threads->workers = calloc((size_t)threads->settings->threads, sizeof *threads->workers);
    if (!threads->workers) {
        log_say(LOG_LEVEL_ERROR, threads->settings->function->name, errno, "can't start");
        return false;
    }
    pthread_mutex_init(&threads->lock, NULL);
    pthread_cond_init(&threads->ended, NULL);
    struct worker *first = &threads->workers[0];
    take_place(threads, first);
    bool started = threads->work(first);
    leave_place(first, PLACE_FREE);
    wait_for_all(threads);
    pthread_cond_destroy(&threads->ended);
    pthread_mutex_destroy(&threads->lock);
    free(threads->workers);
    return started;
}
