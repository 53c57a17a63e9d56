/*
 * event.h - what AWS hands to a Lambda: an event in JSON, and the answer in the form that its
 * sender expects.
 *
 * Gateways and load balancers wrap an HTTP request in six different ways, storage and queues send
 * records, and a person invokes a function with just its fields. All of these become the same kind
 * of request, so a function needn't know which it was. An event that can't be read becomes a
 * problem with a status for its sender, and never a failure of the program.
 */
#ifndef DIME_EVENTS_EVENT_H
#define DIME_EVENTS_EVENT_H

#include "base/json.h"
#include "request/response.h"

enum event_shape {
    EVENT_DIRECT,       /* the function's fields, or an event of no other shape */
    EVENT_GATEWAY_V1,   /* API Gateway: a REST API, or an HTTP API with payload 1.0 */
    EVENT_GATEWAY_V2,   /* API Gateway: an HTTP API; a function URL */
    EVENT_BALANCER,     /* an application load balancer */
    EVENT_LATTICE,      /* VPC Lattice, in either version of its events */
    EVENT_PREVIOUS,     /* the answer of another function: its body becomes this one's */
    EVENT_RECORDS,      /* S3: records; SNS: a message that isn't an event of another shape */
    EVENT_QUEUE,        /* SQS: messages; the answer names those to deliver again */
    EVENT_NOTIFICATION, /* EventBridge: an event from a bus or a schedule */
};

/* The most headers in a request, and the most bytes in its query and in its joined cookies. */
enum { EVENT_HEADERS_MAX = 256, EVENT_QUERY_MAX = 64 * 1024, EVENT_COOKIES_MAX = 64 * 1024 };

/* The result of a message of an EVENT_QUEUE. All that aren't done are delivered again. */
enum message_end {
    MESSAGE_DONE,
    MESSAGE_FAILED, /* the function answered it with 400 or above */
    MESSAGE_LEFT,   /* it wasn't begun, or its answer couldn't be passed on; not its own fault */
};

/* An event that has been read. */
struct event {
    enum event_shape shape;
    bool multi_values; /* a balancer that sends its headers as lists, and expects lists */
    bool asynchronous; /* S3, SNS, EventBridge: see event_must_fail */
    bool unanswerable; /* its sender isn't supported, or takes any answer for success: likewise */
    struct json_value records;            /* of EVENT_QUEUE, if it was read */
    const struct event_message *messages; /* of EVENT_QUEUE, if a host has made it */
    size_t message_count;
    const enum message_end
        *ends;              /* of EVENT_QUEUE, one for each message; NULL: the status is for all */
    struct request request; /* without id, deadline, state and fields, which the host sets */
    /* 0, or the status of the problem that this event is: 400, 422, what an EVENT_PREVIOUS says. */
    int status;
    bool unread;   /* out of memory before the sender was known: no answer may be written */
    char why[192]; /* of a problem: the sentence for the sender */
};

/* A message of a queue. */
struct event_message {
    struct json_value id;   /* text, by which the answer names it; otherwise it can't be named */
    struct json_value body; /* text */
    dime_text text;         /* the body, if it isn't in JSON; otherwise data is NULL */
    bool in_order;          /* it must not overtake earlier messages of its group */
    struct json_value
        group; /* text, the name of the group; null: the group of all messages without a name */
    const char *wrong; /* the name of a member that should be text and isn't; NULL: none */
};

/*
 * Reads the event TEXT, which must outlast it. The request's memory comes from the arena. If memory
 * runs out, the arena has `failed`, and run_function reports it. The request can always be
 * answered.
 */
void event_read(struct event *event, dime_text text, struct arena *arena);

/*
 * Whether an answer with this status must be a failure of the whole invocation. Between an
 * asynchronous sender and the function is Lambda, which ignores answers. It retries failures, or
 * puts them into the dead letters ("Asynchronous invocation"). A 4xx isn't a failure, since it
 * would fail again. An event of an unsupported sender always fails, because a stream would take an
 * answer for a success.
 */
bool event_must_fail(const struct event *event, int status);

/*
 * Makes an EVENT_QUEUE of a host's COUNT messages, which must outlast it. The request's memory
 * comes from the arena.
 */
void event_of_messages(struct event *event, const struct event_message *messages, size_t count,
                       struct arena *arena);

/* A position among the messages of an EVENT_QUEUE. */
struct event_cursor {
    struct json_cursor records;
    const struct event_message *next;
    size_t left;
};

/* Returns a cursor before the first message of an EVENT_QUEUE. Allocates nothing. */
struct event_cursor event_messages(const struct event *queue);

/* Reads the next message. False: there are no more. */
bool event_next_message(struct event_cursor *messages, struct event_message *message);

/*
 * Reads the event in a message's body, like event_read. The message must outlast the event, and the
 * arena is the event's own. A message that holds a batch of messages is a problem.
 */
void event_of_message(struct event *event, const struct event_message *message,
                      struct arena *arena);

/*
 * The most bytes that the sender accepts: in an answer from event_answer, and in its headers.
 * SIZE_MAX: only Lambda's own limit. For a larger answer the client would get a 502 without a
 * reason.
 */
struct event_limits {
    size_t answer, headers;
};
struct event_limits event_limits_of(const struct event *event);

/* The size of a response's headers in HTTP. */
size_t event_header_bytes(const struct response *response);

/*
 * Appends the finished answer to OUT in the form that the event's sender expects. If OUT has failed
 * afterwards, memory ran out and its content is incomplete.
 */
void event_answer(const struct event *event, const struct response *response, struct buffer *out);

/*
 * Appends the head of a streamed answer to an EVENT_GATEWAY_V2: its status, headers and cookies, in
 * JSON. A body follows after eight NULs (AWS's page "Response streaming for Lambda functions").
 */
void event_prelude(const struct event *event, const struct response *response, struct buffer *out);

#endif
