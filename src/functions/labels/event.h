/*
 * event.h - events that name objects, where a request has one in its body.
 *
 * A function is handed the events of S3 and of EventBridge as they are.
 */
#ifndef DIME_FUNCTIONS_LABELS_EVENT_H
#define DIME_FUNCTIONS_LABELS_EVENT_H

#include "functions/labels/labels.h"

/*
 * Answers an event in the request's body that names objects. False: there is no such event in it,
 * and nothing has been answered.
 */
bool labels_answer_event(const struct labels_question *question);

#endif
