/*
 * redis_url.h - the URL of a queue in Redis: its server, its stream, and its policy.
 *
 *     redis://[[USER]:PASSWORD@]HOST[:PORT]/STREAM[?SETTING=VALUE&...]
 *     redis://[[USER]:PASSWORD@]HOST[:PORT]/DATABASE?stream=STREAM[&SETTING=VALUE...]
 *     redis+unix://[[USER]:PASSWORD@]/PATH/TO/SOCKET?stream=STREAM[&SETTING=VALUE...]
 *
 * SQS stores a queue's policy with the queue. Redis can't, so the policy is part of the URL, which
 * all consumers and senders of the queue share.
 */
#ifndef DIME_TOOL_CONSUME_REDIS_URL_H
#define DIME_TOOL_CONSUME_REDIS_URL_H

#include "base/arena.h"
#include "base/text.h"

struct redis_url {
    const char *host;   /* NUL-terminated; NULL: use the socket */
    const char *socket; /* likewise */
    int64_t port;
    dime_text user, password; /* empty: none */
    dime_text stream;
    dime_text group;
    int64_t database;
    int64_t deliveries; /* how many may fail before a message is a dead letter; 0: any number */
    dime_text dead;     /* the stream of the dead letters */
    int64_t dead_most;  /* how many to keep, about; 0: all */
    int64_t most;       /* with so many messages in the stream, sending fails; 0: no limit */
    bool keep;          /* messages that are done stay in the stream, for other groups */
};

/*
 * Parses TEXT. The arena owns decoded texts; the others point into TEXT. False: *WHY is a sentence
 * on what is wrong, or the arena has failed.
 */
bool redis_url_read(struct redis_url *url, dime_text text, struct arena *arena, const char **why);

#endif
