/*
 * redis_claim.c - claims pending messages of Redis, makes dead letters, and acknowledges.
 *
 * XPENDING lists page by page which messages are due, and XAUTOCLAIM claims some of them, starting
 * with the first. A message that has failed too often is first copied to the stream of dead
 * letters, and then acknowledged: for a moment there may be two copies, but never none.
 */
#include "tool/consume/redis_claim.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/json_put.h"
#include "request/log.h"

enum { PAGE = 1000 }; /* messages in a page */

#define ANEW "0-0" /* the cursor of XAUTOCLAIM after the last message */

/*
 * Makes the JSON object of a direct event from the fields of an entry. JSON can't hold text that
 * isn't UTF-8: then there is no body, and the message fails like any whose body isn't text.
 */
static dime_text fields_body(const struct redis_value *fields, struct arena *arena)
{
    struct buffer json;
    buffer_open(&json, arena, (size_t)2 * QUEUE_BODY_MAX);
    json_begin_object(&json, NULL);
    for (size_t i = 0; i < fields->count; i += 2) {
        if (!text_is_utf8(fields->items[i].text) || !text_is_utf8(fields->items[i + 1].text))
            return (dime_text){0};
        json_put_name(&json, fields->items[i].text);
        json_put_text(&json, NULL, fields->items[i + 1].text);
    }
    json_end_object(&json);
    if (json.failed)
        return (dime_text){0};
    return buffer_text(&json);
}

/* The field `body`. An entry without one, as people add by hand, is the object of its fields. */
static dime_text message_body(const struct redis_value *fields, struct arena *arena)
{
    for (size_t i = 0; i < fields->count; i += 2) {
        if (text_equal(fields->items[i].text, TEXT("body")))
            return fields->items[i + 1].text;
    }
    return fields_body(fields, arena);
}

/* Whether VALUE is an entry of a stream: an id, and alternating names and values. */
static bool is_entry(const struct redis_value *value)
{
    if (value->kind != REDIS_ARRAY || value->count != 2 || value->items[0].kind != REDIS_STRING ||
        value->items[1].kind != REDIS_ARRAY || !value->items[1].count || value->items[1].count % 2)
        return false;
    for (size_t i = 0; i < value->items[1].count; i++) {
        if (value->items[1].items[i].kind != REDIS_STRING)
            return false;
    }
    return true;
}

/* Makes a message of an entry, with one delivery until more is known. */
static void read_entry(const struct redis_value *entry, struct arena *arena,
                       struct queue_message *message)
{
    dime_text id = entry->items[0].text;
    *message = (struct queue_message){
        .id = id,
        .receipt = id,
        .body = message_body(&entry->items[1], arena),
        .deliveries = 1,
        .own = &entry->items[1],
    };
}

bool redis_take(struct redis_queue *redis, const struct redis_value *entries, size_t most,
                struct arena *arena, struct queue_batch *batch)
{
    if (entries->kind != REDIS_ARRAY || entries->count > most - batch->count)
        return redis_nonsense(redis);
    for (size_t i = 0; i < entries->count; i++) {
        const struct redis_value *entry = &entries->items[i];
        if (entry->kind == REDIS_NIL)
            continue;
        if (!is_entry(entry))
            return redis_nonsense(redis);
        read_entry(entry, arena, &batch->messages[batch->count++]);
    }
    return true;
}

/* How often a message has been delivered; 0: it was acknowledged just now. -1: the call failed. */
static int64_t read_deliveries(struct redis_queue *redis, struct arena *arena)
{
    const struct redis_value *list = redis_reply(redis, arena, REDIS_ARRAY);
    if (!list || !list->count)
        return list ? 0 : -1;
    const struct redis_value *entry = list->items;
    if (entry->kind == REDIS_ARRAY && entry->count == 4 && entry->items[3].kind == REDIS_NUMBER &&
        entry->items[3].number > 0)
        return entry->items[3].number;
    redis_nonsense(redis);
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
        if (message->deliveries)
            batch->messages[kept++] = *message;
    }
    batch->count = kept;
    return true;
}

/* Adds the command that copies a message to the dead letters, with its id and deliveries. */
static void bury(struct redis_queue *redis, const struct queue_message *message,
                 struct arena *arena)
{
    const struct redis_value *fields = message->own;
    struct words words = redis_words(arena, fields->count + 16);
    redis_add(&words, TEXT("XADD"));
    redis_add(&words, redis->url.dead);
    if (redis->url.dead_most) {
        redis_add(&words, TEXT("MAXLEN"));
        redis_add(&words, TEXT("~"));
        redis_add(&words, redis_number(arena, redis->url.dead_most));
    }
    redis_add(&words, TEXT("*"));
    for (size_t i = 0; i < fields->count; i++)
        redis_add(&words, fields->items[i].text);
    redis_add(&words, TEXT("dime-id"));
    redis_add(&words, message->id);
    redis_add(&words, TEXT("dime-deliveries"));
    redis_add(&words, redis_number(arena, message->deliveries));
    redis_send(redis, &words, arena);
}

static bool is_buried(struct redis_queue *redis, const struct queue_message *message,
                      struct arena *arena)
{
    if (!redis_reply(redis, arena, REDIS_STRING))
        return false;
    log_say(LOG_LEVEL_WARN, redis->queue.use.function, 0,
            "the message %.*s is a dead letter in %.*s after %lld deliveries",
            (int)message->id.length, message->id.data, (int)redis->url.dead.length,
            redis->url.dead.data, (long long)message->deliveries);
    return true;
}

bool redis_forget(struct redis_queue *redis, const struct queue_batch *batch, const bool *names,
                  struct arena *arena)
{
    struct words done = redis_begin(redis, "XACK", true, batch->count, arena);
    struct words gone = redis_begin(redis, "XDEL", false, batch->count, arena);
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++) {
        if (!names[i])
            continue;
        redis_add(&done, batch->messages[i].receipt);
        redis_add(&gone, batch->messages[i].receipt);
        count++;
    }
    if (!count)
        return true;
    redis_send(redis, &done, arena);
    if (!redis->url.keep)
        redis_send(redis, &gone, arena);
    return redis_reply(redis, arena, REDIS_NUMBER) &&
           (redis->url.keep || redis_reply(redis, arena, REDIS_NUMBER));
}

bool redis_bury(struct redis_queue *redis, const struct queue_batch *batch, const bool *names,
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

/* Removes the messages from the batch that have been delivered too often. */
static bool bury_abandoned(struct redis_queue *redis, struct arena *arena,
                           struct queue_batch *batch)
{
    bool abandoned[QUEUE_BATCH_MAX] = {false};
    size_t kept = 0;
    for (size_t i = 0; i < batch->count; i++)
        abandoned[i] =
            redis->url.deliveries && batch->messages[i].deliveries > redis->url.deliveries;
    if (!redis_bury(redis, batch, abandoned, arena) ||
        !redis_forget(redis, batch, abandoned, arena))
        return false;
    for (size_t i = 0; i < batch->count; i++) {
        if (!abandoned[i])
            batch->messages[kept++] = batch->messages[i];
    }
    batch->count = kept;
    return true;
}

/* One line of XPENDING: an id, a consumer, the milliseconds since its delivery, a number. */
static bool is_pending(const struct redis_value *entry)
{
    return entry->kind == REDIS_ARRAY && entry->count == 4 &&
           entry->items[0].kind == REDIS_STRING &&
           entry->items[0].text.length < REDIS_ID_SIZE - 1 &&
           entry->items[2].kind == REDIS_NUMBER && entry->items[2].number >= 0;
}

/* Reads a page, up to the first message that is due. */
static bool read_page(struct redis_queue *redis, const struct redis_value *list,
                      struct arena *arena, struct redis_page *page)
{
    struct buffer next;
    for (size_t i = 0; i < list->count; i++) {
        const struct redis_value *entry = &list->items[i];
        if (!is_pending(entry))
            return redis_nonsense(redis);
        int64_t left_ms = redis->queue.use.visibility_ms - entry->items[2].number;
        page->last = entry->items[0].text;
        if (left_ms <= 0) {
            page->found = page->last;
            return true;
        }
        if (page->began_ns + clock_ns_of_ms(left_ms) < page->due_ns)
            page->due_ns = page->began_ns + clock_ns_of_ms(left_ms);
    }
    buffer_open(&next, arena, REDIS_ID_SIZE);
    buffer_puts(&next, list->count < PAGE ? "" : "("); /* excludes the last one */
    buffer_put(&next, list->count < PAGE ? TEXT("") : page->last);
    page->last = buffer_text(&next);
    return !next.failed;
}

static bool page_through(struct redis_queue *redis, const char *at, struct arena *arena,
                         struct redis_page *page)
{
    *page = (struct redis_page){
        .found = TEXT(""), .due_ns = INT64_MAX, .began_ns = clock_monotonic_ns()};
    COMMAND(redis, arena, TEXT("XPENDING"), redis->url.stream, redis->url.group,
            *at ? text_of(at) : TEXT("-"), TEXT("+"), redis_number(arena, PAGE));
    const struct redis_value *list = redis_reply(redis, arena, REDIS_ARRAY);
    page->ended_ns = clock_monotonic_ns();
    return list && read_page(redis, list, arena, page);
}

static bool is_claim(const struct redis_value *value)
{
    return value->kind == REDIS_ARRAY && value->count >= 2 &&
           value->items[0].kind == REDIS_STRING &&
           value->items[0].text.length < REDIS_ID_SIZE - 1 && value->items[1].kind == REDIS_ARRAY;
}

/* Logs the messages that Redis reports as dropped from the list. Redis 7 reports each once. */
static void log_lost(const struct redis_queue *redis, const struct redis_value *value)
{
    const struct redis_value *lost = value->count > 2 ? &value->items[2] : NULL;
    if (lost && lost->kind == REDIS_ARRAY && lost->count && lost->items->kind == REDIS_STRING)
        log_say(
            LOG_LEVEL_WARN, redis->queue.use.function, 0,
            "%zu pending messages from %.*s on are lost: they were deleted from the stream %.*s "
            "before they were done, as by XTRIM or MAXLEN",
            lost->count, (int)lost->items->text.length, lost->items->text.data,
            (int)redis->url.stream.length, redis->url.stream.data);
}

/* Claims what is due from AT on. */
static bool take_over(struct redis_queue *redis, const char *at, size_t most, struct arena *arena,
                      struct queue_batch *batch)
{
    COMMAND(redis, arena, TEXT("XAUTOCLAIM"), redis->url.stream, redis->url.group, redis->consumer,
            redis_number(arena, redis->queue.use.visibility_ms), text_of(at), TEXT("COUNT"),
            redis_number(arena, (int64_t)most));
    const struct redis_value *value = redis_reply(redis, arena, REDIS_ARRAY);
    if (!value)
        return false;
    if (!is_claim(value))
        return redis_nonsense(redis);
    dime_text next = value->items[0].text;
    log_lost(redis, value);
    redis_look_took(redis->look, text_equal(next, TEXT(ANEW)) ? TEXT("") : next,
                    value->items[1].count, clock_monotonic_ns());
    return redis_take(redis, &value->items[1], most, arena, batch) &&
           (!batch->count || count_deliveries(redis, arena, batch)) &&
           (!batch->count || bury_abandoned(redis, arena, batch));
}

bool redis_claim(struct redis_queue *redis, size_t most, struct arena *arena,
                 struct queue_batch *batch, enum redis_step *step)
{
    char at[REDIS_ID_SIZE];
    struct redis_page page;
    *step = redis_look_begin(redis->look, clock_monotonic_ns(), at);
    if (*step == REDIS_STEP_PAGE) {
        bool read = page_through(redis, at, arena, &page);
        redis_look_paged(redis->look, read ? &page : NULL);
        if (!read || !page.found.length)
            return read;
        memcpy(at, page.found.data, page.found.length + 1);
    }
    return *step == REDIS_STEP_NONE || take_over(redis, at, most, arena, batch);
}
