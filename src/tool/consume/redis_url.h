/*
 * redis_url.h - the URL of a queue in Redis: which server, which stream, and the queue's policy.
 *
 *     redis://[[USER]:PASSWORD@]HOST[:PORT]/STREAM[?SETTING=VALUE&...]
 *     redis://[[USER]:PASSWORD@]HOST[:PORT]/DATABASE?stream=STREAM[&SETTING=VALUE...]
 *     redis+unix://[[USER]:PASSWORD@]/PATH/TO/SOCKET?stream=STREAM[&SETTING=VALUE...]
 *
 * SQS keeps a queue's policy with the queue. Redis has no place for one, so the URL holds it, which
 * all consumers and senders of the queue are given.
 */
#ifndef DIME_TOOL_CONSUME_REDIS_URL_H
#define DIME_TOOL_CONSUME_REDIS_URL_H

#include "base/arena.h"
#include "base/text.h"

struct redis_url {
    const char *host;   /* with a NUL behind; NULL: the socket */
    const char *socket; /* likewise */
    int64_t port;
    dime_text user, password; /* empty: none */
    dime_text stream;
    dime_text group;
    int64_t database;
    int64_t deliveries; /* after so many that failed a message is a dead letter; 0: never */
    dime_text dead;     /* the stream of the dead letters */
    int64_t dead_most;  /* most that are kept, about; 0: all */
    int64_t most;       /* messages in the stream from which on nobody sends; 0: any number */
    bool keep;          /* what is done stays in the stream, for other groups */
};

/*
 * Reads TEXT. The arena owns what is decoded; the rest lies in TEXT. False: *WHY is a sentence on
 * what is wrong, or the arena has failed.
 */
bool redis_url_read(struct redis_url *url, dime_text text, struct arena *arena, const char **why);

#endif
