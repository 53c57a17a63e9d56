/*
 * redis_talk.c - commands to Redis and their replies, and the setup of a new connection.
 *
 * Only necessary commands are sent, so that a user of Redis's ACL may have few permissions, and a
 * proxy may support few commands.
 */
#include "tool/consume/redis_talk.h"

#include <stdio.h>
#include <stdlib.h>

enum { REDIS_CONNECT_MS = 2000 };

struct words redis_words(struct arena *arena, size_t most)
{
    return (struct words){arena_array(arena, most, sizeof(dime_text)), 0};
}

void redis_add(struct words *words, dime_text word)
{
    if (words->items)
        words->items[words->count++] = word;
}

void redis_send(struct redis_queue *redis, const struct words *words, struct arena *arena)
{
    if (words->items)
        redis_link_command(&redis->link, words->items, words->count, arena);
    else
        COMMAND(redis, arena, TEXT("PING")); /* out of memory: the call will fail */
}

dime_text redis_number(struct arena *arena, int64_t number)
{
    char room[24];
    snprintf(room, sizeof room, "%lld", (long long)number);
    dime_text text = arena_copy(arena, text_of(room));
    return text.data ? text : TEXT("0");
}

/* Closes the connection, which can't be used any more. */
bool redis_nonsense(struct redis_queue *redis)
{
    redis_link_close(&redis->link);
    return queue_fail(&redis->queue, "its answer isn't valid");
}

/* The next reply. NULL: there is none, or it's an error; the call has failed. */
const struct redis_value *redis_check(struct redis_queue *redis, const struct redis_value *value)
{
    if (!value) {
        queue_fail(&redis->queue, "%s", redis->link.error);
    } else if (value->kind == REDIS_ERROR) {
        redis_link_close(&redis->link);
        queue_fail(&redis->queue, "%.*s", (int)value->text.length, value->text.data);
        value = NULL;
    }
    return value;
}

/* The next reply, which must be of this kind. */
const struct redis_value *redis_reply(struct redis_queue *redis, struct arena *arena,
                                      enum redis_kind kind)
{
    const struct redis_value *value =
        redis_check(redis, redis_link_reply(&redis->link, arena, REDIS_REPLY_MS));
    if (!value || value->kind == kind)
        return value;
    redis_nonsense(redis);
    return NULL;
}

/* Logs in, and selects the database. */
static bool log_in(struct redis_queue *redis, struct arena *arena)
{
    const struct redis_url *url = &redis->url;
    dime_text password = url->password;
    if (!password.length)
        password = text_of(getenv("REDISCLI_AUTH")); /* as for redis-cli */
    if (password.length) {
        if (url->user.length)
            COMMAND(redis, arena, TEXT("AUTH"), url->user, password);
        else
            COMMAND(redis, arena, TEXT("AUTH"), password);
        if (!redis_reply(redis, arena, REDIS_STRING))
            return false;
    }
    if (!url->database) /* a new connection uses database 0 */
        return true;
    COMMAND(redis, arena, TEXT("SELECT"), redis_number(arena, url->database));
    return redis_reply(redis, arena, REDIS_STRING);
}

/*
 * Makes the group and the stream if they don't exist. If that isn't permitted, the group may exist
 * all the same; otherwise the first receive reports an error.
 */
static bool make_group(struct redis_queue *redis, struct arena *arena)
{
    COMMAND(redis, arena, TEXT("XGROUP"), TEXT("CREATE"), redis->url.stream, redis->url.group,
            TEXT("0"), TEXT("MKSTREAM"));
    const struct redis_value *value = redis_link_reply(&redis->link, arena, REDIS_REPLY_MS);
    if (value && value->kind == REDIS_ERROR &&
        (text_starts(value->text, TEXT("BUSYGROUP")) || text_starts(value->text, TEXT("NOPERM"))))
        return true;
    value = redis_check(redis, value);
    return value && (value->kind == REDIS_STRING || redis_nonsense(redis));
}

bool redis_connect(struct redis_queue *redis, struct arena *arena)
{
    if (redis->link.context)
        return true;
    if (!redis_link_open(&redis->link, &redis->url, REDIS_CONNECT_MS))
        return queue_fail(&redis->queue, "%s", redis->link.error);
    return log_in(redis, arena) && (!redis->queue.use.consumer || make_group(redis, arena));
}

/* The stream, the group and the receipts as the arguments of a command. */
struct words redis_begin(const struct redis_queue *redis, const char *name, bool group, size_t most,
                         struct arena *arena)
{
    struct words words = redis_words(arena, most + 16);
    redis_add(&words, text_of(name));
    redis_add(&words, redis->url.stream);
    if (group)
        redis_add(&words, redis->url.group);
    return words;
}
