/*
 * redis_queue.h - a stream of Redis as a queue, behind queue.h.
 *
 * The stream's consumer group holds what was received and isn't done: its list of pending entries
 * is what the hidden messages are at SQS.
 */
#ifndef DIME_TOOL_CONSUME_REDIS_QUEUE_H
#define DIME_TOOL_CONSUME_REDIS_QUEUE_H

#include "tool/consume/queue.h"

/* As queue_open, for a URL that begins with redis. */
struct queue *redis_queue_open(const struct queue_use *use, char why[QUEUE_ERROR]);

#endif
