/*
 * members.h - the members of an event that dime reads, found in one pass, and shared helpers.
 *
 * Only src/events includes this. In AWS's events an absent member and null mean the same. So they
 * do here: JSON_NULL is zero.
 */
#ifndef DIME_EVENTS_MEMBERS_H
#define DIME_EVENTS_MEMBERS_H

#include "events/event.h"

struct members {
    struct json_value version, method, path, raw_path, context, headers, multi_headers, query,
        multi_query, raw_query, cookies, body, is_base64, records, detail_type, source, detail,
        event, type, topic, message, status, event_source;
    /* of VPC Lattice, whose first version has its own names for the others */
    struct json_value lattice_method, lattice_path, lattice_query, lattice_base64;
    uint64_t words; /* which members of unsupported senders are there */
    bool wraps;     /* the event only wraps another one, in `message` */
};

/* Makes the event a problem with this status, unless it is one already. */
void event_refuse(struct event *event, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Whether a value is this string, written without escapes. */
bool member_reads(struct json_value value, dime_text word);

/* Refuses a member that isn't text. An absent one isn't refused. True: it is text. */
bool member_is_text(struct event *event, const char *name, struct json_value value);

/* Reads text; null is an empty text. False: it isn't text, or memory ran out. */
bool member_text(struct event *event, const char *name, struct json_value value, dime_text *text);

/* Reads the request that a gateway or a balancer wrapped; event->shape says which. */
void gateway_read(struct event *event, const struct members *members);

/* Records the name of an outermost member if it identifies an unsupported sender. */
void senders_note(struct members *members, dime_text name);

/* Refuses an event by the recorded members. False: it isn't from an unsupported sender. */
bool senders_refuse(struct event *event, const struct members *members);

/* Refuses an event from this source, a JSON string. */
void senders_refuse_source(struct event *event, struct json_value source);

/* Refuses an event from Lambda@Edge, which has no source. */
void senders_refuse_edge(struct event *event);

/* Whether a text that isn't JSON looks as if it came from such a source. */
bool senders_have_sent(dime_text text);

/* Whether an event is the answer of a function, an EVENT_PREVIOUS. */
bool previous_is(const struct members *members);

/* Judges the status of an EVENT_PREVIOUS, whose headers and body gateway_read has read. */
void previous_read(struct event *event, const struct members *members);

/* Writes the answer to an EVENT_QUEUE: which of its messages to deliver again. */
void queue_answer(const struct event *event, const struct response *response, struct buffer *out);

#endif
