/*
 * runtime.c - the requests that a bootstrap may send, and when.
 *
 * A bootstrap alternately asks for the next invocation and posts its answer. A request out of turn
 * is refused with 403, an id that it doesn't have with 400, an answer after the timeout with 410,
 * and one that is too long with 413. In the last case the caller gets an error as its answer.
 */
#include "emulator/runtime.h"

#include <stdio.h>

#include "base/base64.h"
#include "base/clock.h"
#include "emulator/calls.h"
#include "emulator/extensions.h"
#include "emulator/held.h"
#include "emulator/replies.h"
#include "base/uri.h"

static const char RESPONSE_MODE[] = "Lambda-Runtime-Function-Response-Mode";

enum { ERROR_BODY_MAX = 64 * 1024 };

static void accept_it(struct emu_exchange *exchange)
{
    emu_exchange_reply(exchange, MHD_HTTP_ACCEPTED,
                       emu_reply_make(TEXT("{\"status\":\"OK\"}\n"), EMU_JSON));
}

static bool is_streamed(const struct emu_exchange *exchange)
{
    dime_text mode = text_of(emu_exchange_header(exchange, RESPONSE_MODE));
    return text_equal_nocase(mode, TEXT("streaming"));
}

/* Refuses an unknown response mode, and fails the call, as Lambda does. */
static bool check_mode(struct emu_exchange *exchange, struct emu_call *call)
{
    dime_text mode = text_of(emu_exchange_header(exchange, RESPONSE_MODE));
    if (!mode.length || is_streamed(exchange) || text_equal_nocase(mode, TEXT("buffered")))
        return true;
    emu_call_fail(call, "Runtime.InvalidResponseModeHeader", "The response mode is unknown");
    emu_refuse_runtime(exchange, MHD_HTTP_BAD_REQUEST, "InvalidFunctionResponseMode",
                       "Invalid function response mode");
    return false;
}

/* The call that an answer or an error is posted for, and which of the two; NULL: there is none. */
static struct emu_call *call_of(const struct emu_exchange *exchange, dime_text *what)
{
    dime_text path = path_of(exchange->uri), id;
    char room[64];
    if (strcmp(exchange->method, "POST") != 0 ||
        !path_below(path, "/2018-06-01/runtime/invocation/", what) || !text_cut(what, '/', &id) ||
        !what->data || !path_decode(id, room, sizeof room, &id))
        return NULL;
    return emu_call_find(exchange->endpoint->owner, id);
}

static void pass_on(struct emu_exchange *exchange)
{
    struct emu_call *call = exchange->call;
    if (call && call->state == EMU_CALL_RUNS && call->pass_on)
        call->pass_on(call, emu_body_text(&exchange->body));
}

/* A complete answer has already ended its call. */
static void tear(struct emu_exchange *exchange, bool sent)
{
    struct emu_call *call = exchange->call;
    (void)sent;
    if (!call)
        return;
    call->source = NULL;
    call->pass_on = NULL;
}

static bool has_prelude(const struct emu_exchange *exchange)
{
    const char *type = emu_exchange_header(exchange, MHD_HTTP_HEADER_CONTENT_TYPE);
    return is_streamed(exchange) && type &&
           strcmp(type, "application/vnd.awslambda.http-integration-response") == 0;
}

size_t emu_runtime_begin(struct emu_exchange *exchange)
{
    dime_text what;
    if (!is_streamed(exchange))
        return EMU_ANSWER_MAX;
    struct emu_call *call = call_of(exchange, &what);
    if (!call || !text_equal(what, TEXT("response")) || call->source || !call->pass_on)
        return EMU_STREAM_MAX;
    call->has_prelude = has_prelude(exchange);
    call->source = exchange;
    exchange->call = call;
    exchange->arrived = pass_on;
    exchange->ended = tear;
    return EMU_STREAM_MAX;
}

static int64_t count_running(const struct emu_environment *environment)
{
    int64_t count = 0;
    for (const struct emu_call *call = environment->calls; call; call = call->next)
        count++;
    return count;
}

static void next_invocation(struct emu_exchange *exchange, struct emu_environment *environment)
{
    const struct emu_settings *settings = &environment->lambda->emulator->settings;
    struct emu_exchange **last = &environment->idle;
    if (environment->init_error.total || count_running(environment) >= settings->max_concurrency) {
        emu_refuse_runtime(exchange, MHD_HTTP_FORBIDDEN, "InvalidStateTransition",
                           "Answer this invocation before you ask for the next one");
        return;
    }
    if (!environment->ready_ns)
        environment->ready_ns = clock_monotonic_ns();
    environment->answered[0] = '\0';
    emu_held_release(environment);
    while (*last)
        last = &(*last)->next;
    *last = exchange;
    emu_calls_schedule(environment->lambda);
}

/* The error at the end of a streamed answer, decoded into the arena; NULL: none. */
static const char *streamed_error(struct emu_exchange *exchange, struct arena *arena,
                                  dime_text *answer)
{
    const char *type = emu_exchange_trailer(exchange, "Lambda-Runtime-Function-Error-Type");
    const char *body = emu_exchange_trailer(exchange, "Lambda-Runtime-Function-Error-Body");
    if (!type)
        return NULL;
    if (!body || !base64_decode(text_of(body), arena, answer))
        *answer = TEXT("{\"errorType\":\"Runtime.TruncatedResponse\"}");
    return "Unhandled";
}

static void too_large(struct emu_exchange *exchange, struct emu_call *call)
{
    char message[160];
    size_t most = exchange->limit < call->answer_max ? exchange->limit : call->answer_max;
    snprintf(message, sizeof message,
             "Response payload size (%zu bytes) exceeded maximum allowed payload size (%zu bytes).",
             exchange->body.total, most);
    emu_call_fail(call, "Function.ResponseSizeTooLarge", message);
    snprintf(message, sizeof message, "Exceeded maximum allowed payload size (%d bytes).",
             EMU_ANSWER_MAX);
    emu_refuse_runtime(exchange, MHD_HTTP_CONTENT_TOO_LARGE, "RequestEntityTooLarge", message);
}

static void take_answer(struct emu_exchange *exchange, struct emu_call *call)
{
    struct arena arena;
    dime_text answer = emu_body_text(&exchange->body);
    if (!check_mode(exchange, call))
        return;
    if (exchange->body.total > exchange->limit || exchange->body.total > call->answer_max) {
        too_large(exchange, call);
        return;
    }
    call->has_prelude = has_prelude(exchange);
    call->torn = call->flow && call->source != exchange;
    arena_open(&arena, ERROR_BODY_MAX);
    const char *error = streamed_error(exchange, &arena, &answer);
    emu_call_finish(call, answer, error);
    arena_close(&arena);
    accept_it(exchange);
}

static void take_error(struct emu_exchange *exchange, struct emu_call *call)
{
    const char *type = emu_exchange_header(exchange, "Lambda-Runtime-Function-Error-Type");
    if (exchange->body.total > exchange->limit)
        too_large(exchange, call);
    else {
        if (exchange->body.total)
            emu_call_finish(call, emu_body_text(&exchange->body), "Unhandled");
        else
            emu_call_fail(call, type ? type : "Runtime.Unknown", "Unknown");
        accept_it(exchange);
    }
}

/* The call with the posted id. NULL: it can't be answered now, and the request was refused. */
static struct emu_call *check_id(struct emu_exchange *exchange, struct emu_environment *environment,
                                 dime_text id)
{
    struct emu_call *call = emu_call_find(environment, id);
    if (call && call->state == EMU_CALL_RUNS)
        return call;
    if (call) {
        emu_call_finish(call, TEXT(""), NULL);
        emu_refuse_runtime(exchange, MHD_HTTP_GONE, "InvokeTimeout",
                           "The invocation has timed out");
    } else if (id.length && text_equal(text_of(environment->answered), id))
        emu_refuse_runtime(exchange, MHD_HTTP_FORBIDDEN, "InvalidStateTransition",
                           "The invocation has been answered");
    else
        emu_refuse_runtime(exchange, MHD_HTTP_BAD_REQUEST, "InvalidRequestID",
                           "Invalid request ID");
    return NULL;
}

static void init_error(struct emu_exchange *exchange, struct emu_environment *environment)
{
    if (environment->ready_ns || environment->init_error.total) {
        emu_refuse_runtime(exchange, MHD_HTTP_FORBIDDEN, "InvalidStateTransition",
                           "The runtime has begun already");
        return;
    }
    dime_text error = exchange->body.length
                          ? emu_body_text(&exchange->body)
                          : TEXT("{\"errorType\":\"Runtime.Unknown\",\"errorMessage\":\"\"}");
    emu_body_add(&environment->init_error, error.data, error.length, EMU_ANSWER_MAX);
    accept_it(exchange);
}

static void route_invocation(struct emu_exchange *exchange, struct emu_environment *environment,
                             dime_text rest)
{
    char room[64];
    dime_text id;
    if (!text_cut(&rest, '/', &id) || !path_decode(id, room, sizeof room, &id))
        id = TEXT("");
    bool answers = rest.data && text_equal(rest, TEXT("response"));
    if (!answers && !(rest.data && text_equal(rest, TEXT("error")))) {
        emu_refuse_runtime(exchange, MHD_HTTP_NOT_FOUND, "NotFound", "There is no such path");
        return;
    }
    struct emu_call *call = check_id(exchange, environment, id);
    if (call)
        (answers ? take_answer : take_error)(exchange, call);
}

/* Answers a request below /2018-06-01/runtime/. False: there is no such path. */
static bool route_runtime(struct emu_exchange *exchange, struct emu_environment *environment,
                          dime_text rest)
{
    bool is_post = strcmp(exchange->method, "POST") == 0;
    if (text_equal(rest, TEXT("invocation/next")) && strcmp(exchange->method, "GET") == 0)
        next_invocation(exchange, environment);
    else if (text_equal(rest, TEXT("init/error")) && is_post)
        init_error(exchange, environment);
    else if (path_below(rest, "invocation/", &rest) && is_post)
        route_invocation(exchange, environment, rest);
    else
        return false;
    return true;
}

void emu_runtime_route(struct emu_exchange *exchange)
{
    struct emu_environment *environment = exchange->endpoint->owner;
    dime_text path = path_of(exchange->uri), rest;
    if (path_below(path, "/2020-01-01/extension/", &rest))
        emu_extensions_route(exchange, environment, rest);
    else if (!path_below(path, "/2018-06-01/runtime/", &rest) ||
             !route_runtime(exchange, environment, rest))
        emu_refuse_runtime(exchange, MHD_HTTP_NOT_FOUND, "NotFound", "There is no such path");
}
