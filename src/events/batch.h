/*
 * batch.h - runs a function on each message of a queue separately.
 *
 * A queue delivers several messages at once to save calls, but the messages are independent. So a
 * message that fails must not cause the others to be delivered again.
 */
#ifndef DIME_EVENTS_BATCH_H
#define DIME_EVENTS_BATCH_H

#include "events/invocation.h"

/*
 * Runs the function on each message of the EVENT_QUEUE in BATCH, one after the other, and records
 * each result. A message that can never succeed fails too, so that the queue's own policy moves it
 * to the dead letters. A message is skipped if the deadline is near, or if an earlier one of its
 * group in an ordered queue hasn't succeeded. The response has the worst status.
 */
void batch_invoke(struct invocation *batch, const struct invoker *invoker, struct arena *arena);

#endif
