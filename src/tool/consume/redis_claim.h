/*
 * redis_claim.h - claims pending messages of Redis, makes dead letters, and acknowledges.
 *
 * Only the files of the queue in Redis include it. Messages of dead consumers, and failed ones, are
 * delivered again once they have been pending for the visibility time.
 */
#ifndef DIME_TOOL_CONSUME_REDIS_CLAIM_H
#define DIME_TOOL_CONSUME_REDIS_CLAIM_H

#include "tool/consume/redis_talk.h"

/* Adds the entries of a reply to the batch; an entry that was deleted meanwhile is nil. */
bool redis_take(struct redis_queue *redis, const struct redis_value *entries, size_t most,
                struct arena *arena, struct queue_batch *batch);

/* Claims at most MOST messages that are due, if it's time to look for them; sets *STEP. */
bool redis_claim(struct redis_queue *redis, size_t most, struct arena *arena,
                 struct queue_batch *batch, enum redis_step *step);

/* Copies the messages that NAMES selects to the dead letters. */
bool redis_bury(struct redis_queue *redis, const struct queue_batch *batch, const bool *names,
                struct arena *arena);

/* Acknowledges the messages that NAMES selects. */
bool redis_forget(struct redis_queue *redis, const struct queue_batch *batch, const bool *names,
                  struct arena *arena);

#endif
