/*
 * redis_claim.h - messages that were handed to a consumer before: taken over, buried, forgotten.
 *
 * Only the files of the queue in Redis include it. What others have left, and what has failed,
 * comes again once it has been pending for as long as a message is hidden.
 */
#ifndef DIME_TOOL_CONSUME_REDIS_CLAIM_H
#define DIME_TOOL_CONSUME_REDIS_CLAIM_H

#include "tool/consume/redis_talk.h"

/* Adds the entries of a reply to the batch; one that has been deleted in the meantime is nil. */
bool redis_take(struct redis_queue *redis, const struct redis_value *entries, size_t most,
                struct arena *arena, struct queue_batch *batch);

/* Takes over at most MOST messages that are due, if it's time to look for them, as *STEP says. */
bool redis_claim(struct redis_queue *redis, size_t most, struct arena *arena,
                 struct queue_batch *batch, enum redis_step *step);

/* Copies the messages that NAMES says to the dead letters. */
bool redis_bury(struct redis_queue *redis, const struct queue_batch *batch, const bool *names,
                struct arena *arena);

/* Makes sure that messages never come again: those that NAMES says. */
bool redis_forget(struct redis_queue *redis, const struct queue_batch *batch, const bool *names,
                  struct arena *arena);

#endif
