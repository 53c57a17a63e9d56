/*
 * records.h - the objects that an event names, each with its result.
 *
 * SNS brings the same events as S3 sends itself, in a wrapping of its own: see event.c.
 */
#ifndef DIME_FUNCTIONS_LABELS_RECORDS_H
#define DIME_FUNCTIONS_LABELS_RECORDS_H

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

/* Labels every object of an event and answers with a result for each. */
void labels_answer_objects(const struct labels_question *question, struct json_value event,
                           enum labels_shape shape);

#endif
