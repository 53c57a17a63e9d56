/*
 * send.h - puts messages into a queue: `dime send`.
 *
 * With it no other tool is needed to try a queue: the same program fills it and empties it.
 */
#ifndef DIME_TOOL_CONSUME_SEND_H
#define DIME_TOOL_CONSUME_SEND_H

#include <stdbool.h>

#include "tool/consume/queue.h"

struct send_settings {
    struct queue_use use;
    const char *file; /* NULL or "-": stdin */
    bool lines;       /* each line is a message; else the whole input is one */
};

/*
 * Sends the messages, and prints their ids. Returns the exit status: 0; 1: the queue or stdout
 * failed; 2: there is nothing to send, or a message can't be sent. Errors are printed to stderr.
 */
int send_messages(const struct send_settings *settings);

#endif
