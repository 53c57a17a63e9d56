/*
 * event.h - what records.c and topic.c share: an event, and looking into it.
 * SNS brings the same events as S3 sends itself, in a wrapping of its own.
 */
#ifndef DIME_FUNCTIONS_LABELS_EVENT_H
#define DIME_FUNCTIONS_LABELS_EVENT_H

#include "base/json.h"
#include "functions/labels/labels.h"

enum labels_shape {
    LABELS_NO_EVENT,
    LABELS_TEST,    /* S3 says once that it can send events; it names no object */
    LABELS_RECORDS, /* of S3 or of MinIO */
    LABELS_OBJECT,  /* one: a notification of EventBridge, or bucket and key */
};

/* What an event is that names objects. */
enum labels_shape labels_shape_of(struct json_value event);

/* The value at a path such as "s3.object.key" in checked JSON; of kind JSON_NULL where none is. */
struct json_value labels_member(struct json_value value, const char *path);

/* The text at such a path; empty where there is none, or where ARENA has failed. */
dime_text labels_text(struct json_value value, const char *path, struct arena *arena);

/* Labels every object of an event and answers with a result for each. */
void labels_answer_objects(const struct labels_question *question, struct json_value event,
                           enum labels_shape shape);

/* Answers what SNS has sent over HTTP: that a subscription is to be confirmed, or an event. */
void labels_answer_topic(const struct labels_question *question, struct json_value message);

#endif
