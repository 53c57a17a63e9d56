/*
 * event.c - tells the shapes of events apart, and reads those that hold no HTTP request.
 *
 * An event is read in one pass over its outermost members, since one may be of megabytes. Each
 * sender is known by a member that only it sends. Records, notifications and direct events reach
 * the function as a POST of the event itself, in JSON: the fields are found in it as in any body,
 * and a function that takes records finds them there.
 */
#include "events/event.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/request.h"
#include "events/members.h"

static const struct {
    struct text name;
    size_t offset; /* in struct members */
} SLOTS[] = {
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
};

void event_refuse(struct event *event, int status, const char *format, ...)
{
    va_list arguments;
    if (event->status)
        return;
    event->status = status;
    va_start(arguments, format);
    vsnprintf(event->why, sizeof event->why, format, arguments);
    va_end(arguments);
}

static void find_members(struct json_value value, struct arena *arena, struct members *members)
{
    struct json_cursor cursor = json_members(value, arena);
    struct json_member member;
    while (cursor.object && json_next(&cursor, &member)) {
        for (size_t i = 0; i < sizeof SLOTS / sizeof *SLOTS; i++) {
            if (text_equal(member.name, SLOTS[i].name))
                *(struct json_value *)((char *)members + SLOTS[i].offset) = member.value;
        }
    }
}

/* Whether a value is this string; none of those that are asked for is ever written with escapes. */
static bool reads(struct json_value value, struct text word)
{
    return value.kind == JSON_STRING &&
           text_equal((struct text){value.raw.data + 1, value.raw.length - 2}, word);
}

/* The method that the context of an HTTP API's event names. */
static struct json_value context_method(const struct members *members)
{
    struct json_value http, method;
    if (json_find(members->context, TEXT("http"), &http) &&
        json_find(http, TEXT("method"), &method))
        return method;
    return (struct json_value){0};
}

static void read_records(struct event *event, const struct members *members)
{
    struct json_cursor records = json_members(members->records, NULL);
    struct json_member first;
    struct json_value source;
    if (records.object || !json_next(&records, &first))
        return;
    if (!json_find(first.value, TEXT("eventSource"), &source) &&
        !json_find(first.value, TEXT("EventSource"), &source))
        return;
    event->shape = EVENT_RECORDS;
    if (reads(source, TEXT("aws:s3")) || reads(source, TEXT("minio:s3"))) {
        event->request.source = SOURCE_S3;
    } else if (reads(source, TEXT("aws:sns"))) {
        event->request.source = SOURCE_SNS;
    } else if (reads(source, TEXT("aws:sqs"))) {
        event->request.source = SOURCE_SQS;
        event->shape = EVENT_QUEUE;
        event->records = members->records;
    }
}

static void read_notification(struct event *event, const struct members *members)
{
    event->shape = EVENT_NOTIFICATION;
    if (reads(members->detail_type, TEXT("Scheduled Event")))
        event->request.source = SOURCE_SCHEDULE;
    else if (reads(members->source, TEXT("aws.s3")))
        event->request.source = SOURCE_S3;
}

static void tell_shape(struct event *event, struct members *members)
{
    struct json_value method = context_method(members), balancer;
    if (method.kind != JSON_NULL) {
        event->shape = EVENT_GATEWAY_V2;
        members->method = method;
    } else if (json_find(members->context, TEXT("elb"), &balancer)) {
        event->shape = EVENT_BALANCER;
    } else if (members->method.kind != JSON_NULL || members->body.kind == JSON_STRING) {
        /* By hand, for a test, people write a body alone. */
        event->shape = EVENT_GATEWAY_V1;
    } else if (members->records.kind == JSON_ARRAY) {
        read_records(event, members);
    } else if (members->detail_type.kind == JSON_STRING) {
        read_notification(event, members);
    }
}

static bool holds_http(const struct event *event)
{
    return event->shape == EVENT_GATEWAY_V1 || event->shape == EVENT_GATEWAY_V2 ||
           event->shape == EVENT_BALANCER;
}

void event_read(struct event *event, struct text text, struct arena *arena)
{
    struct members members = {0};
    struct json_value value;
    struct json_error error;
    *event = (struct event){.request = {
                                .arena = arena,
                                .source = SOURCE_DIRECT,
                                .method = METHOD_POST,
                                .scheme = TEXT("https"),
                                .path = TEXT("/"),
                                .query = TEXT(""),
                                .content_type = TEXT("application/json"),
                                .body = text,
                            }};
    if (!json_check(text, arena, &value, &error)) {
        if (error.fault == JSON_MALFORMED)
            event_refuse(event, 400, "The JSON can't be read at %s.", error.message);
        return;
    }
    find_members(value, arena, &members);
    tell_shape(event, &members);
    if (holds_http(event))
        gateway_read(event, &members);
}
