/*
 * consumer.c - a thread that receives, runs and settles batches.
 *
 * The order prevents the loss of messages: a message is acknowledged only after the function has
 * answered. If anything fails before that, the queue delivers the message again. If a batch can't
 * be acknowledged, that is retried until it works, since the work would be done twice otherwise.
 */
#include <stdio.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "request/log.h"
#include "request/request.h"
#include "base/backoff.h"
#include "tool/consume/consume.h"

enum {
    RECEIVE_WAIT_MS = 400,       /* for messages, if the wait can't be interrupted */
    CONSUMER_FIRST_MS = 100,     /* the first wait after a failure */
    CONSUMER_MOST_MS = 3000,     /* the longest, so that recovery is noticed soon */
    MOST_OF_FUNCTION_MS = 30000, /* the longest if the function fails */
    GRACE_MS = 5000,             /* to settle a batch once the consumer must stop */
    ID_MAX = 4096,               /* bytes of a message's id in JSON */
};

/* Tells the keeper which messages to keep hidden. */
static void hold(struct consumer *consumer, int64_t until_ns)
{
    struct held *held = &consumer->held;
    pthread_mutex_lock(&held->lock);
    held->count = consumer->batch.count;
    held->until_ns = until_ns;
    for (size_t i = 0; i < held->count; i++)
        held->receipts[i] = consumer->batch.messages[i].receipt;
    pthread_mutex_unlock(&held->lock);
}

static void hold_until(struct consumer *consumer, int64_t until_ns)
{
    pthread_mutex_lock(&consumer->held.lock);
    consumer->held.until_ns = until_ns;
    pthread_mutex_unlock(&consumer->held.lock);
}

static void release(struct consumer *consumer)
{
    pthread_mutex_lock(&consumer->held.lock);
    consumer->held.count = 0;
    pthread_mutex_unlock(&consumer->held.lock);
}

/* Stops all consumers: their work would be repeated, and nobody reads its answers. */
static void give_up(struct consumer *consumer)
{
    consumer->unread = true;
    (void)eventfd_write(consumer->settings->use.stop, 1);
}

/* Retries until the answer is passed on, or can't ever be, or the consumer must stop. */
static enum keep_end pass_answer_on(struct consumer *consumer, dime_text answer)
{
    struct backoff backoff = {0};
    enum keep_end end;
    while ((end = answers_pass(&consumer->answers, answer)) == KEEP_LATER &&
           !consumer->settings->once) {
        if (!backoff_wait(backoff_next(&backoff, CONSUMER_FIRST_MS, CONSUMER_MOST_MS),
                          consumer->settings->use.stop))
            break;
    }
    return end;
}

enum keep_end consumer_keep(void *context, dime_text answer)
{
    struct consumer *consumer = context;
    int64_t started_ns = clock_monotonic_ns(), until_ns = consumer->held.until_ns;
    hold_until(consumer, INT64_MAX);
    enum keep_end end = pass_answer_on(consumer, answer);
    hold_until(consumer, until_ns + clock_monotonic_ns() - started_ns);
    if (end == KEEP_ENDED)
        give_up(consumer);
    return end == KEEP_LATER && !consumer->settings->once ? KEEP_ENDED : end;
}

/*
 * Makes an event's record of a message. A body that isn't UTF-8 text, or that is longer than SQS
 * accepts, can't be passed to a function, so the message fails.
 */
static void make_message(const struct queue_message *from, bool in_order, struct arena *arena,
                         struct event_message *message)
{
    struct buffer id;
    buffer_open(&id, arena, ID_MAX);
    buffer_json(&id, from->id);
    bool text = from->body.data && from->body.length <= QUEUE_BODY_MAX && text_is_utf8(from->body);
    *message = (struct event_message){
        .id = {JSON_STRING, buffer_text(&id)}, .in_order = in_order, .group = from->group};
    if (text)
        message->text = from->body;
    else
        message->wrong = "body";
}

/* Records the outcomes of the messages. */
static void take_verdicts(struct consumer *consumer)
{
    const struct invocation *invocation = &consumer->invocation;
    const enum message_end *ends = invocation->event.ends;
    for (size_t i = 0; i < consumer->batch.count; i++)
        consumer->ends[i] = ends ? ends[i] : MESSAGE_FAILED;
    consumer->worst = invocation->response.status;
}

/* Passes the messages to the function, one after the other. */
static void run_batch(struct consumer *consumer)
{
    const struct queue_batch *batch = &consumer->batch;
    int64_t timeout_ms = consumer->settings->timeout_ms;
    bool in_order = text_ends_nocase(consumer->queue->name, TEXT(".fifo"));
    char id[33];
    request_make_id(id);
    consumer->invoker.id = text_of(id);
    consumer->invoker.deadline_ms = clock_epoch_ms() + timeout_ms;
    hold(consumer, clock_in_ms(timeout_ms));
    arena_reset(&consumer->event);
    for (size_t i = 0; i < batch->count; i++)
        make_message(&batch->messages[i], in_order, &consumer->event, &consumer->messages[i]);
    event_of_messages(&consumer->invocation.event, consumer->messages, batch->count,
                      &consumer->event);
    batch_invoke(&consumer->invocation, &consumer->invoker, &consumer->event);
    take_verdicts(consumer);
    consumer->invoker.id = (dime_text){0};
}

/* Waits before settling is retried. False: the consumer must stop, and its grace period is over. */
static bool may_tell_again(struct consumer *consumer, struct backoff *backoff, int64_t *end_ns)
{
    if (backoff_wait(backoff_next(backoff, CONSUMER_FIRST_MS, CONSUMER_MOST_MS),
                     consumer->settings->use.stop))
        return true;
    if (!*end_ns)
        *end_ns = clock_in_ms(GRACE_MS);
    return clock_left_ms(*end_ns) > 0 && backoff_wait(CONSUMER_FIRST_MS, -1);
}

/* A queue may accept acknowledgements, and still refuse to deliver failed messages sooner. */
static void note_settled(const struct consumer *consumer)
{
    outage_end(&consumer->outages->settling);
    if (consumer->queue->error[0])
        outage_fail(&consumer->outages->hastening, consumer->queue->error);
}

/* Settles the batch, and retries until that works. */
static void settle_batch(struct consumer *consumer)
{
    struct backoff backoff = {0};
    int64_t end_ns = 0;
    do {
        release(consumer);
        arena_reset(&consumer->event); /* its event isn't needed any more */
        if (queue_settle(consumer->queue, &consumer->batch, consumer->ends, &consumer->event)) {
            note_settled(consumer);
            return;
        }
        outage_fail(&consumer->outages->settling, consumer->queue->error);
        hold(consumer, INT64_MAX);
    } while (may_tell_again(consumer, &backoff, &end_ns));
    release(consumer);
    consumer->unsettled = true;
    log_say(LOG_LEVEL_ERROR, consumer->settings->callee->name, 0,
            "%zu messages couldn't be settled; they are delivered again", consumer->batch.count);
}

/*
 * Whether the function itself has failed, on messages that it hadn't seen before. What it depends
 * on may be down, so failing all waiting messages one after the other would be useless. Messages
 * that are delivered again don't count, since they have been delayed already.
 */
static bool is_down(const struct consumer *consumer)
{
    bool seen = true;
    for (size_t i = 0; i < consumer->batch.count; i++) {
        if (consumer->ends[i] == MESSAGE_DONE)
            return false;
        seen = seen && consumer->batch.messages[i].deliveries > 1;
    }
    return !seen && consumer->worst >= 500;
}

/* Receives, runs and settles a batch. Returns how long to wait before the next one. */
static int64_t consume_batch(struct consumer *consumer, struct backoff *of_queue,
                             struct backoff *of_function)
{
    size_t most = (size_t)consumer->settings->batch;
    arena_reset(&consumer->received);
    if (!queue_receive(consumer->queue, most, RECEIVE_WAIT_MS, &consumer->received,
                       &consumer->batch)) {
        outage_fail(&consumer->outages->receiving, consumer->queue->error);
        return backoff_next(of_queue, CONSUMER_FIRST_MS, CONSUMER_MOST_MS);
    }
    if (!consumer->batch.count && !backoff_wait(0, consumer->settings->use.stop))
        return 0; /* the wait was interrupted, which isn't a failure of the queue */
    outage_end(&consumer->outages->receiving);
    backoff_reset(of_queue);
    if (!consumer->batch.count)
        return 0;
    run_batch(consumer);
    settle_batch(consumer);
    if (is_down(consumer))
        return backoff_next(of_function, CONSUMER_FIRST_MS, MOST_OF_FUNCTION_MS);
    backoff_reset(of_function);
    return 0;
}

void consumer_run(struct consumer *consumer)
{
    struct backoff of_queue = {0}, of_function = {0};
    int64_t wait_ms = 0;
    while (backoff_wait(wait_ms, consumer->settings->use.stop)) {
        wait_ms = consume_batch(consumer, &of_queue, &of_function);
        if (consumer->settings->once && consumer->batch.count)
            break;
    }
    ask_close(&consumer->ask); /* by the thread that may have started it: see program.h */
}
