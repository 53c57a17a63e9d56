/*
 * queue.h - receives messages from a queue, settles them, and sends new ones.
 *
 * There are two kinds of queues, Redis streams (redis_queue.c) and Amazon SQS (sqs_queue.c); the
 * code that uses them knows neither. A received message is hidden from other consumers for a while
 * and then delivered again, unless it's acknowledged. So none is lost when a process, a machine or
 * the network fails, and some are delivered twice. Each thread has its own struct queue. It
 * connects and reconnects by itself, and waits at most a few seconds longer than the given time.
 */
#ifndef DIME_TOOL_CONSUME_QUEUE_H
#define DIME_TOOL_CONSUME_QUEUE_H

#include "base/arena.h"
#include "base/text.h"
#include "events/event.h"

/* The most messages in a batch, bytes in a message's body, and bytes in an error's sentence. */
enum { QUEUE_BATCH_MAX = 100, QUEUE_BODY_MAX = 1024 * 1024, QUEUE_ERROR = 400 };

/* A received message. Its texts last as long as the arena that it was received into. */
struct queue_message {
    dime_text id;
    dime_text receipt;       /* the queue's id of this delivery */
    dime_text body;          /* as it was sent */
    struct json_value group; /* of a message in a FIFO queue, a string; else absent */
    int64_t deliveries;      /* how many so far, including this one */
    const void *own;         /* private to the kind of queue */
};

struct queue_batch {
    size_t count;
    struct queue_message messages[QUEUE_BATCH_MAX];
};

struct queue;

/* How to use a queue. What it points to must outlast the queue. */
struct queue_use {
    dime_text url;
    const char *function;       /* the name in log lines; also for a sender */
    const char *consumer;       /* this consumer's name in the queue */
    int64_t visibility_ms;      /* how long a message is hidden when it's received or extended */
    int64_t retry_ms;           /* when a failed message is delivered again; doubles each time */
    int stop;                   /* a descriptor that becomes readable when waits must end */
    const struct queue *beside; /* a queue with the same URL, opened before this one and closed
                                   after it. Those that name it take turns at looking for messages
                                   of dead consumers. NULL: this one looks by itself */
};

/* The operations of a kind of queue; they are documented at the functions below. */
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

/* The common part of all kinds; each kind appends its own. */
struct queue {
    const struct queue_kind *kind;
    struct queue_use use;
    dime_text name;          /* the last part of its full name */
    dime_text place;         /* equal for all URLs of the same queue, as far as can be known */
    size_t batch_max;        /* the most messages in one receive or send */
    char error[QUEUE_ERROR]; /* why the last call failed */
    bool refused;            /* the last send failed because such a message is never accepted */
};

/*
 * Makes a queue for the URL, and doesn't connect yet. The caller closes it. NULL: the URL is wrong,
 * or out of memory, and WHY says which. (In queue_open.c.)
 */
struct queue *queue_open(const struct queue_use *use, char why[QUEUE_ERROR]);

/* The same for a Redis stream, whose URL begins with redis, and for a queue of SQS. */
struct queue *redis_queue_open(const struct queue_use *use, char why[QUEUE_ERROR]);
struct queue *sqs_queue_open(const struct queue_use *use, char why[QUEUE_ERROR]);

/* Disconnects and frees. QUEUE may be NULL. */
void queue_close(struct queue *queue);

/*
 * Waits at most WAIT_MS for messages, and receives at most MOST of them; having none isn't a
 * failure. The arena owns them. False: the queue can't be reached, or sends a wrong answer, and
 * `error` says so. Messages that it has handed out are then delivered again when their visibility
 * timeout expires.
 */
bool queue_receive(struct queue *queue, size_t most, int64_t wait_ms, struct arena *arena,
                   struct queue_batch *batch);

/*
 * Settles a batch. Messages that are done are acknowledged, and never delivered again. Failed ones
 * are delivered again later, or moved where the queue's policy says. Those that were left are
 * delivered again later; if the queue allows it, this delivery isn't counted. False as above: the
 * caller should retry, since acknowledged messages may be delivered again otherwise. True with a
 * sentence in `error`: the other messages are delivered again only when their time is over.
 */
bool queue_settle(struct queue *queue, const struct queue_batch *batch,
                  const enum message_end *ends, struct arena *arena);

/* Hides messages for another visibility_ms. False as above. */
bool queue_extend(struct queue *queue, const dime_text *receipts, size_t count,
                  struct arena *arena);

/*
 * Puts COUNT messages into the queue, at most its batch_max, and their ids into IDS; the arena owns
 * the ids. False as above: those of the messages that have an id are in the queue then.
 */
bool queue_send(struct queue *queue, const dime_text *bodies, size_t count, dime_text *ids,
                struct arena *arena);

/* Sets `error` to the reason of a failure. Returns false. For the kinds of queues. */
bool queue_fail(struct queue *queue, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Waits for the rest of WAIT_MS since STARTED_NS if a queue returned early without messages, so
 * that it isn't polled in a busy loop. For the kinds of queues.
 */
void queue_rest(const struct queue *queue, int64_t started_ns, int64_t wait_ms);

/* The delay before a failed message is delivered again: doubles with each delivery, and varies. */
int64_t queue_retry_ms(const struct queue_use *use, int64_t deliveries);

#endif
