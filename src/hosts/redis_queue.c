/*
 * redis_queue.c - a stream of Redis as a queue (Redis 6.2 or later; its page "Redis streams").
 *
 * New messages come by XREADGROUP. What a consumer that is gone has left, and what has failed, is
 * taken over by XAUTOCLAIM once it has been idle for as long as a message is hidden: to hide one
 * longer is XCLAIM, which sets the idle time back, and to have it sooner is XCLAIM with an idle
 * time that is almost over. A message that has failed too often goes to the stream of the dead
 * letters first and is acknowledged then: between the two there may be two of it, never none.
 */
#include "hosts/redis_queue.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/buffer.h"
#include "core/clock.h"
#include "core/log.h"
#include "hosts/redis_entry.h"
#include "hosts/redis_link.h"

enum {
    CONNECT_MS = 2000,
    REPLY_MS = 2000,
    CLAIM_MS = 500, /* between looks for messages to take over, at most */
    URL_MEMORY = 16 * 1024,
};

#define ARN    "arn:aws:sqs:local:000000000000:"
#define ANEW   "0-0" /* a cursor at its beginning */
#define NS(ms) ((ms)*INT64_C(1000000))

struct redis_queue {
    struct queue queue;
    struct redis_url url;
    struct arena arena; /* of the URL */
    struct redis_link link;
    struct text consumer;
    char cursor[48];  /* where XAUTOCLAIM goes on */
    int64_t claim_ns; /* when it begins again */
    int64_t retry_ns; /* when what has failed here is due, the first of it; 0: nothing */
    size_t most;      /* messages of a reply, since more of them were too much */
};

#define COMMAND(redis, arena, ...)                                                                 \
    redis_link_command(&(redis)->link, (const struct text[]){__VA_ARGS__},                         \
                       sizeof(const struct text[]){__VA_ARGS__} / sizeof(struct text), arena)

/* Commands of any length, put together word by word. */
struct words {
    struct text *items;
    size_t count;
};

static struct words words_of(struct arena *arena, size_t most)
{
    return (struct words){arena_array(arena, most, sizeof(struct text)), 0};
}

static void add(struct words *words, struct text word)
{
    if (words->items)
        words->items[words->count++] = word;
}

static void send_words(struct redis_queue *redis, const struct words *words, struct arena *arena)
{
    if (words->items)
        redis_link_command(&redis->link, words->items, words->count, arena);
    else
        COMMAND(redis, arena, TEXT("PING")); /* the arena has failed, and so will the call */
}

static struct text number_text(struct arena *arena, int64_t number)
{
    char room[24];
    snprintf(room, sizeof room, "%lld", (long long)number);
    struct text text = arena_copy(arena, text_of(room));
    return text.data ? text : TEXT("0");
}

/* The connection is of no use any more. */
static bool nonsense(struct redis_queue *redis)
{
    redis_link_close(&redis->link);
    return queue_fail(&redis->queue, "its answer is nonsense");
}

/* A reply, unless it's an error or there is none; NULL: the call has failed. */
static const struct redis_value *check_reply(struct redis_queue *redis,
                                             const struct redis_value *value)
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
static const struct redis_value *reply(struct redis_queue *redis, struct arena *arena,
                                       enum redis_kind kind)
{
    const struct redis_value *value =
        check_reply(redis, redis_link_reply(&redis->link, arena, REPLY_MS));
    if (!value || value->kind == kind)
        return value;
    nonsense(redis);
    return NULL;
}

/* Says who we are, and which database it is. */
static bool log_in(struct redis_queue *redis, struct arena *arena)
{
    const struct redis_url *url = &redis->url;
    struct text password = url->password;
    if (!password.length)
        password = text_of(getenv("REDISCLI_AUTH")); /* as redis-cli has it */
    if (password.length) {
        if (url->user.length)
            COMMAND(redis, arena, TEXT("AUTH"), url->user, password);
        else
            COMMAND(redis, arena, TEXT("AUTH"), password);
        if (!reply(redis, arena, REDIS_STRING))
            return false;
    }
    COMMAND(redis, arena, TEXT("SELECT"), number_text(arena, url->database));
    return reply(redis, arena, REDIS_STRING);
}

/* Makes the group, and with it the stream, where there is none yet. */
static bool make_group(struct redis_queue *redis, struct arena *arena)
{
    COMMAND(redis, arena, TEXT("XGROUP"), TEXT("CREATE"), redis->url.stream, redis->url.group,
            TEXT("0"), TEXT("MKSTREAM"));
    const struct redis_value *value = redis_link_reply(&redis->link, arena, REPLY_MS);
    if (value && value->kind == REDIS_ERROR && text_starts(value->text, TEXT("BUSYGROUP")))
        return true;
    value = check_reply(redis, value);
    return value && (value->kind == REDIS_STRING || nonsense(redis));
}

static bool connect_to(struct redis_queue *redis, struct arena *arena)
{
    if (redis->link.context)
        return true;
    if (!redis_link_open(&redis->link, &redis->url, CONNECT_MS))
        return queue_fail(&redis->queue, "%s", redis->link.error);
    return log_in(redis, arena) && (!redis->queue.use.consumer || make_group(redis, arena));
}

/* Adds the entries to the batch; one that has been deleted in the meantime is nil. */
static bool take_entries(struct redis_queue *redis, const struct redis_value *entries, size_t most,
                         struct arena *arena, struct queue_batch *batch)
{
    if (entries->kind != REDIS_ARRAY || entries->count > most - batch->count)
        return nonsense(redis);
    for (size_t i = 0; i < entries->count; i++) {
        const struct redis_value *entry = &entries->items[i];
        if (entry->kind == REDIS_NIL)
            continue;
        if (!redis_entry_is(entry))
            return nonsense(redis);
        redis_entry_read(entry, 1, arena, &batch->messages[batch->count++]);
    }
    return true;
}

static bool read_new(struct redis_queue *redis, size_t most, int64_t wait_ms, struct arena *arena,
                     struct queue_batch *batch)
{
    const struct redis_url *url = &redis->url;
    struct text count = number_text(arena, (int64_t)most);
    if (wait_ms > 0) /* to wait for 0 ms is to wait without an end */
        COMMAND(redis, arena, TEXT("XREADGROUP"), TEXT("GROUP"), url->group, redis->consumer,
                TEXT("COUNT"), count, TEXT("BLOCK"), number_text(arena, wait_ms), TEXT("STREAMS"),
                url->stream, TEXT(">"));
    else
        COMMAND(redis, arena, TEXT("XREADGROUP"), TEXT("GROUP"), url->group, redis->consumer,
                TEXT("COUNT"), count, TEXT("STREAMS"), url->stream, TEXT(">"));
    int64_t started_ns = clock_monotonic_ns();
    const struct redis_value *streams =
        check_reply(redis, redis_link_reply(&redis->link, arena, wait_ms + REPLY_MS));
    if (streams && streams->kind == REDIS_NIL)
        queue_rest(&redis->queue, started_ns, wait_ms);
    if (!streams || streams->kind == REDIS_NIL)
        return streams;
    if (streams->kind != REDIS_ARRAY || streams->count != 1 ||
        streams->items[0].kind != REDIS_ARRAY || streams->items[0].count != 2)
        return nonsense(redis);
    return take_entries(redis, &streams->items[0].items[1], most, arena, batch);
}

/* How often a message has been delivered; 0: it was acknowledged just now. -1: the call failed. */
static int64_t read_deliveries(struct redis_queue *redis, struct arena *arena)
{
    const struct redis_value *list = reply(redis, arena, REDIS_ARRAY);
    if (!list || !list->count)
        return list ? 0 : -1;
    const struct redis_value *entry = list->items;
    if (entry->kind == REDIS_ARRAY && entry->count == 4 && entry->items[3].kind == REDIS_NUMBER &&
        entry->items[3].number > 0)
        return entry->items[3].number;
    nonsense(redis);
    return -1;
}

/* Asks how often each message of the batch has been delivered, which XAUTOCLAIM doesn't say. */
static bool count_deliveries(struct redis_queue *redis, struct arena *arena,
                             struct queue_batch *batch)
{
    size_t kept = 0;
    for (size_t i = 0; i < batch->count; i++)
        COMMAND(redis, arena, TEXT("XPENDING"), redis->url.stream, redis->url.group,
                batch->messages[i].id, batch->messages[i].id, TEXT("1"));
    for (size_t i = 0; i < batch->count; i++) {
        struct queue_message *message = &batch->messages[i];
        message->deliveries = read_deliveries(redis, arena);
        if (message->deliveries < 0)
            return false;
        message->attributes = redis_entry_attributes(message->id, message->deliveries, arena);
        if (message->deliveries)
            batch->messages[kept++] = *message;
    }
    batch->count = kept;
    return true;
}

static bool is_dead(const struct redis_queue *redis, const struct queue_message *message)
{
    return redis->url.deliveries && message->deliveries >= redis->url.deliveries;
}

/* Adds the command that copies a message to the dead letters, as it is and with what we know. */
static void bury(struct redis_queue *redis, const struct queue_message *message,
                 struct arena *arena)
{
    const struct redis_value *fields = message->own;
    struct words words = words_of(arena, fields->count + 16);
    add(&words, TEXT("XADD"));
    add(&words, redis->url.dead);
    if (redis->url.dead_most) {
        add(&words, TEXT("MAXLEN"));
        add(&words, TEXT("~"));
        add(&words, number_text(arena, redis->url.dead_most));
    }
    add(&words, TEXT("*"));
    for (size_t i = 0; i < fields->count; i++)
        add(&words, fields->items[i].text);
    add(&words, TEXT("dime-id"));
    add(&words, message->id);
    add(&words, TEXT("dime-deliveries"));
    add(&words, number_text(arena, message->deliveries));
    send_words(redis, &words, arena);
}

static bool is_buried(struct redis_queue *redis, const struct queue_message *message,
                      struct arena *arena)
{
    if (!reply(redis, arena, REDIS_STRING))
        return false;
    log_say(LOG_LEVEL_WARN, redis->queue.use.function, 0,
            "the message %.*s is a dead letter in %.*s after %lld deliveries",
            (int)message->id.length, message->id.data, (int)redis->url.dead.length,
            redis->url.dead.data, (long long)message->deliveries);
    return true;
}

/* The stream, the group and the receipts as the words behind a command's name. */
static struct words begin_words(const struct redis_queue *redis, const char *name, bool group,
                                size_t most, struct arena *arena)
{
    struct words words = words_of(arena, most + 16);
    add(&words, text_of(name));
    add(&words, redis->url.stream);
    if (group)
        add(&words, redis->url.group);
    return words;
}

/* Makes sure that messages never come again: those that FORGET names. */
static bool forget(struct redis_queue *redis, const struct queue_batch *batch, const bool *names,
                   struct arena *arena)
{
    struct words done = begin_words(redis, "XACK", true, batch->count, arena);
    struct words gone = begin_words(redis, "XDEL", false, batch->count, arena);
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++) {
        if (!names[i])
            continue;
        add(&done, batch->messages[i].receipt);
        add(&gone, batch->messages[i].receipt);
        count++;
    }
    if (!count)
        return true;
    send_words(redis, &done, arena);
    if (!redis->url.keep)
        send_words(redis, &gone, arena);
    return reply(redis, arena, REDIS_NUMBER) &&
           (redis->url.keep || reply(redis, arena, REDIS_NUMBER));
}

static bool bury_all(struct redis_queue *redis, const struct queue_batch *batch, const bool *names,
                     struct arena *arena)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (names[i])
            bury(redis, &batch->messages[i], arena);
    }
    for (size_t i = 0; i < batch->count; i++) {
        if (names[i] && !is_buried(redis, &batch->messages[i], arena))
            return false;
    }
    return true;
}

/* Takes the messages out of the batch that have been delivered too often without an end. */
static bool bury_abandoned(struct redis_queue *redis, struct arena *arena,
                           struct queue_batch *batch)
{
    bool abandoned[QUEUE_BATCH_MAX] = {false};
    size_t kept = 0;
    for (size_t i = 0; i < batch->count; i++)
        abandoned[i] =
            redis->url.deliveries && batch->messages[i].deliveries > redis->url.deliveries;
    if (!bury_all(redis, batch, abandoned, arena) || !forget(redis, batch, abandoned, arena))
        return false;
    for (size_t i = 0; i < batch->count; i++) {
        if (!abandoned[i])
            batch->messages[kept++] = batch->messages[i];
    }
    batch->count = kept;
    return true;
}

static bool is_claim(const struct redis_value *value)
{
    return value->kind == REDIS_ARRAY && value->count >= 2 &&
           value->items[0].kind == REDIS_STRING &&
           value->items[0].text.length < sizeof((struct redis_queue *)0)->cursor;
}

/* When a whole round of XAUTOCLAIM is over, the next one begins a little later. */
static void set_cursor(struct redis_queue *redis, struct text cursor)
{
    int64_t pause_ms = redis->queue.use.visibility_ms / 4;
    memcpy(redis->cursor, cursor.data, cursor.length + 1);
    if (strcmp(redis->cursor, ANEW) == 0)
        redis->claim_ns = clock_monotonic_ns() + NS(pause_ms < CLAIM_MS ? pause_ms : CLAIM_MS);
}

static bool claim(struct redis_queue *redis, size_t most, struct arena *arena,
                  struct queue_batch *batch)
{
    int64_t now_ns = clock_monotonic_ns();
    if (redis->retry_ns && redis->retry_ns <= now_ns)
        redis->claim_ns = redis->retry_ns = 0;
    if (now_ns < redis->claim_ns && strcmp(redis->cursor, ANEW) == 0)
        return true;
    COMMAND(redis, arena, TEXT("XAUTOCLAIM"), redis->url.stream, redis->url.group, redis->consumer,
            number_text(arena, redis->queue.use.visibility_ms), text_of(redis->cursor),
            TEXT("COUNT"), number_text(arena, (int64_t)most));
    const struct redis_value *value = reply(redis, arena, REDIS_ARRAY);
    if (!value)
        return false;
    if (!is_claim(value))
        return nonsense(redis);
    set_cursor(redis, value->items[0].text);
    return take_entries(redis, &value->items[1], most, arena, batch) &&
           (!batch->count || count_deliveries(redis, arena, batch)) &&
           (!batch->count || bury_abandoned(redis, arena, batch));
}

/* How long to wait for new messages: not beyond the time at which an older one is due. */
static int64_t wait_of(const struct redis_queue *redis, int64_t wait_ms)
{
    if (strcmp(redis->cursor, ANEW) != 0)
        return 0; /* there is more to look at */
    if (!redis->retry_ns)
        return wait_ms;
    int64_t left_ms = (redis->retry_ns - clock_monotonic_ns()) / NS(1) + 1;
    return left_ms < 0 ? 0 : left_ms < wait_ms ? left_ms : wait_ms;
}

/*
 * A reply that is too large breaks the link: then fewer are asked for. Those that were in it are
 * hidden as if they had been received, so even one that is always too large holds up no other.
 */
static void set_most(struct redis_queue *redis, bool fine, size_t most)
{
    if (fine && redis->most < QUEUE_BATCH_MAX)
        redis->most++;
    else if (!fine && redis->link.too_much)
        redis->most = most > 1 ? most / 2 : 1;
}

static bool receive(struct queue *queue, size_t most, int64_t wait_ms, struct arena *arena,
                    struct queue_batch *batch)
{
    struct redis_queue *redis = (struct redis_queue *)queue;
    redis->link.too_much = false;
    most = most < redis->most ? most : redis->most;
    bool fine = connect_to(redis, arena) && claim(redis, most, arena, batch) &&
                (batch->count || read_new(redis, most, wait_of(redis, wait_ms), arena, batch));
    set_most(redis, fine, most);
    return fine;
}

/* Has a message come again sooner than when it's no longer hidden. */
static void hasten(struct redis_queue *redis, const struct queue_message *message,
                   struct arena *arena)
{
    const struct queue_use *use = &redis->queue.use;
    int64_t delay_ms = queue_retry_ms(use, message->deliveries);
    int64_t due_ns = clock_monotonic_ns() + NS(delay_ms);
    struct words words = begin_words(redis, "XCLAIM", true, 8, arena);
    add(&words, redis->consumer);
    add(&words, TEXT("0"));
    add(&words, message->receipt);
    add(&words, TEXT("IDLE"));
    add(&words, number_text(arena, use->visibility_ms - delay_ms));
    add(&words, TEXT("JUSTID"));
    send_words(redis, &words, arena);
    if (!redis->retry_ns || due_ns < redis->retry_ns)
        redis->retry_ns = due_ns;
}

static bool hasten_failed(struct redis_queue *redis, const struct queue_batch *batch,
                          const bool *forgotten, struct arena *arena)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (!forgotten[i])
            hasten(redis, &batch->messages[i], arena);
    }
    for (size_t i = 0; i < batch->count; i++) {
        if (!forgotten[i] && !reply(redis, arena, REDIS_ARRAY))
            return false;
    }
    return true;
}

static bool settle(struct queue *queue, const struct queue_batch *batch, const bool *failed,
                   struct arena *arena)
{
    struct redis_queue *redis = (struct redis_queue *)queue;
    bool forgotten[QUEUE_BATCH_MAX], dead[QUEUE_BATCH_MAX];
    for (size_t i = 0; i < batch->count; i++) {
        dead[i] = failed[i] && is_dead(redis, &batch->messages[i]);
        forgotten[i] = !failed[i] || dead[i];
    }
    return connect_to(redis, arena) && bury_all(redis, batch, dead, arena) &&
           forget(redis, batch, forgotten, arena) && hasten_failed(redis, batch, forgotten, arena);
}

static bool extend(struct queue *queue, const struct text *receipts, size_t count,
                   struct arena *arena)
{
    struct redis_queue *redis = (struct redis_queue *)queue;
    if (!connect_to(redis, arena))
        return false;
    struct words words = begin_words(redis, "XCLAIM", true, count, arena);
    add(&words, redis->consumer);
    add(&words, TEXT("0"));
    for (size_t i = 0; i < count; i++)
        add(&words, receipts[i]);
    add(&words, TEXT("JUSTID"));
    send_words(redis, &words, arena);
    return reply(redis, arena, REDIS_ARRAY);
}

/* Whether there is room for COUNT more. */
static bool has_room(struct redis_queue *redis, size_t count, struct arena *arena)
{
    if (!redis->url.most)
        return true;
    COMMAND(redis, arena, TEXT("XLEN"), redis->url.stream);
    const struct redis_value *length = reply(redis, arena, REDIS_NUMBER);
    if (!length)
        return false;
    return length->number + (int64_t)count <= redis->url.most ||
           queue_fail(&redis->queue, "it's full: it holds %lld messages and may hold %lld",
                      (long long)length->number, (long long)redis->url.most);
}

static bool send(struct queue *queue, const struct text *bodies, size_t count, struct text *ids,
                 struct arena *arena)
{
    struct redis_queue *redis = (struct redis_queue *)queue;
    if (!connect_to(redis, arena) || !has_room(redis, count, arena))
        return false;
    for (size_t i = 0; i < count; i++)
        COMMAND(redis, arena, TEXT("XADD"), redis->url.stream, TEXT("*"), TEXT("body"), bodies[i]);
    for (size_t i = 0; i < count; i++) {
        const struct redis_value *id = reply(redis, arena, REDIS_STRING);
        if (!id)
            return false;
        ids[i] = id->text;
    }
    return true;
}

static void close_queue(struct queue *queue)
{
    struct redis_queue *redis = (struct redis_queue *)queue;
    redis_link_close(&redis->link);
    arena_close(&redis->arena);
    free(redis);
}

static const struct queue_kind REDIS = {
    .receive = receive,
    .settle = settle,
    .extend = extend,
    .send = send,
    .close = close_queue,
};

struct queue *redis_queue_open(const struct queue_use *use, char why[QUEUE_ERROR])
{
    const char *sentence = "there is no memory for it";
    struct buffer arn;
    struct redis_queue *redis = calloc(1, sizeof *redis);
    if (redis) {
        arena_open(&redis->arena, URL_MEMORY);
        redis->queue = (struct queue){.kind = &REDIS, .use = *use, .region = TEXT("local")};
        redis->most = redis->queue.batch_max = QUEUE_BATCH_MAX;
        memcpy(redis->cursor, ANEW, sizeof ANEW);
        redis->consumer = text_of(use->consumer);
        buffer_open(&arn, &redis->arena, URL_MEMORY);
        if (redis_url_read(&redis->url, use->url, &redis->arena, &sentence)) {
            buffer_puts(&arn, ARN);
            buffer_put(&arn, redis->url.stream);
            redis->queue.name = redis->url.stream;
            redis->queue.arn = buffer_text(&arn);
            return &redis->queue;
        }
        close_queue(&redis->queue);
    }
    snprintf(why, QUEUE_ERROR, "%s", sentence);
    return NULL;
}
