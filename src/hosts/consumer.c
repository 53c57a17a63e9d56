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

#include "core/clock.h"
#include "core/log.h"
#include "core/request.h"
#include "hosts/backoff.h"
#include "hosts/consume.h"
#include "hosts/queue_event.h"

enum {
    WAIT_MS = 400,                      /* for messages, where a wait can't be broken off */
    FIRST_MS = 100,                     /* of a wait after a failure */
    MOST_MS = 3000,                     /* so that who comes back is found soon */
    MOST_OF_FUNCTION_MS = 30000,        /* where it's not the queue that fails */
    GRACE_MS = 5000,                    /* for the last word to a queue, once it's to be stopped */
    EVENT_LIMIT = 2 * INVOKE_EVENT_MAX, /* one message more than goes into it is tried */
};

/* Says that the queue fails, or with an empty sentence that it answers; the same only once. */
static void say(struct consumer *consumer, const char *sentence)
{
    const char *function = consumer->settings->function->name;
    if (strncmp(consumer->said, sentence, sizeof consumer->said - 1) == 0)
        return;
    if (*sentence)
        log_say(LOG_LEVEL_ERROR, function, 0, "the queue fails, and is tried again: %s", sentence);
    else
        log_say(LOG_LEVEL_INFO, function, 0, "the queue answers again");
    (void)snprintf(consumer->said, sizeof consumer->said, "%s", sentence);
}

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

static void release(struct consumer *consumer)
{
    pthread_mutex_lock(&consumer->held.lock);
    consumer->held.count = 0;
    pthread_mutex_unlock(&consumer->held.lock);
}

/* Notes what has become of the messages FIRST to END, which were one event. */
static void take_verdicts(struct consumer *consumer, size_t first, size_t end, bool answered)
{
    const struct invocation *invocation = &consumer->invocation;
    bool told = answered && invocation->event.shape == EVENT_QUEUE;
    for (size_t i = first; i < end; i++)
        consumer->failed[i] =
            !told || (invocation->event.failed ? invocation->event.failed[i - first]
                                               : invocation->response.status >= 400);
    int status = told ? invocation->response.status : 503;
    consumer->worst = status > consumer->worst ? status : consumer->worst;
}

/* Ends all of them: whatever they do would be done again, and again for nobody. */
static void give_up(struct consumer *consumer)
{
    consumer->unread = true;
    log_say(LOG_LEVEL_ERROR, consumer->settings->function->name, 0,
            "nobody reads the answers; it ends, and what has none comes again");
    (void)eventfd_write(consumer->settings->use.stop, 1);
}

bool consumer_keep(void *context, struct text answer)
{
    struct consumer *consumer = context;
    struct backoff backoff = {0};
    enum answers_end end;
    while ((end = answers_pass(&consumer->answers, answer)) == ANSWERS_LATER &&
           !consumer->settings->once) {
        hold(consumer, INT64_MAX);
        if (!backoff_wait(backoff_next(&backoff, FIRST_MS, MOST_MS), consumer->settings->use.stop))
            break;
    }
    if (end == ANSWERS_GONE && !consumer->unread)
        give_up(consumer);
    return end == ANSWERS_PASSED;
}

/* Runs the function on as many messages from FIRST on as go into one event; returns the next. */
static size_t run_event(struct consumer *consumer, size_t first)
{
    const struct queue_batch *batch = &consumer->batch;
    struct buffer event;
    arena_reset(&consumer->event);
    buffer_open(&event, &consumer->event, EVENT_LIMIT);
    size_t end = queue_event(consumer->queue, batch, first, &event);
    if (event.failed) {
        log_say(LOG_LEVEL_ERROR, consumer->settings->function->name, 0,
                "there is no memory for %zu messages; they come again", batch->count - first);
        take_verdicts(consumer, first, batch->count, false);
        return batch->count;
    }
    struct text answer =
        invoke(&consumer->invocation, &consumer->invoker, buffer_text(&event), &consumer->event);
    take_verdicts(consumer, first, end, answer.data);
    invoke_log(&consumer->invocation, &consumer->invoker, "queue", event.length, answer.length);
    return end;
}

static void run_batch(struct consumer *consumer)
{
    int64_t timeout_ms = consumer->settings->timeout_ms;
    char id[33];
    request_make_id(id);
    consumer->invoker.id = text_of(id);
    consumer->invoker.deadline_ms = clock_epoch_ms() + timeout_ms;
    consumer->worst = 0;
    hold(consumer, clock_monotonic_ns() + timeout_ms * 1000000);
    for (size_t next = 0; next < consumer->batch.count;)
        next = run_event(consumer, next);
    consumer->invoker.id = (struct text){0};
}

/* Waits before the queue is told again; false: it's to be stopped, and was tried for long enough.
 */
static bool may_tell_again(struct consumer *consumer, struct backoff *backoff, int64_t *end_ns)
{
    if (backoff_wait(backoff_next(backoff, FIRST_MS, MOST_MS), consumer->settings->use.stop))
        return true;
    int64_t now_ns = clock_monotonic_ns();
    if (!*end_ns)
        *end_ns = now_ns + GRACE_MS * 1000000LL;
    return now_ns < *end_ns && backoff_wait(FIRST_MS, -1);
}

/* Tells the queue what has become of the batch, until it has heard it. */
static void settle_batch(struct consumer *consumer)
{
    struct backoff backoff = {0};
    int64_t end_ns = 0;
    do {
        release(consumer);
        arena_reset(&consumer->event); /* its event is done with */
        if (queue_settle(consumer->queue, &consumer->batch, consumer->failed, &consumer->event))
            return;
        say(consumer, consumer->queue->error);
        hold(consumer, INT64_MAX);
    } while (may_tell_again(consumer, &backoff, &end_ns));
    release(consumer);
    consumer->unsettled = true;
    log_say(LOG_LEVEL_ERROR, consumer->settings->function->name, 0,
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
        if (!consumer->failed[i])
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
    if (!queue_receive(consumer->queue, most, WAIT_MS, &consumer->received, &consumer->batch)) {
        say(consumer, consumer->queue->error);
        return backoff_next(of_queue, FIRST_MS, MOST_MS);
    }
    if (!consumer->batch.count && !backoff_wait(0, consumer->settings->use.stop))
        return 0; /* the wait was broken off, and says nothing of the queue */
    say(consumer, "");
    backoff_reset(of_queue);
    if (!consumer->batch.count)
        return 0;
    run_batch(consumer);
    settle_batch(consumer);
    if (is_down(consumer))
        return backoff_next(of_function, FIRST_MS, MOST_OF_FUNCTION_MS);
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
}
