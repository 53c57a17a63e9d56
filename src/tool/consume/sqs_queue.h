/*
 * sqs_queue.h - a queue of Amazon SQS, or of a server that speaks its protocol, behind
 * hosts/queue.h.
 *
 * What becomes of a message that fails again and again is the queue's own policy there.
 */
#ifndef DIME_TOOL_CONSUME_SQS_QUEUE_H
#define DIME_TOOL_CONSUME_SQS_QUEUE_H

#include "tool/consume/queue.h"

/* As queue_open, for a URL that begins with http:// or https://. */
struct queue *sqs_queue_open(const struct queue_use *use, char why[QUEUE_ERROR]);

#endif
