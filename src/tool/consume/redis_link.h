/*
 * redis_link.h - a connection to Redis: commands out, replies in, each within its time.
 *
 * hiredis connects, writes commands and parses replies. What it parses is put into an arena here
 * and not into its own objects, so that a reply is given back at once, and that a server which
 * announces a billion items is refused and not believed. Waiting is done here too, since a server
 * that stalls must cost neither the processor nor more than the time that a call may take.
 */
#ifndef DIME_TOOL_CONSUME_REDIS_LINK_H
#define DIME_TOOL_CONSUME_REDIS_LINK_H

#include "base/arena.h"
#include "base/text.h"
#include "tool/consume/redis_url.h"

/* The kinds of RESP2. REDIS_OTHER is what only RESP3 has: nobody has asked for any of it. */
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
    bool failed;                  /* a command couldn't be written; the next reply says so */
    bool too_much;                /* it broke since a reply was too large */
    char error[192];              /* why the link broke */
};

/* Connects within TIMEOUT_MS; the name of a host may take longer. False: `error` says why not. */
bool redis_link_open(struct redis_link *link, const struct redis_url *url, int64_t timeout_ms);

/* Disconnects, if it's connected. */
void redis_link_close(struct redis_link *link);

/* Adds a command; it's sent when a reply is waited for. There are as many replies as commands. */
void redis_link_command(struct redis_link *link, const dime_text *words, size_t count,
                        struct arena *arena);

/*
 * The next reply, which ARENA owns; it may be a REDIS_ERROR. Waits at most TIMEOUT_MS for it. NULL:
 * there is none, `error` says why, and the link is closed.
 */
const struct redis_value *redis_link_reply(struct redis_link *link, struct arena *arena,
                                           int64_t timeout_ms);

#endif
