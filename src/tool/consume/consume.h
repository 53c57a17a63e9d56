/*
 * consume.h - the host that takes messages from a queue: `dime consume`.
 *
 * Each thread receives a batch, passes its messages to the function, in a process of its own, and
 * settles the batch: only messages that succeeded are acknowledged. One more thread, the keeper,
 * keeps the messages in progress hidden from other consumers.
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
    dime_text answers; /* a queue's URL, "-" for stdout; empty: drop them */
    int64_t threads;
    int64_t batch;      /* the most messages in one */
    int64_t timeout_ms; /* of a batch */
    bool once;          /* end after one batch */
};

/* What a thread has received and not settled yet; read by the keeper. */
struct held {
    pthread_mutex_t lock;
    size_t count; /* 0: nothing */
    dime_text receipts[QUEUE_BATCH_MAX];
    int64_t until_ns; /* when to stop keeping it hidden */
};

/* What can fail for a while; shared by all threads. */
struct outages {
    struct outage receiving, settling, hastening, extending, answering;
};

/* One thread. */
struct consumer {
    const struct consume_settings *settings;
    pthread_t thread;
    int over; /* an eventfd, which the thread increments when it ends */
    struct outages *outages;
    const struct queue *kept; /* the keeper's, opened first and closed last */
    struct queue *queue;
    struct answers answers; /* if the settings have some */
    struct queue_batch batch;
    enum message_end ends[QUEUE_BATCH_MAX]; /* the outcomes of its messages */
    int worst;                              /* the highest status among them */
    struct held held;
    struct arena received; /* holds the batch */
    struct arena event;    /* holds what is made of it */
    struct event_message messages[QUEUE_BATCH_MAX];
    struct invocation invocation;
    struct invoker invoker;
    struct ask ask; /* the function, in a process of its own */
    bool unsettled; /* it ended with a batch that it couldn't settle */
    bool unread;    /* it ended because nobody reads the answers */
};

/*
 * Consumes until SIGTERM, SIGINT or SIGHUP, and finishes the messages in progress. Returns the exit
 * status: 0; 1 if it couldn't start, or ended with an unsettled batch; with `once` 4 or 5 by the
 * batch's worst status.
 */
int consume_queue(const struct consume_settings *settings);

/*
 * Passes an answer on, and retries until that works or the consumer must stop. The batch stays
 * hidden meanwhile, since its work is done. The timeout for the rest of the batch is paused.
 * CONSUMER is a struct consumer, passed as an invoker's argument.
 */
enum keep_end consumer_keep(void *consumer, dime_text answer);

/* The main function of a thread. Ends when use.stop becomes readable, or with `once` after a batch.
 */
void consumer_run(struct consumer *consumer);

#endif
