/*
 * consumer.c - one thread that consumes.
 *
 * The order is what keeps a message from being lost: it's acknowledged after its function has
 * answered, and whatever goes wrong before that leaves it to the queue, which delivers it again.
 * Where the queue can't be told that a batch is done, it's told again until it hears it, since the
 * work would be done twice otherwise.
 */
#include <stdio.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "request/log.h"
#include "request/request.h"
#include "base/backoff.h"
#include "tool/consume/consume.h"

enum {
    RECEIVE_WAIT_MS = 400,       /* for messages, where a wait can't be broken off */
    CONSUMER_FIRST_MS = 100,     /* of a wait after a failure */
    CONSUMER_MOST_MS = 3000,     /* so that who comes back is found soon */
    MOST_OF_FUNCTION_MS = 30000, /* where it's not the queue that fails */
    GRACE_MS = 5000,             /* for the last word to a queue, once it's to be stopped */
    ID_MAX = 4096,               /* bytes of a message's id in JSON */
};

/* Lets the keeper know what is to be kept hidden. */
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

/* Ends all of them: whatever they do would be done again, and again for nobody. */
static void give_up(struct consumer *consumer)
{
    consumer->unread = true;
    (void)eventfd_write(consumer->settings->use.stop, 1);
}

/* Tries until the answer is passed on, or can't ever be, or it's to be stopped. */
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
 * A message as events know them. A body that isn't text of UTF-8, or that is longer than SQS takes,
 * is none that a function could be handed: it fails.
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

/* Notes what has become of the messages. */
static void take_verdicts(struct consumer *consumer)
{
    const struct invocation *invocation = &consumer->invocation;
    const enum message_end *ends = invocation->event.ends;
    for (size_t i = 0; i < consumer->batch.count; i++)
        consumer->ends[i] = ends ? ends[i] : MESSAGE_FAILED;
    consumer->worst = invocation->response.status;
}

/* Hands the messages to the function, one after the other. */
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

/* Waits before the queue is told again; false: it's to be stopped, and was tried for long enough.
 */
static bool may_tell_again(struct consumer *consumer, struct backoff *backoff, int64_t *end_ns)
{
    if (backoff_wait(backoff_next(backoff, CONSUMER_FIRST_MS, CONSUMER_MOST_MS),
                     consumer->settings->use.stop))
        return true;
    if (!*end_ns)
        *end_ns = clock_in_ms(GRACE_MS);
    return clock_left_ms(*end_ns) > 0 && backoff_wait(CONSUMER_FIRST_MS, -1);
}

/* A queue that has been told what is done may still refuse to bring back sooner what isn't. */
static void note_settled(const struct consumer *consumer)
{
    outage_end(&consumer->outages->settling);
    if (consumer->queue->error[0])
        outage_fail(&consumer->outages->hastening, consumer->queue->error);
}

/* Tells the queue what has become of the batch, until it has heard it. */
static void settle_batch(struct consumer *consumer)
{
    struct backoff backoff = {0};
    int64_t end_ns = 0;
    do {
        release(consumer);
        arena_reset(&consumer->event); /* its event is done with */
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
            "the queue couldn't be told what has become of %zu messages; they come again",
            consumer->batch.count);
}

/*
 * Whether the function has failed by itself, on messages that it hadn't seen before: what it needs
 * may be down, and there is no use in failing all that waits, one after the other. What comes again
 * says nothing new, and has had its wait.
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

/* Receives, runs and settles one batch. Returns how long to wait before the next one. */
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
        return 0; /* the wait was broken off, and says nothing of the queue */
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
