/*
 * members.h - the members of an event that dime reads, found in one pass; what its readers share.
 *
 * Only src/events includes this. An absent member and one that is null are the same everywhere in
 * what AWS sends, and so they are here: JSON_NULL is zero.
 */
#ifndef DIME_EVENTS_MEMBERS_H
#define DIME_EVENTS_MEMBERS_H

#include "events/event.h"

struct members {
    struct json_value version, method, path, raw_path, context, headers, multi_headers, query,
        multi_query, raw_query, cookies, body, is_base64, records, detail_type, source, detail,
        event, type, topic, message, status;
    bool wraps; /* the event only carries another one, in `message` */
};

/* Makes the event a problem with this status, unless it is one already. */
void event_refuse(struct event *event, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Reads the request that a gateway or a balancer has wrapped; event->shape says which. */
void gateway_read(struct event *event, const struct members *members);

/* Whether an event is the answer of a function, an EVENT_PREVIOUS. */
bool previous_is(const struct members *members);

/* Judges the status of an EVENT_PREVIOUS, whose headers and body gateway_read has read. */
void previous_read(struct event *event, const struct members *members);

/* Writes the answer to an EVENT_QUEUE: which of its messages are to come again. */
void queue_answer(const struct event *event, const struct response *response, struct buffer *out);

#endif
