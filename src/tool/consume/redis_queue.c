/*
 * redis_queue.c - a Redis stream as a queue (Redis 6.2 or later; its page "Redis streams").
 *
 * XREADGROUP delivers new messages, and redis_claim.c those that were delivered before. XCLAIM
 * hides a message for longer, by resetting its idle time; with an idle time that is almost over, it
 * has the message delivered again sooner. The group's list of pending entries corresponds to SQS's
 * messages in flight.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "request/log.h"
#include "tool/consume/redis_claim.h"

enum { URL_MEMORY = 16 * 1024 };

static bool read_new(struct redis_queue *redis, size_t most, int64_t wait_ms, struct arena *arena,
                     struct queue_batch *batch)
{
    const struct redis_url *url = &redis->url;
    dime_text count = redis_number(arena, (int64_t)most);
    if (wait_ms > 0) /* BLOCK 0 would wait for ever */
        COMMAND(redis, arena, TEXT("XREADGROUP"), TEXT("GROUP"), url->group, redis->consumer,
                TEXT("COUNT"), count, TEXT("BLOCK"), redis_number(arena, wait_ms), TEXT("STREAMS"),
                url->stream, TEXT(">"));
    else
        COMMAND(redis, arena, TEXT("XREADGROUP"), TEXT("GROUP"), url->group, redis->consumer,
                TEXT("COUNT"), count, TEXT("STREAMS"), url->stream, TEXT(">"));
    int64_t started_ns = clock_monotonic_ns();
    const struct redis_value *streams =
        redis_check(redis, redis_link_reply(&redis->link, arena, wait_ms + REDIS_REPLY_MS));
    if (streams && streams->kind == REDIS_NIL)
        queue_rest(&redis->queue, started_ns, wait_ms);
    if (!streams || streams->kind == REDIS_NIL)
        return streams;
    if (streams->kind != REDIS_ARRAY || streams->count != 1 ||
        streams->items[0].kind != REDIS_ARRAY || streams->items[0].count != 2)
        return redis_nonsense(redis);
    return redis_take(redis, &streams->items[0].items[1], most, arena, batch);
}

/*
 * A reply that is too large breaks the link; then fewer messages are requested. Those in the reply
 * stay hidden as if they had been received, so that even one that is always too large doesn't hold
 * up the others.
 */
static void set_most(struct redis_queue *redis, bool fine, size_t most)
{
    if (fine && redis->most < QUEUE_BATCH_MAX)
        redis->most++;
    else if (!fine && redis->link.too_much)
        redis->most = most > 1 ? most / 2 : 1;
}

static bool receive_from_redis(struct queue *queue, size_t most, int64_t wait_ms,
                               struct arena *arena, struct queue_batch *batch)
{
    struct redis_queue *redis = (struct redis_queue *)queue;
    redis->link.too_much = false;
    most = most < redis->most ? most : redis->most;
    enum redis_step step;
    bool fine = redis_connect(redis, arena) && redis_claim(redis, most, arena, batch, &step);
    if (fine && !batch->count) {
        wait_ms = redis_look_wait(redis->look, step, clock_monotonic_ns(), wait_ms);
        fine = read_new(redis, most, wait_ms, arena, batch);
    }
    set_most(redis, fine, most);
    return fine;
}

static bool is_dead(const struct redis_queue *redis, const struct queue_message *message)
{
    return redis->url.deliveries && message->deliveries >= redis->url.deliveries;
}

/*
 * Has a message delivered again before its visibility time is over. If the message was left, the
 * delivery isn't counted, since it doesn't show that the message can't be handled.
 */
static void hasten_in_redis(struct redis_queue *redis, const struct queue_message *message,
                            enum message_end end, int64_t delay_ms, struct arena *arena)
{
    struct words words = redis_begin(redis, "XCLAIM", true, 8, arena);
    redis_add(&words, redis->consumer);
    redis_add(&words, TEXT("0"));
    redis_add(&words, message->receipt);
    redis_add(&words, TEXT("IDLE"));
    redis_add(&words, redis_number(arena, redis->queue.use.visibility_ms - delay_ms));
    if (end == MESSAGE_LEFT) {
        redis_add(&words, TEXT("RETRYCOUNT"));
        redis_add(&words, redis_number(arena, message->deliveries - 1));
    }
    redis_add(&words, TEXT("JUSTID"));
    redis_send(redis, &words, arena);
}

/* Records when a message will be delivered again. One that is no longer pending won't be. */
static bool is_hastened(struct redis_queue *redis, const struct queue_message *message,
                        int64_t delay_ms, struct arena *arena)
{
    const struct redis_value *ids = redis_reply(redis, arena, REDIS_ARRAY);
    if (ids && ids->count)
        redis_look_retry(redis->look, clock_in_ms(delay_ms + 1));
    else if (ids)
        log_say(LOG_LEVEL_WARN, redis->queue.use.function, 0,
                "the message %.*s failed and isn't delivered again: it was deleted from the stream "
                "%.*s meanwhile, or another consumer has finished it",
                (int)message->id.length, message->id.data, (int)redis->url.stream.length,
                redis->url.stream.data);
    return ids;
}

static bool hasten_all(struct redis_queue *redis, const struct queue_batch *batch,
                       const enum message_end *ends, const bool *forgotten, struct arena *arena)
{
    int64_t delays_ms[QUEUE_BATCH_MAX] = {0};
    for (size_t i = 0; i < batch->count; i++) {
        const struct queue_message *message = &batch->messages[i];
        if (forgotten[i])
            continue;
        delays_ms[i] = queue_retry_ms(&redis->queue.use, message->deliveries);
        hasten_in_redis(redis, message, ends[i], delays_ms[i], arena);
    }
    for (size_t i = 0; i < batch->count; i++) {
        if (!forgotten[i] && !is_hastened(redis, &batch->messages[i], delays_ms[i], arena))
            return false;
    }
    return true;
}

static bool settle_in_redis(struct queue *queue, const struct queue_batch *batch,
                            const enum message_end *ends, struct arena *arena)
{
    struct redis_queue *redis = (struct redis_queue *)queue;
    bool forgotten[QUEUE_BATCH_MAX], dead[QUEUE_BATCH_MAX];
    for (size_t i = 0; i < batch->count; i++) {
        dead[i] = ends[i] == MESSAGE_FAILED && is_dead(redis, &batch->messages[i]);
        forgotten[i] = ends[i] == MESSAGE_DONE || dead[i];
    }
    return redis_connect(redis, arena) && redis_bury(redis, batch, dead, arena) &&
           redis_forget(redis, batch, forgotten, arena) &&
           hasten_all(redis, batch, ends, forgotten, arena);
}

static bool extend_in_redis(struct queue *queue, const dime_text *receipts, size_t count,
                            struct arena *arena)
{
    struct redis_queue *redis = (struct redis_queue *)queue;
    if (!redis_connect(redis, arena))
        return false;
    struct words words = redis_begin(redis, "XCLAIM", true, count, arena);
    redis_add(&words, redis->consumer);
    redis_add(&words, TEXT("0"));
    for (size_t i = 0; i < count; i++)
        redis_add(&words, receipts[i]);
    redis_add(&words, TEXT("JUSTID"));
    redis_send(redis, &words, arena);
    return redis_reply(redis, arena, REDIS_ARRAY);
}

/* Whether there is room for COUNT more. */
static bool has_room(struct redis_queue *redis, size_t count, struct arena *arena)
{
    if (!redis->url.most)
        return true;
    COMMAND(redis, arena, TEXT("XLEN"), redis->url.stream);
    const struct redis_value *length = redis_reply(redis, arena, REDIS_NUMBER);
    if (!length)
        return false;
    return length->number <= redis->url.most - (int64_t)count ||
           queue_fail(&redis->queue, "it's full: it has %lld messages, and may have %lld",
                      (long long)length->number, (long long)redis->url.most);
}

static bool send_to_redis(struct queue *queue, const dime_text *bodies, size_t count,
                          dime_text *ids, struct arena *arena)
{
    struct redis_queue *redis = (struct redis_queue *)queue;
    if (!redis_connect(redis, arena) || !has_room(redis, count, arena))
        return false;
    for (size_t i = 0; i < count; i++)
        COMMAND(redis, arena, TEXT("XADD"), redis->url.stream, TEXT("*"), TEXT("body"), bodies[i]);
    for (size_t i = 0; i < count; i++) {
        const struct redis_value *id = redis_reply(redis, arena, REDIS_STRING);
        if (!id)
            return false;
        ids[i] = id->text;
    }
    return true;
}

static void close_redis_queue(struct queue *queue)
{
    struct redis_queue *redis = (struct redis_queue *)queue;
    redis_link_close(&redis->link);
    arena_close(&redis->arena);
    redis_look_close(&redis->own);
    free(redis);
}

static const struct queue_kind REDIS = {
    .receive = receive_from_redis,
    .settle = settle_in_redis,
    .extend = extend_in_redis,
    .send = send_to_redis,
    .close = close_redis_queue,
};

static void put_place(const struct redis_url *url, struct buffer *place)
{
    buffer_puts(place, url->socket ? url->socket : url->host);
    buffer_printf(place, " %lld %lld ", url->socket ? 0 : (long long)url->port,
                  (long long)url->database);
    buffer_put(place, url->stream);
}

struct queue *redis_queue_open(const struct queue_use *use, char why[QUEUE_ERROR])
{
    const char *sentence = "out of memory";
    struct buffer place;
    struct redis_queue *redis = calloc(1, sizeof *redis);
    if (redis) {
        arena_open(&redis->arena, URL_MEMORY);
        redis->queue = (struct queue){.kind = &REDIS, .use = *use};
        redis->most = redis->queue.batch_max = QUEUE_BATCH_MAX;
        redis_look_open(&redis->own, use->visibility_ms);
        redis->look = use->beside ? ((const struct redis_queue *)use->beside)->look : &redis->own;
        redis->consumer = text_of(use->consumer);
        buffer_open(&place, &redis->arena, URL_MEMORY);
        if (redis_url_read(&redis->url, use->url, &redis->arena, &sentence)) {
            redis->queue.name = redis->url.stream;
            put_place(&redis->url, &place);
            redis->queue.place = buffer_text(&place);
            return &redis->queue;
        }
        close_redis_queue(&redis->queue);
    }
    snprintf(why, QUEUE_ERROR, "%s", sentence);
    return NULL;
}
