/*
 * answers.h - where the answers of a consumer go: another queue, or lines on stdout.
 *
 * On AWS a destination or a pipe takes them. An answer is an event for the next function, so a
 * queue of answers is one that `dime consume` can read: functions stand one behind the other, each
 * with the messages of the one before it.
 */
#ifndef DIME_TOOL_CONSUME_ANSWERS_H
#define DIME_TOOL_CONSUME_ANSWERS_H

#include "events/invocation.h"
#include "tool/consume/outage.h"
#include "tool/consume/queue.h"

/* A thread's own. */
struct answers {
    struct queue *queue; /* NULL: stdout */
    struct arena arena;
    const char *function;  /* whose answers they are, for the log */
    struct outage *outage; /* of what can't be passed on now; of all threads */
    int stop;              /* can be read from when nobody is to wait any more */
};

/*
 * Opens what URL names, which isn't empty: a queue, used as USE is, or stdout where it's "-".
 * Connects to nobody; the caller closes it. OUTAGE must outlast it. False: the URL is wrong, or
 * there is no memory, and WHY says which; there is nothing to close.
 */
bool answers_open(struct answers *answers, const struct queue_use *use, dime_text url,
                  struct outage *outage, char why[QUEUE_ERROR]);

/* Disconnects and frees. */
void answers_close(struct answers *answers);

/*
 * Passes an answer on, of which it keeps nothing: into the queue, or as a whole line. Where nobody
 * reads stdout it waits for a reader, but only a few seconds once it's to stop; KEEP_ENDED: nobody
 * will read it any more. The log says why an answer isn't passed on.
 */
enum keep_end answers_pass(struct answers *answers, dime_text answer);

#endif
