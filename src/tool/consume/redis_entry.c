/*
 * redis_entry.c - an entry of a stream as a message.
 *
 * A text that isn't UTF-8 can't be in JSON: a body made of fields that hold such a one is none, and
 * the message fails as one does whose body isn't text.
 */
#include "tool/consume/redis_entry.h"

#include "base/buffer.h"

/* The fields of an entry, as the JSON object that a direct event is. */
static dime_text fields_body(const struct redis_value *fields, struct arena *arena)
{
    struct buffer json;
    buffer_open(&json, arena, (size_t)2 * QUEUE_BODY_MAX);
    for (size_t i = 0; i < fields->count; i += 2) {
        if (!text_is_utf8(fields->items[i].text) || !text_is_utf8(fields->items[i + 1].text))
            return (dime_text){0};
        buffer_puts(&json, i ? "," : "{");
        buffer_json(&json, fields->items[i].text);
        buffer_puts(&json, ":");
        buffer_json(&json, fields->items[i + 1].text);
    }
    buffer_puts(&json, "}");
    if (json.failed)
        return (dime_text){0};
    return buffer_text(&json);
}

static dime_text message_body(const struct redis_value *fields, struct arena *arena)
{
    for (size_t i = 0; i < fields->count; i += 2) {
        if (text_equal(fields->items[i].text, TEXT("body")))
            return fields->items[i + 1].text;
    }
    return fields_body(fields, arena);
}

bool redis_entry_is(const struct redis_value *value)
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

void redis_entry_read(const struct redis_value *entry, int64_t deliveries, struct arena *arena,
                      struct queue_message *message)
{
    dime_text id = entry->items[0].text;
    *message = (struct queue_message){
        .id = id,
        .receipt = id,
        .body = message_body(&entry->items[1], arena),
        .deliveries = deliveries,
        .own = &entry->items[1],
    };
}
