/*
 * redis_talk.h - the inside of a queue in Redis: its connection, commands and replies.
 *
 * Only the files of this queue include it. A command is put together word by word and sent when its
 * reply is waited for, so several go out at once. A reply that isn't what was asked for ends the
 * connection, since nothing that follows it can be trusted.
 */
#ifndef DIME_TOOL_CONSUME_REDIS_TALK_H
#define DIME_TOOL_CONSUME_REDIS_TALK_H

#include "tool/consume/queue.h"
#include "tool/consume/redis_link.h"
#include "tool/consume/redis_look.h"

/* How long a reply may take. */
enum { REDIS_REPLY_MS = 2000 };

struct redis_queue {
    struct queue queue;
    struct redis_url url;
    struct arena arena; /* of the URL */
    struct redis_link link;
    dime_text consumer;
    struct redis_look
        *look; /* for what others have left; that of the queue beside, if there is one */
    struct redis_look own;
    size_t most; /* messages of a reply, since more of them were too much */
};

/* Sends a command of some words. */
#define COMMAND(redis, arena, ...)                                                                 \
    redis_link_command(&(redis)->link, (const dime_text[]){__VA_ARGS__},                           \
                       sizeof(const dime_text[]){__VA_ARGS__} / sizeof(dime_text), arena)

/* Commands of any length. Where there is no memory for one, the reply to it will say so. */
struct words {
    dime_text *items;
    size_t count;
};

/* Room for MOST words. */
struct words redis_words(struct arena *arena, size_t most);
void redis_add(struct words *words, dime_text word);
void redis_send(struct redis_queue *redis, const struct words *words, struct arena *arena);

/* The stream and the group, where GROUP says so, behind a command's name; room for MOST more. */
struct words redis_begin(const struct redis_queue *redis, const char *name, bool group, size_t most,
                         struct arena *arena);

/* A number in digits. */
dime_text redis_number(struct arena *arena, int64_t number);

/* Ends the connection, of which nothing can be trusted any more. Returns false. */
bool redis_nonsense(struct redis_queue *redis);

/* A reply, unless it's an error or there is none; NULL: the call has failed. */
const struct redis_value *redis_check(struct redis_queue *redis, const struct redis_value *value);

/* The next reply, which must be of this kind; NULL: the call has failed. */
const struct redis_value *redis_reply(struct redis_queue *redis, struct arena *arena,
                                      enum redis_kind kind);

/* Connects, logs in and makes the group, where that isn't done yet. False: the call has failed. */
bool redis_connect(struct redis_queue *redis, struct arena *arena);

#endif
