/*
 * queue.c - the messages in an SQS event, and the answer that names those that failed.
 *
 * Each message is an event of its own: a function's fields, S3's notification about an upload, or a
 * message from SNS. The queue deletes every message that the answer doesn't name. So if one that
 * failed can't be named, the answer makes the queue keep the whole batch: no message is ever lost.
 */
#include "base/json_put.h"
#include "events/members.h"

struct event_cursor event_messages(const struct event *queue)
{
    return (struct event_cursor){.records = json_members(queue->records, NULL),
                                 .next = queue->messages,
                                 .left = queue->message_count};
}

void event_of_messages(struct event *event, const struct event_message *messages, size_t count,
                       struct arena *arena)
{
    event_read(event, TEXT("{}"), arena);
    event->shape = EVENT_QUEUE;
    event->request.source = DIME_SQS;
    event->messages = messages;
    event->message_count = count;
}

/* A member of the record that should be text. Null counts as absent. */
static struct json_value find_text(struct json_value record, const char *name,
                                   struct event_message *message)
{
    struct json_value value;
    if (!json_find(record, text_of(name), &value))
        return (struct json_value){0};
    if (value.kind != JSON_STRING && value.kind != JSON_NULL)
        message->wrong = name;
    return value;
}

/* Reads the next record of a JSON event. */
static bool next_record(struct json_cursor *records, struct event_message *message)
{
    const dime_text ordered = TEXT(".fifo\"");
    struct json_member record;
    struct json_value attributes;
    if (!json_next(records, &record))
        return false;
    *message = (struct event_message){0};
    struct json_value queue = find_text(record.value, "eventSourceARN", message);
    message->id = find_text(record.value, "messageId", message);
    message->body = find_text(record.value, "body", message);
    if (json_find(record.value, TEXT("attributes"), &attributes) && attributes.kind == JSON_OBJECT)
        message->group = find_text(attributes, "MessageGroupId", message);
    message->in_order = text_ends_nocase(queue.raw, ordered);
    if (message->body.kind == JSON_NULL)
        message->wrong = "body";
    return true;
}

bool event_next_message(struct event_cursor *messages, struct event_message *message)
{
    if (!messages->next)
        return next_record(&messages->records, message);
    if (!messages->left)
        return false;
    messages->left--;
    *message = *messages->next++;
    return true;
}

void event_of_message(struct event *event, const struct event_message *message, struct arena *arena)
{
    dime_text body = message->text.data ? message->text : TEXT("null");
    if (message->body.kind == JSON_STRING && !json_string(message->body, arena, &body))
        body = TEXT("null"); /* the arena has failed, and so will the request */
    event_read(event, body, arena);
    if (message->wrong)
        event_refuse(event, 422, "The message's %s must be text.", message->wrong);
    if (event->shape == EVENT_QUEUE) {
        event->shape = EVENT_DIRECT;
        event_refuse(event, 422, "A message can't hold a batch of messages; send each alone.");
    }
    if (event->request.source == DIME_DIRECT)
        event->request.source = DIME_SQS;
}

/* An empty or unknown identifier makes the queue keep the whole batch. */
static void put_failed_item(struct buffer *out, const struct event_message *message)
{
    json_begin_object(out, NULL);
    json_put_raw(out, "itemIdentifier",
                 message->id.kind == JSON_STRING ? message->id.raw : TEXT("\"\""));
    json_end_object(out);
}

void queue_answer(const struct event *event, const struct response *response, struct buffer *out)
{
    struct event_cursor messages = event_messages(event);
    struct event_message message;
    bool none = true;
    json_begin_object(out, NULL);
    json_begin_array(out, "batchItemFailures");
    for (size_t i = 0; event_next_message(&messages, &message); i++) {
        if (event->ends ? event->ends[i] == MESSAGE_DONE : response->status < 400)
            continue;
        put_failed_item(out, &message);
        none = false;
    }
    if (none && !event->ends && response->status >= 400) /* the batch itself can't be read */
        put_failed_item(out, &(struct event_message){0});
    json_end_array(out);
    json_end_object(out);
}
