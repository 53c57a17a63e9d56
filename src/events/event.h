/*
 * event.h - what AWS hands to a Lambda: an event in JSON, and the answer in the form that its
 * sender expects.
 *
 * Gateways and load balancers wrap an HTTP request in six different ways, storage and queues send
 * records, and a person invokes a function with its fields alone. All become the one request of
 * function.h, so nothing in a function knows which it was. What can't be read is a problem with a
 * status, for the sender to see, and never a failure of the program.
 */
#ifndef DIME_EVENTS_EVENT_H
#define DIME_EVENTS_EVENT_H

#include "base/json.h"
#include "request/response.h"

enum event_shape {
    EVENT_DIRECT,       /* the function's fields, or whatever no other shape fits */
    EVENT_GATEWAY_V1,   /* API Gateway: a REST API, or an HTTP API with payload 1.0 */
    EVENT_GATEWAY_V2,   /* API Gateway: an HTTP API; a function URL */
    EVENT_BALANCER,     /* an application load balancer */
    EVENT_LATTICE,      /* VPC Lattice, in either version of its events */
    EVENT_PREVIOUS,     /* the answer of another function: its body is this one's */
    EVENT_RECORDS,      /* S3: records; SNS: a message that is no event of another shape */
    EVENT_QUEUE,        /* SQS: messages, and the answer names those that are to come again */
    EVENT_NOTIFICATION, /* EventBridge: an event of a bus or a schedule */
};

/* Most headers of a request, and most bytes of its query and of its joined cookies. */
enum { EVENT_HEADERS_MAX = 256, EVENT_QUERY_MAX = 64 * 1024, EVENT_COOKIES_MAX = 64 * 1024 };

/* What became of a message of an EVENT_QUEUE. All but those that are done come again. */
enum message_end {
    MESSAGE_DONE,
    MESSAGE_FAILED, /* the function has answered it with 400 or above */
    MESSAGE_LEFT,   /* it wasn't begun, or its answer couldn't be passed on: not by its own fault */
};

/* An event that has been read. */
struct event {
    enum event_shape shape;
    bool multi_values;         /* a balancer that sends its headers as lists, and wants lists */
    bool asynchronous;         /* S3, SNS, EventBridge: see event_must_fail */
    bool unanswerable;         /* its sender isn't read, or takes any answer for done: likewise */
    struct json_value records; /* of EVENT_QUEUE, where it was read */
    const struct event_message *messages; /* of EVENT_QUEUE, where a host has made it */
    size_t message_count;
    const enum message_end *ends; /* of EVENT_QUEUE, one each; NULL: all by the status */
    struct request request;       /* without id, deadline, state and fields: those are the host's */
    /* 0, or the status of the problem that this event is: 400, 422, what an EVENT_PREVIOUS says. */
    int status;
    bool unread;   /* out of memory before it was known whose it is: no answer may be written */
    char why[192]; /* of a problem: the sentence for the sender */
};

/* A message of a queue. */
struct event_message {
    struct json_value id;    /* text by which the queue knows it; else it can't be named */
    struct json_value body;  /* text */
    dime_text text;          /* the body, where it doesn't stand in JSON; data is NULL otherwise */
    bool in_order;           /* it may not be taken before those of its group that came earlier */
    struct json_value group; /* text that names the group; null: that of all that name none */
    const char *wrong; /* the name of what isn't text in it, though it should be; NULL: none */
};

/*
 * Reads the event TEXT, which must outlast it. The request's memory is the arena's; where that ends
 * the arena has `failed`, and run_function says so. Always leaves a request that can be answered.
 */
void event_read(struct event *event, dime_text text, struct arena *arena);

/*
 * Whether an answer with this status must be a failure of the whole invocation. Lambda itself
 * stands between an asynchronous sender and the function, looks at no answer, and tries again, or
 * keeps for the dead letters, only what failed ("Asynchronous invocation"). A 4xx would fail again.
 * An event of a sender that isn't read always fails: a stream would take an answer for a success.
 */
bool event_must_fail(const struct event *event, int status);

/*
 * Makes an EVENT_QUEUE of COUNT messages that a host has, and that must outlast it. The request's
 * memory is the arena's.
 */
void event_of_messages(struct event *event, const struct event_message *messages, size_t count,
                       struct arena *arena);

/* Where in an EVENT_QUEUE a reader of its messages is. */
struct event_cursor {
    struct json_cursor records;
    const struct event_message *next;
    size_t left;
};

/* A cursor before the first message of an EVENT_QUEUE. It allocates nothing. */
struct event_cursor event_messages(const struct event *queue);

/* Reads the next message. False: there are no more. */
bool event_next_message(struct event_cursor *messages, struct event_message *message);

/*
 * Reads the event that a message's body is, as event_read does; the message must outlast it, the
 * arena is the event's own. A message that holds a batch of messages is a problem.
 */
void event_of_message(struct event *event, const struct event_message *message,
                      struct arena *arena);

/*
 * Most bytes that the sender takes: of an answer that event_answer writes, and of the headers in
 * it. SIZE_MAX: as many as Lambda takes. An answer with more would be a 502 that says nothing.
 */
struct event_limits {
    size_t answer, headers;
};
struct event_limits event_limits_of(const struct event *event);

/* Bytes of a response's headers, as HTTP counts them. */
size_t event_header_bytes(const struct response *response);

/*
 * Appends the finished answer, as the event's sender expects it, to OUT. Where OUT has failed
 * afterwards it ran out of memory, and what is in it is of no use.
 */
void event_answer(const struct event *event, const struct response *response, struct buffer *out);

/*
 * Appends the head of a streamed answer to an EVENT_GATEWAY_V2: its status, headers and cookies, in
 * JSON. Where the body follows, eight NULs stand between the two (AWS's page "Response streaming
 * for Lambda functions").
 */
void event_prelude(const struct event *event, const struct response *response, struct buffer *out);

#endif
