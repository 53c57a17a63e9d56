/*
 * invocation.c - runs a function on one event.
 *
 * A Lambda has one function, and a gateway sends it any path, so the path is split here: see
 * route_split. A function that runs elsewhere gets the whole path and splits it there in the same
 * way. If memory runs out while the answer is written, a shorter one goes into the invocation's own
 * room.
 */
#include "events/invocation.h"

#include <stdio.h>

#include "request/function.h"
#include "request/request.h"
#include "request/response.h"
#include "request/route.h"

/* Room for a body in which every byte is a JSON escape, the worst case for text. */
enum { EVENT_ANSWER_MAX = 6 * RESPONSE_BODY_MAX + 64 * 1024 };

/* Puts the host's own headers before the request's, so they can't be confused with a client's. */
static void add_host_headers(struct request *request, const struct invoker *invoker)
{
    size_t count = invoker->header_count + request->header_count;
    if (!invoker->header_count)
        return;
    struct header *all = arena_array(request->arena, count, sizeof *all);
    if (!all)
        return; /* the arena has failed, and so will the request */
    memcpy(all, invoker->headers, invoker->header_count * sizeof *all);
    if (request->header_count)
        memcpy(all + invoker->header_count, request->headers, request->header_count * sizeof *all);
    request->headers = all;
    request->header_count = count;
}

/* Appends the host's fields to the request's own query. */
static void add_query(struct request *request, dime_text query)
{
    struct buffer all;
    if (!query.length)
        return;
    buffer_open(&all, request->arena, request->query.length + query.length + 1);
    buffer_put(&all, request->query);
    buffer_puts(&all, request->query.length ? "&" : "");
    buffer_put(&all, query);
    request->query = buffer_text(&all); /* incomplete only if the arena has failed */
}

/* Gets the request answered, here or elsewhere. */
static void answer_request(const struct invoker *invoker, struct request *request,
                           const struct incoming *incoming, struct response *response)
{
    if (invoker->function)
        run_function(invoker->function, request, incoming, response);
    else
        invoker->ask(invoker->asked, request, incoming, response);
}

static void note_refusal(const struct event *event, const struct invoker *invoker,
                         struct incoming *incoming)
{
    if (event->status) {
        incoming->refusal = REFUSED_EVENT;
        incoming->status = event->status;
        incoming->why = event->why;
    } else if (invoker->function &&
               event->request.body.length > function_body_max(invoker->function)) {
        incoming->refusal = REFUSED_TOO_LARGE;
    }
}

/* Replaces what OUT holds by the answer in the sender's form. False: out of memory. */
static bool write_event(struct invocation *invocation, struct buffer *out)
{
    out->length = 0;
    event_answer(&invocation->event, &invocation->response, out);
    return !out->failed;
}

/* Replaces a response that can't be passed on by a problem. Its first HEADERS headers belong to the
 * call and stay. */
static void replace_answer(struct invocation *invocation, const struct invoker *invoker,
                           const char *why, size_t headers, struct buffer *out)
{
    struct incoming incoming = {
        .refusal = REFUSED_EVENT, .status = 500, .why = why, .not_open = invoker->not_open};
    response_open(&invocation->response, out->arena);
    invocation->response.header_count = headers;
    answer_request(invoker, &invocation->event.request, &incoming, &invocation->response);
    (void)write_event(invocation, out);
}

/* To the sender an answer that the host or the gateway rejects would look like a crash. */
static void replace_too_long(struct invocation *invocation, const struct invoker *invoker,
                             struct buffer *out)
{
    struct event_limits limits = event_limits_of(&invocation->event);
    size_t headers = event_header_bytes(&invocation->response);
    char why[160];
    if (invoker->answer_max && invoker->answer_max < limits.answer)
        limits.answer = invoker->answer_max;
    if (headers > limits.headers) {
        snprintf(why, sizeof why,
                 "The answer has %zu bytes of headers, and at most %zu can be sent from here.",
                 headers, limits.headers);
        replace_answer(invocation, invoker, why, 0, out);
    } else if (out->length > limits.answer) {
        snprintf(why, sizeof why,
                 "The answer has %zu bytes, and at most %zu can be sent from here; ask for less.",
                 out->length, limits.answer);
        replace_answer(invocation, invoker, why, invocation->response.kept_headers, out);
    }
}

dime_text invoke_answer(struct invocation *invocation, const struct invoker *invoker,
                        struct arena *arena)
{
    struct buffer out;
    buffer_open(&out, arena, EVENT_ANSWER_MAX);
    if (write_event(invocation, &out))
        replace_too_long(invocation, invoker, &out);
    if (!out.failed)
        return buffer_text(&out);
    run_out_of_memory(&invocation->event.request, &invocation->response);
    buffer_over(&out, invocation->room, sizeof invocation->room);
    return write_event(invocation, &out) ? buffer_text(&out) : (dime_text){0};
}

void invoke_event(struct invocation *invocation, const struct invoker *invoker, struct arena *arena)
{
    struct request *request = &invocation->event.request;
    struct incoming incoming = {.not_open = invoker->not_open};
    request_choose_id(request, invoker->id, invocation->id);
    request->state = invoker->state;
    request->deadline_ms = invoker->deadline_ms;
    add_host_headers(request, invoker);
    add_query(request, invoker->query);
    incoming.health = text_starts(request->path, TEXT("/healthz/"));
    if (invoker->function)
        incoming.path_info =
            route_split(invoker->function->name, invoker->function->route_count, &request->path);
    note_refusal(&invocation->event, invoker, &incoming);
    response_open(&invocation->response, arena);
    invocation->streaming = invoker->stream && invoker->function &&
                            invocation->event.shape == EVENT_GATEWAY_V2 &&
                            !invocation->event.asynchronous;
    invocation->response.stream = invocation->streaming ? invoker->stream : NULL;
    answer_request(invoker, request, &incoming, &invocation->response);
}
