/*
 * queue.c - what all kinds of queues share.
 *
 * A call that fails leaves only a sentence: the caller waits and retries, and the queue reconnects.
 */
#include "tool/consume/queue.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/number.h"

void queue_close(struct queue *queue)
{
    if (queue)
        queue->kind->close(queue);
}

bool queue_receive(struct queue *queue, size_t most, int64_t wait_ms, struct arena *arena,
                   struct queue_batch *batch)
{
    batch->count = 0;
    most = most < queue->batch_max ? most : queue->batch_max;
    if (queue->kind->receive(queue, most, wait_ms, arena, batch))
        return !arena->failed || queue_fail(queue, "out of memory for its messages");
    batch->count = 0;
    return false;
}

bool queue_settle(struct queue *queue, const struct queue_batch *batch,
                  const enum message_end *ends, struct arena *arena)
{
    queue->error[0] = '\0';
    return queue->kind->settle(queue, batch, ends, arena);
}

bool queue_extend(struct queue *queue, const dime_text *receipts, size_t count, struct arena *arena)
{
    return queue->kind->extend(queue, receipts, count, arena);
}

bool queue_send(struct queue *queue, const dime_text *bodies, size_t count, dime_text *ids,
                struct arena *arena)
{
    for (size_t i = 0; i < count; i++)
        ids[i] = (dime_text){0};
    queue->refused = false;
    return queue->kind->send(queue, bodies, count, ids, arena);
}

bool queue_fail(struct queue *queue, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(queue->error, sizeof queue->error, format, arguments);
    va_end(arguments);
    return false;
}

void queue_rest(const struct queue *queue, int64_t started_ns, int64_t wait_ms)
{
    int64_t waited_ms = clock_since_ms(started_ns);
    if (waited_ms < wait_ms / 2)
        (void)backoff_wait(wait_ms - waited_ms, queue->use.stop);
}

int64_t queue_retry_ms(const struct queue_use *use, int64_t deliveries)
{
    int64_t delay_ms = use->retry_ms;
    while (--deliveries > 0 && delay_ms < use->visibility_ms)
        delay_ms *= 2;
    return backoff_vary(smaller(delay_ms, use->visibility_ms));
}
