/*
 * previous.c - an answer of one function as an event for the next: `dime invoke a | dime invoke b`.
 *
 * An answer is recognized by its statusCode, which no sender puts into a request. Its headers and
 * body look like a request's. The next function reads the body, so the two functions needn't know
 * about each other. A failure is passed through unchanged to the end, and no later function runs.
 */
#include "events/members.h"

enum { STATUS_CODE_LEAST = 100, FAILED_LEAST = 400, STATUS_CODE_MOST = 599 };

bool previous_is(const struct members *members)
{
    return members->status.kind != JSON_NULL && members->method.kind == JSON_NULL &&
           members->body.kind == JSON_STRING;
}

/* The status, which some write as text; 0 if it is invalid. */
static int read_status_code(struct event *event, struct json_value value)
{
    int64_t status = 0;
    dime_text text = TEXT("");
    bool number =
        value.kind == JSON_STRING
            ? json_string(value, event->request.arena, &text) && text_to_int64(text, &status)
            : value.kind == JSON_NUMBER && json_integer(value, &status);
    return number && status >= STATUS_CODE_LEAST && status <= STATUS_CODE_MOST ? (int)status : 0;
}

/* Passes a failure on, with its own detail if it is a problem (RFC 9457). */
static void refuse_failure(struct event *event, int status)
{
    struct request *request = &event->request;
    struct json_value body = {0};
    struct json_error error;
    dime_text detail = TEXT("");
    if (json_check(request->body, request->arena, &body, &error))
        detail = json_text_at(body, "detail", request->arena);
    detail.length = detail.length ? strnlen(detail.data, detail.length) : 0;
    if (detail.length)
        event_refuse(event, status, "%.*s", (int)text_kept_length(detail, sizeof event->why - 1),
                     detail.data);
    else
        event_refuse(event, status, "The function before this one failed.");
}

void previous_read(struct event *event, const struct members *members)
{
    int status = read_status_code(event, members->status);
    event->request.source = DIME_DIRECT;
    if (!status)
        event_refuse(event, 422, "The event's statusCode must be a status of HTTP.");
    else if (status >= FAILED_LEAST)
        refuse_failure(event, status);
}
