/*
 * event.c - distinguishes the shapes of events, and reads those without an HTTP request.
 *
 * An event is read in one pass over its outermost members, because it may have megabytes. Each
 * sender is recognized by a member that only it sends. An event without an HTTP request reaches the
 * function as a POST of JSON: S3's records and a direct event as they are, and the `detail` of a
 * notification. If a message of SNS or of a queue wraps another event, that one is read instead. So
 * an upload looks the same to a function, whichever way it came.
 */
#include "events/event.h"

#include "request/request.h"
#include "events/members.h"

enum { WRAPPED_MAX = 4 }; /* nested events: S3's in SNS's in a queue's are three */

static const struct {
    dime_text name;
    size_t offset; /* in struct members */
} MEMBERS[] = {
    {{"version", 7}, offsetof(struct members, version)},
    {{"httpMethod", 10}, offsetof(struct members, method)},
    {{"path", 4}, offsetof(struct members, path)},
    {{"rawPath", 7}, offsetof(struct members, raw_path)},
    {{"requestContext", 14}, offsetof(struct members, context)},
    {{"headers", 7}, offsetof(struct members, headers)},
    {{"multiValueHeaders", 17}, offsetof(struct members, multi_headers)},
    {{"queryStringParameters", 21}, offsetof(struct members, query)},
    {{"multiValueQueryStringParameters", 31}, offsetof(struct members, multi_query)},
    {{"rawQueryString", 14}, offsetof(struct members, raw_query)},
    {{"cookies", 7}, offsetof(struct members, cookies)},
    {{"body", 4}, offsetof(struct members, body)},
    {{"isBase64Encoded", 15}, offsetof(struct members, is_base64)},
    {{"Records", 7}, offsetof(struct members, records)},
    {{"detail-type", 11}, offsetof(struct members, detail_type)},
    {{"source", 6}, offsetof(struct members, source)},
    {{"detail", 6}, offsetof(struct members, detail)},
    {{"Event", 5}, offsetof(struct members, event)},
    {{"Type", 4}, offsetof(struct members, type)},
    {{"TopicArn", 8}, offsetof(struct members, topic)},
    {{"Message", 7}, offsetof(struct members, message)},
    {{"statusCode", 10}, offsetof(struct members, status)},
    {{"eventSource", 11}, offsetof(struct members, event_source)},
    {{"method", 6}, offsetof(struct members, lattice_method)},
    {{"raw_path", 8}, offsetof(struct members, lattice_path)},
    {{"query_string_parameters", 23}, offsetof(struct members, lattice_query)},
    {{"is_base64_encoded", 17}, offsetof(struct members, lattice_base64)},
};

/* False: out of memory; some of them may be missing. */
static bool find_members(struct json_value value, struct arena *arena, struct members *members)
{
    struct json_cursor cursor = json_members(value, arena);
    struct json_member member;
    while (cursor.object && json_next(&cursor, &member)) {
        for (size_t i = 0; i < sizeof MEMBERS / sizeof *MEMBERS; i++) {
            if (text_equal(member.name, MEMBERS[i].name))
                *(struct json_value *)((char *)members + MEMBERS[i].offset) = member.value;
        }
        senders_note(members, member.name);
    }
    return !cursor.failed;
}

/* Whether an event's context has this member, which only one sender writes. OBJECT is its value. */
static bool has_context(struct event *event, const struct members *members, dime_text name,
                        struct json_value *object)
{
    if (!json_find(members->context, name, object) || object->kind == JSON_NULL)
        return false;
    if (object->kind != JSON_OBJECT)
        event_refuse(event, 422, "The event's requestContext.%.*s must be an object.",
                     (int)name.length, name.data);
    return true;
}

/* Reads SNS's message in one record. Lambda never gets more than one at once. */
static void read_topic(struct event *event, struct json_value record, bool only,
                       struct members *members)
{
    struct json_value sns;
    event->request.source = DIME_SNS;
    if (!only)
        event_refuse(event, 422, "An event of SNS has one record; send each in an event.");
    else if (!json_find(record, TEXT("Sns"), &sns) ||
             !json_find(sns, TEXT("Message"), &members->message) ||
             members->message.kind != JSON_STRING)
        event_refuse(event, 422, "The event's Sns.Message must be text.");
    else
        members->wraps = true;
}

/* What a record says about its sender. False: nothing. */
static bool find_source(struct event *event, struct json_value record, struct json_value *source)
{
    if (record.kind != JSON_OBJECT)
        event_refuse(event, 422, "The event's Records must be objects.");
    return (json_find(record, TEXT("eventSource"), source) ||
            json_find(record, TEXT("EventSource"), source)) &&
           member_is_text(event, "Records[0].eventSource", *source);
}

static void read_records(struct event *event, struct members *members)
{
    struct json_cursor records = json_members(members->records, NULL);
    struct json_member first, second;
    struct json_value source, edge;
    if (!json_next(&records, &first))
        return;
    if (json_find(first.value, TEXT("cf"), &edge) && edge.kind == JSON_OBJECT) {
        senders_refuse_edge(event);
        return;
    }
    if (!find_source(event, first.value, &source))
        return;
    event->shape = EVENT_RECORDS;
    if (text_ends_nocase(source.raw,
                         TEXT(":s3\""))) { /* or a compatible service, such as MinIO or Ceph */
        event->request.source = DIME_S3;
    } else if (member_reads(source, TEXT("aws:sns"))) {
        read_topic(event, first.value, !json_next(&records, &second), members);
    } else if (member_reads(source, TEXT("aws:sqs"))) {
        event->request.source = DIME_SQS;
        event->shape = EVENT_QUEUE;
        event->records = members->records;
    } else {
        senders_refuse_source(event, source);
    }
}

/* EventBridge Pipes send a list of items from a queue or a stream. */
static void read_list(struct event *event, struct json_value list)
{
    struct json_cursor items = json_members(list, NULL);
    struct json_member first;
    struct json_value source;
    if (json_next(&items, &first) && json_find(first.value, TEXT("eventSource"), &source) &&
        source.kind == JSON_STRING) {
        event_refuse(event, 422,
                     "A list of an EventBridge pipe can't be read; put its items into an object:"
                     " {\"Records\":[...]}.");
        event->unanswerable = true;
    }
}

/* The function's fields are in the detail. An event from S3 is kept whole, like its records. */
static void read_bus_event(struct event *event, const struct members *members)
{
    event->shape = EVENT_NOTIFICATION;
    if (!member_is_text(event, "detail-type", members->detail_type) ||
        (!member_is_text(event, "source", members->source) && event->status))
        return;
    if (member_reads(members->source, TEXT("aws.s3"))) {
        event->request.source = DIME_S3;
        return;
    }
    if (member_reads(members->detail_type, TEXT("Scheduled Event")))
        event->request.source = DIME_SCHEDULE;
    if (members->detail.kind == JSON_OBJECT)
        event->request.body = members->detail.raw;
    else if (members->detail.kind != JSON_NULL)
        event_refuse(event, 422, "The event's detail must be an object.");
}

/* Whether a request came over a WebSocket, which has no HTTP method, path or answer. */
static bool is_socket(const struct members *members)
{
    struct json_value connection;
    return json_find(members->context, TEXT("connectionId"), &connection) &&
           members->method.kind == JSON_NULL;
}

/* The events without an HTTP request. An event that matches none of them is direct. */
static void tell_other_shape(struct event *event, struct members *members)
{
    if (members->records.kind == JSON_ARRAY) {
        read_records(event, members);
    } else if (members->records.kind != JSON_NULL) {
        event_refuse(event, 422, "The event's Records must be a list.");
    } else if (members->detail_type.kind != JSON_NULL) {
        read_bus_event(event, members);
    } else if (members->event_source.kind == JSON_STRING) {
        senders_refuse_source(event, members->event_source);
    } else if (member_reads(members->type, TEXT("Notification")) &&
               members->topic.kind == JSON_STRING) {
        /* What SNS puts into a queue, unless raw message delivery is on. */
        event->request.source = DIME_SNS;
        members->wraps = member_is_text(event, "Message", members->message);
    } else if (member_reads(members->event, TEXT("s3:TestEvent"))) {
        /* S3 sends one test event to a new queue or topic. It has no records. */
        event->shape = EVENT_RECORDS;
        event->request.source = DIME_S3;
    }
}

/* In its second version VPC Lattice names the network that a request came over. The first version
 * has names with underscores. */
static bool is_lattice(struct members *members)
{
    struct json_value target;
    if (members->lattice_method.kind != JSON_STRING || members->method.kind != JSON_NULL)
        return false;
    if (members->lattice_path.kind == JSON_STRING) {
        members->path = members->lattice_path;
        members->query = members->lattice_query;
        members->is_base64 = members->lattice_base64;
    } else if (!json_find(members->context, TEXT("serviceNetworkArn"), &target) &&
               !json_find(members->context, TEXT("targetGroupArn"), &target)) {
        return false;
    }
    members->method = members->lattice_method;
    return true;
}

static void tell_shape(struct event *event, struct members *members)
{
    struct json_value context;
    if (senders_refuse(event, members))
        return;
    if (members->context.kind != JSON_NULL && members->context.kind != JSON_OBJECT)
        event_refuse(event, 422, "The event's requestContext must be an object.");
    if (has_context(event, members, TEXT("http"), &context)) {
        event->shape = EVENT_GATEWAY_V2;
        if (!json_find(context, TEXT("method"), &members->method))
            members->method = (struct json_value){0};
    } else if (has_context(event, members, TEXT("elb"), &context)) {
        event->shape = EVENT_BALANCER;
    } else if (is_lattice(members)) {
        event->shape = EVENT_LATTICE;
    } else if (is_socket(members)) {
        event->shape = EVENT_GATEWAY_V1;
        event_refuse(event, 422,
                     "A WebSocket can't be served; call the function through an HTTP API, a "
                     "REST API or its URL.");
    } else if (previous_is(members)) {
        event->shape = EVENT_PREVIOUS;
    } else if (members->method.kind != JSON_NULL || members->body.kind == JSON_STRING) {
        /* For a test people write just a body by hand. */
        event->shape = EVENT_GATEWAY_V1;
    } else {
        tell_other_shape(event, members);
    }
}

static bool holds_http(const struct event *event)
{
    return event->shape == EVENT_GATEWAY_V1 || event->shape == EVENT_GATEWAY_V2 ||
           event->shape == EVENT_BALANCER || event->shape == EVENT_LATTICE ||
           event->shape == EVENT_PREVIOUS;
}

static void refuse_unread(struct event *event)
{
    event->unread = true;
    event_refuse(event, 503, "Out of memory while reading the event; send it again later.");
}

/* After a usual answer the queue would delete all messages of a batch that can't be read. */
static void refuse_text(struct event *event, const struct json_error *error)
{
    static const char QUEUE[] = "\"aws:sqs\"";
    dime_text body = event->request.body;
    if (error->fault == JSON_NO_MEMORY) {
        refuse_unread(event);
        return;
    }
    event_refuse(event, 400, "The JSON can't be read at %s.", error->message);
    if (body.length && memmem(body.data, body.length, QUEUE, sizeof QUEUE - 1))
        event->shape = EVENT_QUEUE;
    event->unanswerable = senders_have_sent(body);
}

/* Reads the event in the request's body. True: it wraps another one, which is now the body. */
static bool read_layer(struct event *event)
{
    struct request *request = &event->request;
    struct members members = {0};
    struct json_value value;
    struct json_error error;
    if (!json_check(request->body, request->arena, &value, &error)) {
        refuse_text(event, &error);
        return false;
    }
    if (!find_members(value, request->arena, &members)) {
        refuse_unread(event);
        return false;
    }
    if (value.kind == JSON_ARRAY)
        read_list(event, value);
    tell_shape(event, &members);
    if (holds_http(event) && !event->status)
        gateway_read(event, &members);
    if (event->shape == EVENT_PREVIOUS && !event->status)
        previous_read(event, &members);
    return members.wraps && json_string(members.message, request->arena, &request->body);
}

void event_read(struct event *event, dime_text text, struct arena *arena)
{
    *event = (struct event){.request = {
                                .arena = arena,
                                .source = DIME_DIRECT,
                                .method = DIME_POST,
                                .scheme = TEXT("https"),
                                .path = TEXT("/"),
                                .query = TEXT(""),
                                .content_type = TEXT("application/json"),
                                .body = text,
                            }};
    bool wraps = read_layer(event);
    event->asynchronous = event->shape == EVENT_RECORDS || event->shape == EVENT_NOTIFICATION;
    for (int layers = 1; wraps; wraps = read_layer(event)) {
        if (layers++ == WRAPPED_MAX) {
            event_refuse(event, 422, "More than %d events are wrapped in each other.", WRAPPED_MAX);
            return;
        }
    }
}

bool event_must_fail(const struct event *event, int status)
{
    return event->unanswerable || (event->asynchronous && status >= 500);
}
