/*
 * batch.h - the messages of a queue, each through the function by itself.
 *
 * A queue hands over some messages at once to save calls; those who sent them know nothing of each
 * other. So one that fails must not bring back those that didn't.
 */
#ifndef DIME_EVENTS_BATCH_H
#define DIME_EVENTS_BATCH_H

#include "events/invocation.h"

/*
 * Runs the function on each message of the EVENT_QUEUE that BATCH holds, one after the other, and
 * notes what became of each. A message that can never succeed fails too, so that the queue's own
 * policy moves it to the dead letters. One is left where the deadline is near, or where an earlier
 * one of its group in an ordered queue hasn't succeeded. The response has the worst status.
 */
void batch_invoke(struct invocation *batch, const struct invoker *invoker, struct arena *arena);

#endif
