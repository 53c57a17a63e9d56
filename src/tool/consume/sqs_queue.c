/*
 * sqs_queue.c - a queue of Amazon SQS.
 *
 * Stopping interrupts only a wait for messages, since finished messages must be acknowledged. The
 * wait lasts two seconds, though SQS would allow twenty: a dead connection can't be told from an
 * empty queue, and a recovered queue must be noticed soon.
 */
#include "tool/consume/queue.h"

#include <stdio.h>
#include <stdlib.h>

#include "services/aws/sqs.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/json.h"
#include "request/log.h"
#include "request/request.h"

enum {
    SQS_WAIT_S = 2,
    RECEIVE_MS = 2500, /* for a receive, beyond the wait */
    CALL_MS = 4000,    /* for any other call */
    DELAY_USUAL = -1,
};

struct sqs_messages_queue {
    struct queue queue;
    struct aws *aws;
    struct sqs_queue sqs;
    char place[512];
};

static struct aws_call queue_call(struct arena *arena, int64_t most_ms, const int *stop)
{
    return (struct aws_call){
        .arena = arena, .deadline_ms = clock_epoch_ms() + most_ms, .stop = stop, .quiet = true};
}

/* Sets `error` to the reason of a failed call. Returns false. */
static bool fail_with(struct sqs_messages_queue *sqs, const struct aws_reply *reply)
{
    dime_text why = reply->log.data && reply->log.length ? reply->log : reply->detail;
    return queue_fail(&sqs->queue, "%.*s", (int)why.length, why.data);
}

static int seconds(int64_t milliseconds)
{
    return (int)((milliseconds + 999) / 1000);
}

/* An attribute of a message; absent if it has none of that name. */
static struct json_value attribute_of(const struct sqs_message *message, const char *name)
{
    struct json_value attributes = {JSON_OBJECT, message->attributes}, value;
    return json_find(attributes, text_of(name), &value) ? value : (struct json_value){0};
}

static int64_t deliveries_of(const struct sqs_message *message, struct arena *arena)
{
    struct json_value count = attribute_of(message, "ApproximateReceiveCount");
    dime_text digits;
    int64_t number = 0;
    if (json_string(count, arena, &digits) && text_to_int64(digits, &number) && number > 0)
        return number;
    return 1;
}

/* Reads the messages of an answer. False: one isn't valid. */
static bool take_sqs_messages(struct sqs_messages_queue *sqs, const struct sqs_messages *messages,
                              struct arena *arena, struct queue_batch *batch)
{
    for (size_t i = 0; i < messages->count; i++) {
        const struct sqs_message *message = &messages->items[i];
        if (!message->id.length || !message->receipt.length)
            return queue_fail(&sqs->queue, "its answer has a message without id or receipt");
        batch->messages[batch->count++] = (struct queue_message){
            .id = message->id,
            .receipt = message->receipt,
            .body = message->body,
            .group = attribute_of(message, "MessageGroupId"),
            .deliveries = deliveries_of(message, arena),
        };
    }
    return true;
}

static bool receive_from_sqs(struct queue *queue, size_t most, int64_t wait_ms, struct arena *arena,
                             struct queue_batch *batch)
{
    struct sqs_messages_queue *sqs = (struct sqs_messages_queue *)queue;
    int wait_s = wait_ms > 0 ? SQS_WAIT_S : 0;
    struct aws_call call = queue_call(arena, wait_s * 1000 + RECEIVE_MS, &queue->use.stop);
    struct sqs_messages messages = {0};
    int64_t started_ns = clock_monotonic_ns();
    if (!sqs_receive(sqs->aws, &call, &sqs->sqs, (int)most, wait_s,
                     seconds(queue->use.visibility_ms), &messages))
        return call.reply.stopped || fail_with(sqs, &call.reply);
    if (!messages.count)
        queue_rest(queue, started_ns, wait_s * INT64_C(1000));
    return take_sqs_messages(sqs, &messages, arena, batch);
}

/*
 * Performs ACTION on COUNT entries. An entry that failed for good, for instance because its time is
 * over and another consumer has it, is skipped: a retry can't help. False: a retry may succeed.
 */
static bool perform(struct sqs_messages_queue *sqs, struct aws_call *call, enum sqs_action action,
                    struct sqs_entry *entries, size_t count)
{
    if (count && !sqs_batch(sqs->aws, call, &sqs->sqs, action, entries, count))
        return fail_with(sqs, &call->reply);
    for (size_t i = 0; i < count; i++) {
        dime_text code = entries[i].code.length ? entries[i].code : TEXT("no reason was given");
        if (entries[i].failed && !entries[i].sender_fault)
            return queue_fail(&sqs->queue, "Amazon SQS has failed for a message of a batch: %.*s",
                              (int)code.length, code.data);
    }
    return true;
}

static void say_refused(const struct queue *queue, const struct queue_message *message,
                        const struct sqs_entry *entry)
{
    if (entry->failed)
        log_say(LOG_LEVEL_WARN, queue->use.function, 0,
                "the message %.*s is done, but can't be deleted, and may be delivered again: %.*s",
                (int)message->id.length, message->id.data, (int)entry->code.length,
                entry->code.data);
}

static bool delete_done(struct sqs_messages_queue *sqs, const struct queue_batch *batch,
                        const enum message_end *ends, struct arena *arena)
{
    struct aws_call call = queue_call(arena, CALL_MS, NULL);
    struct sqs_entry entries[SQS_BATCH_MAX] = {0};
    const struct queue_message *messages[SQS_BATCH_MAX];
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++) {
        if (ends[i] != MESSAGE_DONE)
            continue;
        messages[count] = &batch->messages[i];
        entries[count++].receipt = batch->messages[i].receipt;
    }
    if (!perform(sqs, &call, SQS_DELETE, entries, count))
        return false;
    for (size_t i = 0; i < count; i++)
        say_refused(&sqs->queue, messages[i], &entries[i]);
    return true;
}

/*
 * Has the messages that aren't done delivered again soon. Lambda doesn't need that permission, so
 * it may be missing; then they are delivered again when their visibility timeout is over.
 */
static void hasten_in_sqs(struct sqs_messages_queue *sqs, const struct queue_batch *batch,
                          const enum message_end *ends, struct arena *arena)
{
    struct aws_call call = queue_call(arena, CALL_MS, NULL);
    struct sqs_entry entries[SQS_BATCH_MAX] = {0};
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++) {
        const struct queue_message *message = &batch->messages[i];
        if (ends[i] == MESSAGE_DONE)
            continue;
        entries[count].receipt = message->receipt;
        entries[count++].visibility_s =
            seconds(queue_retry_ms(&sqs->queue.use, message->deliveries));
    }
    (void)perform(sqs, &call, SQS_HIDE, entries, count);
}

static bool settle_in_sqs(struct queue *queue, const struct queue_batch *batch,
                          const enum message_end *ends, struct arena *arena)
{
    struct sqs_messages_queue *sqs = (struct sqs_messages_queue *)queue;
    if (!delete_done(sqs, batch, ends, arena))
        return false;
    hasten_in_sqs(sqs, batch, ends, arena);
    return true;
}

static bool extend_in_sqs(struct queue *queue, const dime_text *receipts, size_t count,
                          struct arena *arena)
{
    struct sqs_messages_queue *sqs = (struct sqs_messages_queue *)queue;
    struct aws_call call = queue_call(arena, CALL_MS, &queue->use.stop);
    struct sqs_entry entries[SQS_BATCH_MAX] = {0};
    for (size_t i = 0; i < count && i < SQS_BATCH_MAX; i++) {
        entries[i].receipt = receipts[i];
        entries[i].visibility_s = seconds(queue->use.visibility_ms);
    }
    return perform(sqs, &call, SQS_HIDE, entries, count);
}

/* How many of the bodies fit into one call, whose size SQS limits. */
static size_t fitting(const dime_text *bodies, size_t count)
{
    size_t bytes = 0, fit = 0;
    while (fit < count && (!fit || bytes + bodies[fit].length <= SQS_MESSAGE_MAX))
        bytes += bodies[fit++].length;
    return fit;
}

/* All messages to a FIFO queue are in one group, in the order in which they are sent. */
static void fill_entry(const struct sqs_messages_queue *sqs, dime_text body, struct arena *arena,
                       struct sqs_entry *entry)
{
    char id[33];
    *entry = (struct sqs_entry){.body = body, .delay_s = DELAY_USUAL};
    if (!sqs->sqs.ordered)
        return;
    request_make_id(id);
    entry->group = TEXT("dime");
    entry->deduplication = arena_copy(arena, text_of(id));
}

static bool is_too_long(const struct aws_reply *reply)
{
    return !reply->ok && text_ends_nocase(reply->code, TEXT("BatchRequestTooLong"));
}

/* Whether the messages themselves are refused, so that a retry can't help. */
static bool is_refused(const struct aws_reply *reply)
{
    return is_too_long(reply) ||
           (!reply->ok && text_ends_nocase(reply->code, TEXT("InvalidMessageContents")));
}

/* Records which messages are in the queue, and whether one was refused for good. */
static bool read_ids(struct sqs_messages_queue *sqs, const struct sqs_entry *entries, size_t count,
                     dime_text *ids)
{
    bool fine = true;
    for (size_t i = 0; i < count; i++) {
        if (!entries[i].failed && entries[i].id.length) {
            ids[i] = entries[i].id;
        } else if (fine) {
            sqs->queue.refused = entries[i].sender_fault;
            fine = queue_fail(&sqs->queue, "a message was refused: %.*s",
                              (int)entries[i].code.length, entries[i].code.data);
        }
    }
    return fine;
}

/* Sends a batch. *TOO_LONG: all of it failed, and a smaller one may succeed. */
static bool send_some(struct sqs_messages_queue *sqs, const dime_text *bodies, size_t count,
                      dime_text *ids, struct arena *arena, bool *too_long)
{
    struct aws_call call = queue_call(arena, CALL_MS, NULL);
    struct sqs_entry entries[SQS_BATCH_MAX];
    for (size_t i = 0; i < count; i++)
        fill_entry(sqs, bodies[i], arena, &entries[i]);
    bool fine = perform(sqs, &call, SQS_SEND, entries, count);
    *too_long = is_too_long(&call.reply) && count > 1;
    if (call.reply.ok)
        return read_ids(sqs, entries, count, ids) && fine;
    sqs->queue.refused = is_refused(&call.reply) && !*too_long;
    return false;
}

/*
 * Sends batches of up to SQS's limit. If a batch is too long, it is halved, since a queue's owner
 * can set a lower limit.
 */
static bool send_to_sqs(struct queue *queue, const dime_text *bodies, size_t count, dime_text *ids,
                        struct arena *arena)
{
    struct sqs_messages_queue *sqs = (struct sqs_messages_queue *)queue;
    size_t sent = 0, most = SQS_BATCH_MAX;
    while (sent < count) {
        bool too_long;
        size_t left = count - sent < most ? count - sent : most;
        size_t some = fitting(bodies + sent, left);
        if (send_some(sqs, bodies + sent, some, ids + sent, arena, &too_long))
            sent += some;
        else if (too_long)
            most = some / 2;
        else
            return false;
    }
    return true;
}

static void close_sqs_queue(struct queue *queue)
{
    struct sqs_messages_queue *sqs = (struct sqs_messages_queue *)queue;
    aws_close(sqs->aws);
    free(sqs);
}

static const struct queue_kind SQS = {
    .receive = receive_from_sqs,
    .settle = settle_in_sqs,
    .extend = extend_in_sqs,
    .send = send_to_sqs,
    .close = close_sqs_queue,
};

struct queue *sqs_queue_open(const struct queue_use *use, char why[QUEUE_ERROR])
{
    const char *sentence = "out of memory";
    struct sqs_messages_queue *sqs = calloc(1, sizeof *sqs);
    if (!sqs) {
        snprintf(why, QUEUE_ERROR, "%s", sentence);
        return NULL;
    }
    sqs->queue = (struct queue){.kind = &SQS, .use = *use, .batch_max = SQS_BATCH_MAX};
    sqs->aws = aws_open(use->function);
    if (!sqs->aws || !sqs_open(&sqs->sqs, sqs->aws, use->url, &sentence)) {
        snprintf(why, QUEUE_ERROR, "%s", sentence);
        close_sqs_queue(&sqs->queue);
        return NULL;
    }
    snprintf(sqs->place, sizeof sqs->place, "%s %.*s %.*s", sqs->sqs.endpoint,
             (int)sqs->sqs.account.length, sqs->sqs.account.data, (int)sqs->sqs.name.length,
             sqs->sqs.name.data);
    sqs->queue.place = text_of(sqs->place);
    sqs->queue.name = sqs->sqs.name;
    return &sqs->queue;
}
