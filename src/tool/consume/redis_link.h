/*
 * redis_link.h - a connection to Redis: sends commands and receives replies, with timeouts.
 *
 * hiredis connects, writes commands and parses replies. The parsed replies are put into an arena
 * instead of hiredis's own objects, so that a reply is freed at once, and a server that announces a
 * billion items is refused. Waiting is done here too, so that a server that stalls costs no CPU
 * time, and no call exceeds its timeout.
 */
#ifndef DIME_TOOL_CONSUME_REDIS_LINK_H
#define DIME_TOOL_CONSUME_REDIS_LINK_H

#include "base/arena.h"
#include "base/text.h"
#include "tool/consume/redis_url.h"

/* The kinds of RESP2. REDIS_OTHER is a kind that only RESP3 has, which isn't used here. */
enum redis_kind {
    REDIS_NIL,
    REDIS_STRING,
    REDIS_NUMBER,
    REDIS_ARRAY,
    REDIS_ERROR,
    REDIS_OTHER,
};

struct redis_value {
    enum redis_kind kind;
    int64_t number;
    dime_text text; /* of REDIS_STRING and REDIS_ERROR */
    size_t count;   /* of REDIS_ARRAY */
    struct redis_value *items;
};

struct redisContext;

struct redis_link {
    struct redisContext *context; /* NULL: not connected */
    struct arena *arena;          /* of the replies */
    bool failed;                  /* a command couldn't be written; reported by the next reply */
    bool too_much;                /* it broke because a reply was too large */
    char error[192];              /* why the link broke */
};

/* Connects within TIMEOUT_MS; resolving a name may take longer. False: `error` says why. */
bool redis_link_open(struct redis_link *link, const struct redis_url *url, int64_t timeout_ms);

/* Disconnects, if it's connected. */
void redis_link_close(struct redis_link *link);

/* Adds a command, which redis_link_reply will send. There are as many replies as commands. */
void redis_link_command(struct redis_link *link, const dime_text *words, size_t count,
                        struct arena *arena);

/*
 * The next reply, which ARENA owns; it may be a REDIS_ERROR. Waits at most TIMEOUT_MS. NULL: there
 * is none, `error` says why, and the link is closed.
 */
const struct redis_value *redis_link_reply(struct redis_link *link, struct arena *arena,
                                           int64_t timeout_ms);

#endif
