/*
 * sqs.c - the operations on a queue, in AWS's JSON 1.0.
 *
 * The entries of a batch have their numbers as ids, so that the answer can be matched. An entry
 * that the answer doesn't name counts as failed, since its outcome isn't known.
 */
#include "services/aws/sqs.h"

#include <stdio.h>

#include "services/aws/client.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/json_put.h"

enum {
    BATCH_REPLY_MAX = 64 * 1024,
    RECEIVE_MAX = 24 * 1024 * 1024,
    QUEUE_URL_MAX = 1024,
    BATCH_BODY_MAX = 128 * 1024,
    SEND_MAX = 7 * 1024 * 1024, /* a control character takes six bytes */
};

static const struct aws_service SQS_SERVICE = {"Amazon SQS", "sqs", "AWS_ENDPOINT_URL_SQS"};

static const struct aws_refusal NO_REFUSALS[] = {{0}};

/* The region in a host's name: the label after `sqs`, or before `queue`. */
static dime_text region_of(dime_text host)
{
    dime_text label, before = TEXT("");
    while (text_cut(&host, '.', &label)) {
        if (text_equal(label, TEXT("sqs")) || text_equal(label, TEXT("sqs-fips")))
            return text_cut(&host, '.', &label) ? label : TEXT("");
        if (text_equal(label, TEXT("queue")))
            return before.length ? before : TEXT("us-east-1");
        before = label;
    }
    return TEXT("");
}

/* The last two parts of the path. */
static void read_queue_path(struct sqs_queue *queue, dime_text path)
{
    dime_text part;
    queue->name = queue->account = TEXT("");
    while (text_cut(&path, '/', &part)) {
        if (!part.length)
            continue;
        queue->account = queue->name;
        queue->name = part;
    }
    queue->ordered = text_ends_nocase(queue->name, TEXT(".fifo"));
}

bool sqs_open(struct sqs_queue *queue, struct aws *aws, dime_text url, const char **why)
{
    struct http_address address;
    *queue = (struct sqs_queue){.url = url};
    settings_read(&aws->settings);
    *why = "A queue's address looks like https://sqs.eu-west-1.amazonaws.com/123456789012/name; "
           "copy it from the queue's page.";
    if (url.length > QUEUE_URL_MAX || !http_read_address(&address, url) ||
        strlen(address.base) >= sizeof queue->endpoint)
        return false;
    read_queue_path(queue, address.path);
    if (!queue->name.length)
        return false;
    memcpy(queue->endpoint, address.base, strlen(address.base) + 1);
    dime_text region = region_of(text_of(address.host));
    if (region.length <= 4 || !memchr(region.data, '-', region.length) ||
        !settings_take_region(region, queue->region))
        return settings_region(&aws->settings, TEXT(""), queue->region, why);
    return true;
}

/* A request that begins with the queue's URL. */
static void begin_request(struct buffer *body, struct aws_call *call, const struct sqs_queue *queue,
                          size_t most)
{
    buffer_open(body, call->arena, most);
    json_begin_object(body, NULL);
    json_put_text(body, "QueueUrl", queue->url);
}

static bool perform_on_queue(struct aws *aws, struct aws_call *call, const struct sqs_queue *queue,
                             struct aws_operation operation, const struct buffer *body)
{
    operation.service = &SQS_SERVICE;
    operation.type = "Content-Type: application/x-amz-json-1.0";
    operation.region = text_of(queue->region);
    operation.endpoint = text_of(queue->endpoint);
    operation.refusals = NO_REFUSALS;
    operation.body = buffer_text(body);
    if (!body->failed)
        return client_perform(aws, call, &operation);
    if (call->arena->failed)
        return aws_no_memory(call);
    return aws_refuse(call, 413, "These messages are too long for one batch; send fewer.");
}

static dime_text member_raw(struct json_value object, const char *name)
{
    struct json_value value;
    if (json_find(object, text_of(name), &value) && value.kind == JSON_OBJECT)
        return value.raw;
    return TEXT("{}");
}

static void read_sqs_message(struct sqs_message *message, struct json_value value,
                             struct arena *arena)
{
    message->id = json_text_at(value, "MessageId", arena);
    message->receipt = json_text_at(value, "ReceiptHandle", arena);
    message->body = json_text_at(value, "Body", arena);
    message->attributes = member_raw(value, "Attributes");
}

/* A cursor over a list in a reply; over nothing if there is none. */
static struct json_cursor list_in_reply(const struct aws_call *call, const char *name)
{
    struct json_value value, list = {0};
    struct json_error error;
    if (!json_check(call->reply.body, call->arena, &value, &error) || value.kind != JSON_OBJECT ||
        !json_find(value, text_of(name), &list))
        list = (struct json_value){0};
    return json_members(list, call->arena);
}

static bool read_messages(struct aws_call *call, struct sqs_messages *messages)
{
    struct json_cursor cursor = list_in_reply(call, "Messages");
    struct json_member item;
    while (messages->count < SQS_BATCH_MAX && json_next(&cursor, &item)) {
        struct sqs_message *message = &messages->items[messages->count];
        if (item.value.kind != JSON_OBJECT)
            continue;
        read_sqs_message(message, item.value, call->arena);
        messages->count += message->receipt.length > 0;
    }
    if (!call->arena->failed)
        return true;
    messages->count = 0;
    return aws_no_memory(call);
}

/* The wait that was asked for, limited by the call's deadline. */
static int receive_wait_s(struct aws_call *call, int wait_s)
{
    int64_t left_s = (aws_until(call) - clock_epoch_ms()) / 1000 - 1;
    if (left_s < wait_s)
        wait_s = left_s < 0 ? 0 : (int)left_s;
    return wait_s < SQS_WAIT_MAX ? wait_s : SQS_WAIT_MAX;
}

bool sqs_receive(struct aws *aws, struct aws_call *call, const struct sqs_queue *queue, int most,
                 int wait_s, int visibility_s, struct sqs_messages *messages)
{
    struct buffer body;
    messages->count = 0;
    begin_request(&body, call, queue, BATCH_BODY_MAX);
    json_put_raw(&body, "AttributeNames", TEXT("[\"All\"]"));
    json_put_integer(&body, "MaxNumberOfMessages", most);
    json_put_integer(&body, "WaitTimeSeconds", receive_wait_s(call, wait_s));
    if (visibility_s >= 0)
        json_put_integer(&body, "VisibilityTimeout", visibility_s);
    json_end_object(&body);
    struct aws_operation operation = {.target = "X-Amz-Target: AmazonSQS.ReceiveMessage",
                                      .most = RECEIVE_MAX};
    return perform_on_queue(aws, call, queue, operation, &body) && read_messages(call, messages);
}

/* The entry of a batch that the answer names; NULL: none of them. */
static struct sqs_entry *find_entry(struct json_value value, struct sqs_entry *entries,
                                    size_t count, struct arena *arena)
{
    int64_t number;
    bool read = text_to_int64(json_text_at(value, "Id", arena), &number);
    return read && number >= 0 && (size_t)number < count ? &entries[number] : NULL;
}

static void read_successful(struct json_cursor cursor, struct sqs_entry *entries, size_t count,
                            struct arena *arena)
{
    for (struct json_member item; json_next(&cursor, &item);) {
        struct sqs_entry *entry = find_entry(item.value, entries, count, arena);
        if (!entry)
            continue;
        entry->failed = false;
        entry->id = json_text_at(item.value, "MessageId", arena);
    }
}

static void read_failed(struct json_cursor cursor, struct sqs_entry *entries, size_t count,
                        struct arena *arena)
{
    for (struct json_member item; json_next(&cursor, &item);) {
        struct sqs_entry *entry = find_entry(item.value, entries, count, arena);
        struct json_value fault;
        if (!entry)
            continue;
        entry->failed = true;
        entry->code = json_text_at(item.value, "Code", arena);
        entry->sender_fault =
            json_find(item.value, TEXT("SenderFault"), &fault) && json_true(fault);
    }
}

static void put_receipt(struct buffer *body, const struct sqs_entry *entry)
{
    json_put_text(body, "ReceiptHandle", entry->receipt);
}

static void put_hidden(struct buffer *body, const struct sqs_entry *entry)
{
    put_receipt(body, entry);
    json_put_integer(body, "VisibilityTimeout", entry->visibility_s);
}

static void put_sent(struct buffer *body, const struct sqs_entry *entry)
{
    json_put_text(body, "MessageBody", entry->body);
    if (entry->group.length)
        json_put_text(body, "MessageGroupId", entry->group);
    if (entry->deduplication.length)
        json_put_text(body, "MessageDeduplicationId", entry->deduplication);
    if (entry->delay_s > 0)
        json_put_integer(body, "DelaySeconds", entry->delay_s);
}

static const struct {
    const char *target;
    size_t most; /* bytes of the request */
    void (*put)(struct buffer *body, const struct sqs_entry *entry);
} BATCHES[] = {
    [SQS_DELETE] = {"X-Amz-Target: AmazonSQS.DeleteMessageBatch", BATCH_BODY_MAX, put_receipt},
    [SQS_HIDE] = {"X-Amz-Target: AmazonSQS.ChangeMessageVisibilityBatch", BATCH_BODY_MAX,
                  put_hidden},
    [SQS_SEND] = {"X-Amz-Target: AmazonSQS.SendMessageBatch", SEND_MAX, put_sent},
};

bool sqs_batch(struct aws *aws, struct aws_call *call, const struct sqs_queue *queue,
               enum sqs_action action, struct sqs_entry *entries, size_t count)
{
    struct buffer body;
    char id[24];
    struct aws_operation operation = {.target = BATCHES[action].target, .most = BATCH_REPLY_MAX};
    if (count < 1 || count > SQS_BATCH_MAX)
        return aws_refuse(call, 422, "A batch has 1 to %d messages.", SQS_BATCH_MAX);
    begin_request(&body, call, queue, BATCHES[action].most);
    json_begin_array(&body, "Entries");
    for (size_t i = 0; i < count; i++) {
        entries[i].failed = true;
        entries[i].sender_fault = false;
        entries[i].code = entries[i].id = TEXT("");
        snprintf(id, sizeof id, "%zu", i);
        json_begin_object(&body, NULL);
        json_put_text(&body, "Id", text_of(id));
        BATCHES[action].put(&body, &entries[i]);
        json_end_object(&body);
    }
    json_end_array(&body);
    json_end_object(&body);
    if (!perform_on_queue(aws, call, queue, operation, &body))
        return false;
    read_successful(list_in_reply(call, "Successful"), entries, count, call->arena);
    read_failed(list_in_reply(call, "Failed"), entries, count, call->arena);
    return !call->arena->failed || aws_no_memory(call);
}
