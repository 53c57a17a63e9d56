/*
 * queue_open.c - picks the kind of queue by its URL.
 *
 * It's a file of its own, so that the kinds don't depend on each other.
 */
#include "tool/consume/queue.h"

#include <stdio.h>

struct queue *queue_open(const struct queue_use *use, char why[QUEUE_ERROR])
{
    if (text_starts(use->url, TEXT("redis://")) || text_starts(use->url, TEXT("redis+unix://")))
        return redis_queue_open(use, why);
    if (text_starts(use->url, TEXT("https://")) || text_starts(use->url, TEXT("http://")))
        return sqs_queue_open(use, why);
    if (text_starts(use->url, TEXT("rediss://")))
        snprintf(why, QUEUE_ERROR,
                 "TLS to Redis isn't supported; use stunnel, and give its address "
                 "as redis://HOST:PORT/STREAM");
    else
        snprintf(why, QUEUE_ERROR,
                 "write it as redis://HOST:PORT/STREAM, or as SQS has it, "
                 "https://sqs.REGION.amazonaws.com/ACCOUNT/NAME");
    return NULL;
}
