/*
 * redis_talk.h - the internals of a queue in Redis: its connection, commands and replies.
 *
 * Only the files of this queue include it. A command is composed word by word, and sent when its
 * reply is waited for, so that several are sent at once. An unexpected reply closes the connection,
 * since nothing that follows can be trusted.
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
    struct redis_look *look; /* schedules looking for others' messages; shared with `beside` */
    struct redis_look own;
    size_t most; /* messages in a reply, after a larger one was too much */
};

/* Sends a command of some words. */
#define COMMAND(redis, arena, ...)                                                                 \
    redis_link_command(&(redis)->link, (const dime_text[]){__VA_ARGS__},                           \
                       sizeof(const dime_text[]){__VA_ARGS__} / sizeof(dime_text), arena)

/* Commands of any length. If memory runs out, the reply reports it. */
struct words {
    dime_text *items;
    size_t count;
};

/* Allocates space for MOST words. */
struct words redis_words(struct arena *arena, size_t most);
void redis_add(struct words *words, dime_text word);
void redis_send(struct redis_queue *redis, const struct words *words, struct arena *arena);

/* A command's name, the stream and, if GROUP is set, the group; with space for MOST more words. */
struct words redis_begin(const struct redis_queue *redis, const char *name, bool group, size_t most,
                         struct arena *arena);

/* A number as text. */
dime_text redis_number(struct arena *arena, int64_t number);

/* Closes the connection after an unexpected reply. Returns false. */
bool redis_nonsense(struct redis_queue *redis);

/* The next reply. NULL: there is none, or it's an error; the call has failed. */
const struct redis_value *redis_check(struct redis_queue *redis, const struct redis_value *value);

/* The next reply, which must be of this kind. NULL: the call has failed. */
const struct redis_value *redis_reply(struct redis_queue *redis, struct arena *arena,
                                      enum redis_kind kind);

/* Connects, logs in and makes the group, unless that is done. False: the call has failed. */
bool redis_connect(struct redis_queue *redis, struct arena *arena);

#endif
