/*
 * answers.h - where the answers of a consumer go: another queue, or lines on stdout.
 *
 * On AWS a destination or a pipe does this. An answer is an event for the next function, and `dime
 * consume` can read a queue of answers: so functions can be chained, each with the answers of the
 * one before as its messages.
 */
#ifndef DIME_TOOL_CONSUME_ANSWERS_H
#define DIME_TOOL_CONSUME_ANSWERS_H

#include "events/invocation.h"
#include "tool/consume/outage.h"
#include "tool/consume/queue.h"

/* One for each thread. */
struct answers {
    struct queue *queue; /* NULL: stdout */
    struct arena arena;
    const char *function;  /* which function answers, for the log */
    struct outage *outage; /* failures to pass answers on; shared by all threads */
    int stop;              /* becomes readable when waits must end */
};

/*
 * Opens what URL names: a queue, with the other settings of USE, or stdout if it's "-". URL must
 * not be empty. Doesn't connect yet. The caller closes it. OUTAGE must outlast it. False: the URL
 * is wrong, or out of memory, and WHY says which; there is nothing to close.
 */
bool answers_open(struct answers *answers, const struct queue_use *use, dime_text url,
                  struct outage *outage, char why[QUEUE_ERROR]);

/* Disconnects and frees. */
void answers_close(struct answers *answers);

/*
 * Passes an answer on, into the queue or as a whole line, and keeps no reference to it. If stdout
 * is full, it waits for the reader, but only a few seconds once the consumer must stop. KEEP_ENDED:
 * the reader is gone. The log says why an answer isn't passed on.
 */
enum keep_end answers_pass(struct answers *answers, dime_text answer);

#endif
