/*
 * queue_event.c - messages as records in an event of SQS (AWS's page "Using Lambda with Amazon
 * SQS").
 *
 * A body that isn't text of UTF-8, or that is longer than SQS takes, can't be in an event: its
 * record says null, which no function takes, so that it goes the way of what fails and not of what
 * is done.
 */
#include "tool/consume/queue_event.h"

#include "base/json.h"
#include "events/invoke.h"

/* Room for a body of all escapes, and for what stands around it. */
_Static_assert(INVOKE_EVENT_MAX > 6 * QUEUE_BODY_MAX + 1024 * 1024, "a message fits into an event");

static void put_body(struct buffer *event, dime_text body)
{
    if (body.data && body.length <= QUEUE_BODY_MAX && text_is_utf8(body))
        buffer_json(event, body);
    else
        buffer_puts(event, "null");
}

/*
 * The members of one of the sender's own attributes, under the names of Lambda's events. Others are
 * left out: the event would be refused, and the whole batch with it, if a member that a sender made
 * up became the second of its name.
 */
static void put_attribute(struct buffer *event, struct json_value attribute)
{
    static const struct {
        const char *sqs, *lambda;
    } MEMBERS[] = {
        {"StringValue", "\"stringValue\":"},
        {"BinaryValue", "\"binaryValue\":"},
        {"StringListValues", "\"stringListValues\":"},
        {"BinaryListValues", "\"binaryListValues\":"},
        {"DataType", "\"dataType\":"},
    };
    bool first = true;
    for (size_t i = 0; attribute.kind == JSON_OBJECT && i < sizeof MEMBERS / sizeof *MEMBERS; i++) {
        struct json_value value;
        if (!json_find(attribute, text_of(MEMBERS[i].sqs), &value))
            continue;
        buffer_puts(event, first ? "" : ",");
        buffer_puts(event, MEMBERS[i].lambda);
        buffer_put(event, value.raw);
        first = false;
    }
}

static void put_attributes(struct buffer *event, dime_text attributes)
{
    struct json_value all = {JSON_OBJECT, attributes.length ? attributes : TEXT("{}")};
    struct json_cursor each = json_members(all, event->arena);
    struct json_member attribute;
    for (bool first = true; json_next(&each, &attribute); first = false) {
        buffer_puts(event, first ? "" : ",");
        buffer_json(event, attribute.name);
        buffer_puts(event, ":{");
        put_attribute(event, attribute.value);
        buffer_puts(event, "}");
    }
}

static void put_member(struct buffer *event, const char *name, dime_text value)
{
    buffer_puts(event, ",\"");
    buffer_puts(event, name);
    buffer_puts(event, "\":");
    buffer_json(event, value);
}

static void put_record(const struct queue *queue, const struct queue_message *message,
                       struct buffer *event)
{
    buffer_puts(event, "{\"messageId\":");
    buffer_json(event, message->id);
    put_member(event, "receiptHandle", message->receipt);
    buffer_puts(event, ",\"body\":");
    put_body(event, message->body);
    buffer_puts(event, ",\"attributes\":");
    buffer_put(event, message->attributes);
    buffer_puts(event, ",\"messageAttributes\":{");
    put_attributes(event, message->message_attributes);
    buffer_puts(event, "}");
    if (message->md5.length)
        put_member(event, "md5OfBody", message->md5);
    put_member(event, "eventSource", TEXT("aws:sqs"));
    put_member(event, "eventSourceARN", queue->arn);
    put_member(event, "awsRegion", queue->region);
    buffer_puts(event, "}");
}

size_t queue_event(const struct queue *queue, const struct queue_batch *batch, size_t first,
                   struct buffer *event)
{
    size_t next = first;
    buffer_puts(event, "{\"Records\":[");
    while (next < batch->count && !event->failed) {
        size_t before = event->length;
        buffer_puts(event, next == first ? "" : ",");
        put_record(queue, &batch->messages[next], event);
        if (next > first && event->length > INVOKE_EVENT_MAX - sizeof "]}") {
            event->length = before;
            break;
        }
        next++;
    }
    buffer_puts(event, "]}");
    return next;
}
