/*
 * queue_event.h - messages of a queue as the event of SQS that Lambda would hand to a function.
 *
 * A function then is the same on Lambda and here, and whoever writes one can try it with
 * `dime invoke` before there is a queue.
 */
#ifndef DIME_TOOL_CONSUME_QUEUE_EVENT_H
#define DIME_TOOL_CONSUME_QUEUE_EVENT_H

#include "base/buffer.h"
#include "tool/consume/queue.h"

/*
 * Writes an event of the batch's messages from FIRST on, as many as fit into EVENT, at least one of
 * them. Returns the number of the first that isn't in it. Where EVENT has failed memory has ended.
 */
size_t queue_event(const struct queue *queue, const struct queue_batch *batch, size_t first,
                   struct buffer *event);

#endif
