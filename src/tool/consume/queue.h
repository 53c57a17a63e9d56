/*
 * queue.h - what a queue does for those who take messages from it or put some in.
 *
 * Two kinds of queues are behind it, streams of Redis (redis_queue.c) and Amazon SQS (sqs_queue.c),
 * and whoever consumes knows neither. A message that was received is hidden from other consumers
 * for a while and comes again, unless it's settled as done: so none is lost with a process, a
 * machine or a network, and some come twice. A struct queue is one thread's. It connects by itself,
 * also after a failure, and never waits longer than it is told to and a few seconds more.
 */
#ifndef DIME_TOOL_CONSUME_QUEUE_H
#define DIME_TOOL_CONSUME_QUEUE_H

#include "base/arena.h"
#include "base/text.h"
#include "events/event.h"

/* Most messages of a batch, bytes of a message's body, and bytes of a sentence on a failure. */
enum { QUEUE_BATCH_MAX = 100, QUEUE_BODY_MAX = 1024 * 1024, QUEUE_ERROR = 400 };

/* A message that was received. Texts last as long as the arena that it was received into. */
struct queue_message {
    dime_text id;
    dime_text receipt;       /* by which the queue knows this delivery of it */
    dime_text body;          /* the bytes that were sent */
    struct json_value group; /* of a FIFO queue's message, a string; absent: none */
    int64_t deliveries;      /* how many there have been, this one counted */
    const void *own;         /* what the kind of queue keeps of it */
};

struct queue_batch {
    size_t count;
    struct queue_message messages[QUEUE_BATCH_MAX];
};

struct queue;

/* How a queue is to be used. What it points to must outlast the queue. */
struct queue_use {
    dime_text url;
    const char *function;       /* whose log lines say it; also for a sender */
    const char *consumer;       /* the name that the queue knows this consumer by */
    int64_t visibility_ms;      /* how long a message is hidden after it was received or extended */
    int64_t retry_ms;           /* after how long one that failed comes again; doubles each time */
    int stop;                   /* a descriptor that can be read from when waits are to end */
    const struct queue *beside; /* one of the same URL, opened before and closed after this one: of
                                   all that name it one at a time looks for what others have left.
                                   NULL: this one looks by itself */
};

/* What a kind of queue does; the functions below say what each is. */
struct queue_kind {
    bool (*receive)(struct queue *queue, size_t most, int64_t wait_ms, struct arena *arena,
                    struct queue_batch *batch);
    bool (*settle)(struct queue *queue, const struct queue_batch *batch,
                   const enum message_end *ends, struct arena *arena);
    bool (*extend)(struct queue *queue, const dime_text *receipts, size_t count,
                   struct arena *arena);
    bool (*send)(struct queue *queue, const dime_text *bodies, size_t count, dime_text *ids,
                 struct arena *arena);
    void (*close)(struct queue *queue);
};

/* What all kinds have; each has more behind it. */
struct queue {
    const struct queue_kind *kind;
    struct queue_use use;
    dime_text name;          /* the last part of what it's called */
    dime_text place;         /* the same for all URLs that name it, as far as they tell */
    size_t batch_max;        /* most messages of one receive or one send */
    char error[QUEUE_ERROR]; /* why the last call failed */
    bool refused;            /* the last send failed since no such message is ever taken */
};

/*
 * Makes a queue of what the use's URL names, and calls nobody; the caller closes it. NULL: the URL
 * is wrong, or there is no memory, and WHY says which. (In queue_open.c.)
 */
struct queue *queue_open(const struct queue_use *use, char why[QUEUE_ERROR]);

/* The same for a stream of Redis, whose URL begins with redis, and for a queue of SQS. */
struct queue *redis_queue_open(const struct queue_use *use, char why[QUEUE_ERROR]);
struct queue *sqs_queue_open(const struct queue_use *use, char why[QUEUE_ERROR]);

/* Disconnects and frees. QUEUE may be NULL. */
void queue_close(struct queue *queue);

/*
 * Waits at most WAIT_MS for messages, and receives at most MOST of them; none is no failure. The
 * arena owns them. False: the queue can't be reached, or answers what it shouldn't; `error` says
 * so. What it has handed out then comes again when it's no longer hidden.
 */
bool queue_receive(struct queue *queue, size_t most, int64_t wait_ms, struct arena *arena,
                   struct queue_batch *batch);

/*
 * Settles a batch: what is done never comes again; what has failed comes again later, or goes where
 * the queue's policy says; what was left comes again later, and where the queue can take a delivery
 * back this one wasn't any. False as above; then it may be done again, and must be for what is done
 * not to come twice. True with a sentence in `error`: what isn't done comes again, but not before
 * it's no longer hidden.
 */
bool queue_settle(struct queue *queue, const struct queue_batch *batch,
                  const enum message_end *ends, struct arena *arena);

/* Hides messages for as long again as when they were received. False as above. */
bool queue_extend(struct queue *queue, const dime_text *receipts, size_t count,
                  struct arena *arena);

/*
 * Puts COUNT messages into the queue, at most its batch_max, and their ids into IDS; the arena owns
 * these. False as above; some of them may be in it then, and have an id.
 */
bool queue_send(struct queue *queue, const dime_text *bodies, size_t count, dime_text *ids,
                struct arena *arena);

/* Says in `error` why a call failed. Returns false. For the kinds of queues. */
bool queue_fail(struct queue *queue, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Waits for what is left of WAIT_MS since STARTED_NS where a queue had nothing, and said so at once
 * though it was asked to wait: it isn't to be asked without end. For the kinds of queues.
 */
void queue_rest(const struct queue *queue, int64_t started_ns, int64_t wait_ms);

/* After how long a message that failed is to come again: doubled for each delivery, and varied. */
int64_t queue_retry_ms(const struct queue_use *use, int64_t deliveries);

#endif
