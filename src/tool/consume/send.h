/*
 * send.h - puts messages into a queue: `dime send`.
 *
 * A queue that can be filled with the same program that empties it needs no other tool to be tried
 * with.
 */
#ifndef DIME_TOOL_CONSUME_SEND_H
#define DIME_TOOL_CONSUME_SEND_H

#include <stdbool.h>

#include "tool/consume/queue.h"

struct send_settings {
    struct queue_use use;
    const char *file; /* NULL or "-": stdin */
    bool lines;       /* each line is a message; else all of it is one */
};

/*
 * Sends, and prints each message's id. Returns the exit status: 0; 1 where the queue or stdout
 * failed; 2 where there is nothing to send, or something can't be sent. What it was is on stderr.
 */
int send_messages(const struct send_settings *settings);

#endif
