/*
 * redis_entry.h - an entry of a stream as a message.
 *
 * The body is the entry's field `body`; an entry without one, as people add it by hand, is the
 * object of its fields.
 */
#ifndef DIME_TOOL_CONSUME_REDIS_ENTRY_H
#define DIME_TOOL_CONSUME_REDIS_ENTRY_H

#include "tool/consume/queue.h"
#include "tool/consume/redis_link.h"

/* Whether VALUE is an entry of a stream: its id, and its names and values in turns. */
bool redis_entry_is(const struct redis_value *value);

/*
 * Makes a message of an entry. What isn't in the entry is the arena's, which has failed where
 * memory runs out.
 */
void redis_entry_read(const struct redis_value *entry, int64_t deliveries, struct arena *arena,
                      struct queue_message *message);

#endif
