/*
 * event.c - labels each object that an event in a request's body names.
 *
 * S3 and MinIO send records whose keys are urlencoded, EventBridge sends a notification whose key
 * isn't, and SNS wraps either. An event of AWS fails if one of its objects does, so that AWS
 * delivers it again, or moves it to the dead letters. A webhook's event fails only if a retry may
 * succeed, since MinIO sends nothing else until it does. A message of SNS over HTTP needs no token
 * if its topic is one of LABELS_SNS_TOPICS and SNS has signed it. Without topics, all such messages
 * are refused.
 */
#include "dime.h"

#include "base/clock.h"
#include "base/form.h"
#include "base/json.h"
#include "functions/labels/labels.h"
#include "services/aws/sns.h"

enum { OBJECT_MEMORY_MAX = 48 * 1024 * 1024 }; /* of one object, freed before the next */

/* What an event is. */
enum labels_shape {
    LABELS_NO_EVENT,
    LABELS_TEST,    /* S3's test event, which names no object */
    LABELS_RECORDS, /* of S3 or of MinIO */
    LABELS_OBJECT,  /* one: a notification of EventBridge, or bucket and key */
};

/* Why an object that stands for a folder is skipped. */
static const dime_text FOLDER = {"folder", 6};

/* The results so far. */
struct results {
    const struct labels_question *question;
    dime_call *call;
    dime_json *list; /* where they are written */
    size_t count, failed;
    int worst;     /* the highest status of those that failed */
    dime_text why; /* of the first that failed */
    bool told;     /* which engine it was */
};

/* One object of an event, or the reason why it can't be read. */
struct entry {
    struct labels_object object;
    dime_text skipped; /* the event's name, where no object has come about, or FOLDER; empty:
                            one has */
    const char *wrong; /* why it can't be read; NULL: it can */
};

static bool is_created(dime_text name)
{
    const dime_text prefix = TEXT("s3:"); /* MinIO keeps it */
    if (text_starts(name, prefix))
        name = text_skip(name, prefix.length);
    return !name.length || text_starts(name, TEXT("ObjectCreated:"));
}

/*
 * Whether an object only stands for a folder, as consoles and Hadoop make them: it is empty, and
 * its name ends so. MinIO leaves out a size of 0.
 */
static bool stands_for_folder(dime_text key, struct json_value size)
{
    const dime_text slash = TEXT("/"), hadoop = TEXT("_$folder$");
    bool empty = size.kind == JSON_NULL || text_equal(size.raw, TEXT("0"));
    return empty && (text_ends_nocase(key, slash) || text_ends_nocase(key, hadoop));
}

/* A record of S3 or of MinIO. */
static void read_record(struct json_value record, struct arena *arena, struct entry *entry)
{
    struct labels_object *object = &entry->object;
    dime_text key = json_text_at(record, "s3.object.key", arena);
    dime_text name = json_text_at(record, "eventName", arena);
    object->bucket = json_text_at(record, "s3.bucket.name", arena);
    object->version = json_text_at(record, "s3.object.versionId", arena);
    object->region = json_text_at(record, "awsRegion", arena);
    object->key = key;
    if (!object->bucket.length || !key.length)
        entry->wrong = "This record names no object; it must have s3.bucket.name and "
                       "s3.object.key.";
    else if (form_decode(key, arena, &object->key) == FORM_MALFORMED)
        entry->wrong = "This record's key isn't urlencoded text in UTF-8, as S3 writes it.";
    else if (!is_created(name))
        entry->skipped = name;
    else if (stands_for_folder(object->key, json_at(record, "s3.object.size")))
        entry->skipped = FOLDER;
}

/* A notification of EventBridge, whose key isn't encoded. */
static void read_notification(struct json_value event, struct arena *arena, struct entry *entry)
{
    struct labels_object *object = &entry->object;
    dime_text name = json_text_at(event, "detail-type", arena);
    object->bucket = json_text_at(event, "detail.bucket.name", arena);
    object->key = json_text_at(event, "detail.object.key", arena);
    object->version = json_text_at(event, "detail.object.version-id", arena);
    object->region = json_text_at(event, "region", arena);
    if (!object->bucket.length || !object->key.length)
        entry->wrong = "This event names no object; it must have detail.bucket.name and "
                       "detail.object.key.";
    else if (!text_equal(name, TEXT("Object Created")))
        entry->skipped = name;
    else if (stands_for_folder(object->key, json_at(event, "detail.object.size")))
        entry->skipped = FOLDER;
}

/* Begins the result of an object. */
static dime_json *begin_result(struct results *results, const struct labels_object *object)
{
    dime_json *json = dime_put_object(results->list, NULL);
    results->count++;
    dime_put_text(json, "Bucket", object->bucket);
    dime_put_text(json, "Key", object->key);
    if (object->version.length)
        dime_put_text(json, "VersionId", object->version);
    return json;
}

static void put_failure(struct results *results, const struct labels_object *object, int status,
                        dime_text why)
{
    dime_json *error = dime_put_object(begin_result(results, object), "Error");
    dime_put_integer(error, "status", status);
    dime_put_text(error, "detail", why);
    if (!results->failed++)
        results->why = dime_copy(results->call, why);
    if (status > results->worst)
        results->worst = status;
}

static void put_labels(struct results *results, const struct labels_object *object,
                       const struct labels_answer *answer)
{
    dime_json *json = begin_result(results, object);
    dime_put_string(json, "Engine", answer->engine);
    labels_put_answer(results->call, json, answer);
}

/* In an arena of its own: an object may take most of what a request has. */
static void label(struct results *results, const struct labels_object *object)
{
    struct labels_picture picture = {.bytes = TEXT(""), .object = *object};
    struct labels_answer answer;
    struct arena arena;
    arena_open(&arena, OBJECT_MEMORY_MAX);
    labels_look(results->question, &picture, &arena, &answer);
    if (answer.engine && !results->told)
        dime_set_header(results->call, "X-Labels-Engine", text_of(answer.engine));
    results->told = results->told || answer.engine;
    if (answer.status == 200)
        put_labels(results, object, &answer);
    else
        put_failure(results, object, answer.status, answer.why);
    arena_close(&arena);
}

static void take_entry(struct results *results, const struct entry *entry)
{
    const struct labels_object *object = &entry->object;
    int64_t deadline_ms = dime_deadline_ms(results->call);
    if (entry->wrong)
        put_failure(results, object, 422, text_of(entry->wrong));
    else if (entry->skipped.length)
        dime_put_text(begin_result(results, object), "Skipped", entry->skipped);
    else if (!labels_may_read(results->question, object->bucket))
        put_failure(results, object, 422,
                    TEXT("This bucket may not be read from here; whoever runs this server can "
                         "allow it with the setting LABELS_BUCKETS."));
    else if (deadline_ms && clock_epoch_ms() >= deadline_ms)
        put_failure(results, object, 504,
                    TEXT("No time was left for this object; send fewer at once."));
    else
        label(results, object);
}

static void take_all_records(struct results *results, struct json_value records)
{
    struct arena *arena = call_arena(results->call);
    struct json_cursor cursor = json_members(records, arena);
    struct json_member record;
    while (json_next(&cursor, &record)) {
        struct entry entry = {.skipped = TEXT("")};
        read_record(record.value, arena, &entry);
        take_entry(results, &entry);
    }
}

static void take_object(struct results *results, struct json_value event)
{
    struct arena *arena = call_arena(results->call);
    struct entry entry = {.skipped = TEXT("")};
    if (json_at(event, "detail-type").kind == JSON_STRING) {
        read_notification(event, arena, &entry);
    } else {
        entry.object.bucket = json_text_at(event, "bucket", arena);
        entry.object.key = json_text_at(event, "key", arena);
    }
    take_entry(results, &entry);
}

/* Replaces the answer by a problem if the sender should send the event again. */
static void end_results(struct results *results)
{
    dime_call *call = results->call;
    bool again = results->failed && (dime_source(call) != DIME_HTTP || results->worst >= 500);
    if (!again)
        return;
    dime_text all = dime_json_text(results->list);
    if (results->count == 1)
        dime_problem(call, results->worst, "%.*s", DIME_ARG(results->why));
    else
        dime_problem(call, results->worst, "%zu of %zu objects failed; the first: %.*s",
                     results->failed, results->count, DIME_ARG(results->why));
    dime_put_raw(dime_problem_data(call), "Results", all);
}

static enum labels_shape shape_of(struct json_value event)
{
    const dime_text test = TEXT("\"s3:TestEvent\""), storage = TEXT("\"aws.s3\"");
    if (json_at(event, "Records").kind == JSON_ARRAY)
        return LABELS_RECORDS;
    if (text_equal(json_at(event, "Event").raw, test))
        return LABELS_TEST;
    if (text_equal(json_at(event, "source").raw, storage) &&
        json_at(event, "detail-type").kind == JSON_STRING)
        return LABELS_OBJECT;
    if (json_at(event, "bucket").kind == JSON_STRING && json_at(event, "key").kind == JSON_STRING)
        return LABELS_OBJECT;
    return LABELS_NO_EVENT;
}

/* Labels every object of an event and answers with a result for each. */
static void answer_objects(const struct labels_question *question, struct json_value event,
                           enum labels_shape shape)
{
    dime_call *call = question->call;
    struct json_value records = json_at(event, "Records");
    if (shape == LABELS_RECORDS && json_count(records) > LABELS_OBJECTS_MAX) {
        dime_problem(call, 422, "An event may name at most %d objects; send fewer at once.",
                     LABELS_OBJECTS_MAX);
        return;
    }
    struct results results = {.question = question,
                              .call = call,
                              .list = dime_put_array(dime_answer(call, 200), "Results")};
    if (shape == LABELS_RECORDS)
        take_all_records(&results, records);
    else if (shape == LABELS_OBJECT)
        take_object(&results, event);
    end_results(&results);
}

static struct sns_message read_sns_message(struct json_value message, struct arena *arena)
{
    return (struct sns_message){
        .type = json_text_at(message, "Type", arena),
        .id = json_text_at(message, "MessageId", arena),
        .topic = json_text_at(message, "TopicArn", arena),
        .subject = json_at(message, "Subject").kind == JSON_STRING
                       ? json_text_at(message, "Subject", arena)
                       : (dime_text){0},
        .text = json_text_at(message, "Message", arena),
        .timestamp = json_text_at(message, "Timestamp", arena),
        .token = json_text_at(message, "Token", arena),
        .subscribe_url = json_text_at(message, "SubscribeURL", arena),
        .signature = json_text_at(message, "Signature", arena),
        .signature_version = json_text_at(message, "SignatureVersion", arena),
        .certificate_url = json_text_at(message, "SigningCertURL", arena),
    };
}

static bool is_wanted(const struct labels *labels, dime_text topic)
{
    dime_text rest = labels->topics, one;
    while (topic.length && text_cut(&rest, ',', &one)) {
        if (text_equal(text_trim(one), topic))
            return true;
    }
    return false;
}

/* The event in a verified message. */
static void answer_event(const struct labels_question *question, dime_text text)
{
    struct json_value event = {0};
    struct json_error error;
    bool read = json_check(text, call_arena(question->call), &event, &error);
    enum labels_shape shape = read ? shape_of(event) : LABELS_NO_EVENT;
    if (shape == LABELS_NO_EVENT)
        dime_problem(question->call, 422, "The message's text isn't an event that names objects.");
    else
        answer_objects(question, event, shape);
}

static void answer_verified(const struct labels_question *question, struct aws_call *call,
                            const struct sns_message *message)
{
    if (text_equal(message->type, TEXT("Notification"))) {
        answer_event(question, message->text);
        return;
    }
    if (!text_equal(message->type, TEXT("SubscriptionConfirmation")) ||
        sns_confirm(question->labels->aws, call, message))
        dime_put_array(dime_answer(question->call, 200), "Results");
    else
        dime_problem(question->call, call->reply.status, "%.*s", DIME_ARG(call->reply.detail));
}

static void answer_topic(const struct labels_question *question, struct json_value message)
{
    struct labels *labels = question->labels;
    struct arena *arena = call_arena(question->call);
    struct sns_message read = read_sns_message(message, arena);
    struct aws_call call = labels_call(question, arena);
    if (!is_wanted(labels, read.topic)) {
        dime_problem(question->call, 422,
                     "Messages of this topic aren't taken; whoever runs this server can allow "
                     "it with the setting LABELS_SNS_TOPICS.");
        return;
    }
    labels->sns = labels->sns ? labels->sns : sns_open();
    if (!labels->sns || !labels_open_aws(labels)) {
        dime_problem(question->call, 503, "There is no memory for this message; send it again.");
        return;
    }
    if (sns_verify(labels->sns, labels->aws, &call, &read))
        answer_verified(question, &call, &read);
    else
        dime_problem(question->call, call.reply.status, "%.*s", DIME_ARG(call.reply.detail));
}

bool labels_answer_event(const struct labels_question *question)
{
    dime_call *call = question->call;
    dime_text body = dime_body(call);
    struct json_value event;
    struct json_error error;
    if (!body.length || !json_check(body, call_arena(call), &event, &error))
        return false;
    if (dime_source(call) == DIME_HTTP && dime_header(call, "x-amz-sns-message-type").length) {
        answer_topic(question, event);
        return true;
    }
    enum labels_shape shape = shape_of(event);
    if (shape == LABELS_NO_EVENT)
        return false;
    if (labels_authorize(question))
        answer_objects(question, event, shape);
    return true;
}
