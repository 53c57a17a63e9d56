/*
 * consume.h - the host that takes messages from a queue: `dime consume`.
 *
 * Each thread receives a batch, hands its messages to the function, in a process that is the
 * thread's own, and settles it: what succeeded is acknowledged, and only that. One more thread
 * keeps what runs hidden from other consumers.
 */
#ifndef DIME_TOOL_CONSUME_CONSUME_H
#define DIME_TOOL_CONSUME_CONSUME_H

#include <pthread.h>
#include <stdatomic.h>

#include "tool/consume/answers.h"
#include "events/batch.h"
#include "tool/ask/ask.h"
#include "tool/consume/outage.h"
#include "tool/consume/queue.h"

enum { CONSUME_THREADS_MAX = 64 };

struct consume_settings {
    const struct callee *callee; /* the function */
    bool own;                    /* its program is dime's: see ask_is_ready */
    struct queue_use use;
    dime_text answers; /* where they go: a queue's URL, "-" for stdout; empty: nowhere */
    int64_t threads;
    int64_t batch;      /* most messages of one */
    int64_t timeout_ms; /* that a batch may take */
    bool once;          /* end after one batch */
};

/* What a thread has received and not settled yet, for the keeper to read. */
struct held {
    pthread_mutex_t lock;
    size_t count; /* 0: nothing */
    dime_text receipts[QUEUE_BATCH_MAX];
    int64_t until_ns; /* it isn't kept hidden for longer than this */
};

/* What can be out of order for a while; all threads share them. */
struct outages {
    struct outage receiving, settling, hastening, extending, answering;
};

/* One thread. */
struct consumer {
    const struct consume_settings *settings;
    pthread_t thread;
    int over; /* an eventfd: one is added when the thread ends */
    struct outages *outages;
    const struct queue *kept; /* the keeper's, opened first and closed last */
    struct queue *queue;
    struct answers answers; /* where the settings have some */
    struct queue_batch batch;
    enum message_end ends[QUEUE_BATCH_MAX]; /* what became of its messages */
    int worst;                              /* the highest status among them */
    struct held held;
    struct arena received; /* holds the batch */
    struct arena event;    /* holds what is made of it */
    struct event_message messages[QUEUE_BATCH_MAX];
    struct invocation invocation;
    struct invoker invoker;
    struct ask ask; /* the function, in a process of its own */
    bool unsettled; /* it ended with a batch that the queue knows nothing of */
    bool unread;    /* it ended since nobody reads the answers */
};

/*
 * Consumes until SIGTERM, SIGINT or SIGHUP, and finishes what runs. Returns the exit status: 0; 1
 * if it couldn't begin, or ended with something unsettled; after one batch by its worst status, 4
 * for 4xx and 5 for 5xx.
 */
int consume_queue(const struct consume_settings *settings);

/*
 * Passes an answer on, and tries until that works or the consumer is to stop. Its batch stays
 * hidden meanwhile, since the work is done; the time for the rest of the batch begins to run again
 * afterwards. CONSUMER is a struct consumer, as its invoker has it.
 */
enum keep_end consumer_keep(void *consumer, dime_text answer);

/* What one thread does until use.stop can be read from, or after one batch. */
void consumer_run(struct consumer *consumer);

#endif
