/*
 * invoke_api.c - turns an Invoke request into a call, and sends the answer back.
 *
 * An event is passed on unchanged, even if it isn't JSON. Lambda would refuse that, but here a
 * bootstrap can be tested with invalid events. Values that become headers of the Runtime API are
 * checked.
 */
#include "emulator/invoke_api.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/uri.h"
#include "emulator/callers.h"
#include "emulator/calls.h"
#include "emulator/event_stream.h"
#include "emulator/function_url.h"
#include "emulator/replies.h"

enum { CONTEXT_MAX = 3583, FUNCTION_NAME_MAX = 256, QUALIFIER_MAX_LENGTH = 128 };

size_t emu_invoke_begin(struct emu_exchange *exchange)
{
    (void)exchange;
    return EMU_REQUEST_MAX;
}

/*
 * Splits a function's name, ARN or partial ARN into *NAME and the qualifier, whose data is NULL if
 * there is none.
 */
static void part_name(dime_text *name, dime_text *qualifier)
{
    dime_text part, rest = *name;
    while (text_cut(&rest, ':', &part)) {
        if (text_equal(part, TEXT("function")) && rest.data)
            *name = rest;
    }
    rest = *name;
    if (!text_cut(&rest, ':', name))
        *name = TEXT("");
    *qualifier = rest;
}

static struct emu_lambda *find_lambda(const struct emulator *emulator, dime_text name)
{
    for (struct emu_lambda *one = emulator->lambdas; one; one = one->next) {
        /* The name of the only function in AWS's own emulator. */
        bool only = one == emulator->lambdas && !one->next && text_equal(name, TEXT("function"));
        if (only || text_equal(text_of(one->name), name))
            return one;
    }
    return NULL;
}

/* Decodes a client context, which arrives in base64 and is passed on as JSON in one line. */
static bool take_context(struct emu_call *call, const char *given)
{
    struct arena arena;
    dime_text context;
    if (!given || !*given)
        return true;
    arena_open(&arena, (size_t)4 * CONTEXT_MAX);
    bool fine = strlen(given) <= (size_t)CONTEXT_MAX &&
                base64_decode(text_of(given), &arena, &context) &&
                !memchr(context.data, '\0', context.length);
    if (fine)
        call->client_context = strndup(context.data, context.length);
    arena_close(&arena);
    for (char *c = call->client_context; c && *c; c++) {
        if (*c == '\r' || *c == '\n' || *c == '\t')
            *c = ' ';
    }
    return fine && call->client_context;
}

/* Answers without a body, but with the id, a request that isn't run, or not yet. */
static void acknowledge(struct emu_exchange *exchange, unsigned status, const char *id)
{
    struct MHD_Response *response =
        emu_reply_make(TEXT(""), status == MHD_HTTP_NO_CONTENT ? "" : EMU_JSON);
    emu_reply_header(response, "X-Amzn-RequestId", id);
    emu_exchange_reply(exchange, status, response);
}

/* The caller of an event is answered once it's in the queue; nobody waits for the result. */
static void queue_event(struct emu_exchange *exchange, struct emu_call *call)
{
    char id[EMU_ID_SIZE];
    memcpy(id, call->id, sizeof id);
    call->is_event = true;
    call->caller = NULL;
    exchange->call = NULL;
    emu_caller_queue(exchange, call);
    if (!exchange->status)
        acknowledge(exchange, MHD_HTTP_ACCEPTED, id);
}

static void fill_call(struct emu_exchange *exchange, struct emu_call *call, dime_text qualifier,
                      bool waits)
{
    size_t length = strlen(call->arn);
    if (qualifier.length)
        snprintf(call->arn + length, sizeof call->arn - length, ":%.*s", (int)qualifier.length,
                 qualifier.data);
    if (!take_context(call, emu_exchange_header(exchange, "X-Amz-Client-Context"))) {
        emu_call_free(call);
        emu_refuse_invocation(exchange, MHD_HTTP_BAD_REQUEST, "InvalidRequestContentException",
                              "Client context must be JSON in base64 of at most 3583 bytes");
        return;
    }
    if (!exchange->body.length)
        emu_body_add(&exchange->body, "{}", 2, EMU_REQUEST_MAX); /* without a payload */
    call->event = exchange->body;
    exchange->body = (struct emu_body){0};
    if (call->event.failed) {
        emu_call_free(call);
        emu_exchange_reply(exchange, MHD_HTTP_INTERNAL_SERVER_ERROR, NULL);
    } else {
        (waits ? emu_caller_queue : queue_event)(exchange, call);
    }
}

/* Whether a header is absent or has one of these values, which end with NULL; else refuses it. */
static bool has_one_of(struct emu_exchange *exchange, const char *header, const char *const *values)
{
    const char *given = emu_exchange_header(exchange, header);
    char message[128], list[64] = "";
    for (size_t i = 0, length = 0; values[i]; i++) {
        if (!given || strcmp(given, values[i]) == 0)
            return true;
        length +=
            (size_t)snprintf(list + length, sizeof list - length, "%s%s", i ? ", " : "", values[i]);
    }
    snprintf(message, sizeof message, "%s must be one of: %s", header, list);
    emu_refuse_invocation(exchange, MHD_HTTP_BAD_REQUEST, "InvalidParameterValueException",
                          message);
    return false;
}

/* Whether the headers are valid; else refuses them. */
static bool check_options(struct emu_exchange *exchange, bool streams)
{
    static const char *const TYPES[] = {"RequestResponse", "DryRun", "Event", NULL};
    static const char *const STREAMED[] = {"RequestResponse", "DryRun", NULL};
    static const char *const LOGS[] = {"None", "Tail", NULL};
    return has_one_of(exchange, "X-Amz-Invocation-Type", streams ? STREAMED : TYPES) &&
           has_one_of(exchange, "X-Amz-Log-Type", LOGS);
}

static void invoke_lambda(struct emu_exchange *exchange, struct emu_lambda *lambda,
                          dime_text qualifier, bool streams)
{
    const char *type = emu_exchange_header(exchange, "X-Amz-Invocation-Type");
    bool is_event = type && strcmp(type, "Event") == 0;
    size_t most = is_event ? EMU_EVENT_MAX : EMU_REQUEST_MAX;
    char message[128], id[EMU_ID_SIZE];
    if (!check_options(exchange, streams))
        return;
    if (exchange->body.total > most) {
        snprintf(message, sizeof message,
                 "Request must be smaller than %zu bytes for the %s operation", most,
                 is_event ? "InvokeAsync" : "InvokeFunction");
        emu_refuse_invocation(exchange, MHD_HTTP_CONTENT_TOO_LARGE, "RequestTooLargeException",
                              message);
    } else if (type && strcmp(type, "DryRun") == 0) {
        emu_make_id(id);
        acknowledge(exchange, MHD_HTTP_NO_CONTENT, id);
    } else {
        struct emu_call *call = emu_caller_call(exchange, lambda);
        if (!call) {
            emu_exchange_reply(exchange, MHD_HTTP_INTERNAL_SERVER_ERROR, NULL);
            return;
        }
        if (streams)
            emu_event_stream_prepare(call);
        fill_call(exchange, call, qualifier, !is_event);
    }
}

static void refuse_operation(struct emu_exchange *exchange)
{
    emu_refuse_invocation(
        exchange, MHD_HTTP_NOT_FOUND, "UnknownOperationException",
        "Use POST /2015-03-31/functions/NAME/invocations; this emulator has little else of"
        " Lambda's API");
}

/* Reads the qualifier in a query, if there is one, decoded if possible. */
static void find_qualifier(const char *uri, char *room, size_t size, dime_text *qualifier)
{
    dime_text query = query_of(uri), part, value;
    while (text_cut(&query, '&', &part)) {
        if (!path_below(part, "Qualifier=", &value))
            continue;
        if (!path_decode(value, room, size, qualifier))
            *qualifier = value;
        return;
    }
}

/* Whether the qualifier is absent or valid; else refuses it. */
static bool check_qualifier(struct emu_exchange *exchange, dime_text qualifier)
{
    if (!qualifier.data || (qualifier.length && qualifier.length <= QUALIFIER_MAX_LENGTH &&
                            emu_caller_is_plain(qualifier)))
        return true;
    emu_refuse_invocation(
        exchange, MHD_HTTP_BAD_REQUEST, "ValidationException",
        "The qualifier must have 1 to 128 letters, digits or signs of $_-; leave it out"
        " for $LATEST");
    return false;
}

static void refuse_name(struct emu_exchange *exchange, dime_text name, dime_text qualifier)
{
    char message[2 * FUNCTION_NAME_MAX + 128];
    if (!qualifier.length)
        qualifier = TEXT("$LATEST");
    snprintf(message, sizeof message,
             "Function not found: arn:aws:lambda:us-east-1:012345678912:function:%.*s:%.*s",
             (int)name.length, name.data, (int)qualifier.length, qualifier.data);
    emu_refuse_invocation(exchange, MHD_HTTP_NOT_FOUND, "ResourceNotFoundException", message);
}

/* NAME/invocations, below the version of the API. */
static void route_function(struct emu_exchange *exchange, dime_text rest, const char *operation)
{
    struct emulator *emulator = exchange->endpoint->owner;
    dime_text name, qualifier = {0};
    char room[FUNCTION_NAME_MAX], more[FUNCTION_NAME_MAX];
    if (!text_cut(&rest, '/', &name) || !text_equal(rest, text_of(operation)) ||
        !path_decode(name, room, sizeof room, &name)) {
        refuse_operation(exchange);
        return;
    }
    part_name(&name, &qualifier);
    struct emu_lambda *lambda = find_lambda(emulator, name);
    find_qualifier(exchange->uri, more, sizeof more, &qualifier);
    if (!check_qualifier(exchange, qualifier))
        return;
    if (!lambda) {
        refuse_name(exchange, name, qualifier);
    } else if (strcmp(exchange->method, "POST") != 0) {
        emu_refuse_invocation(exchange, MHD_HTTP_METHOD_NOT_ALLOWED, "MethodNotAllowedException",
                              "The method must be POST");
    } else {
        invoke_lambda(exchange, lambda, qualifier,
                      text_starts(text_of(operation), TEXT("response-")));
    }
}

/* Whether a path belongs to Lambda's API, like /2015-03-31/functions, and not to a function URL. */
static bool is_api(dime_text path)
{
    static const char *const RESOURCES[] = {"functions",
                                            "event-source-mappings",
                                            "layers",
                                            "tags",
                                            "account-settings",
                                            "code-signing-configs",
                                            "capacity-providers",
                                            "durable-executions",
                                            "durable-execution-callbacks"};
    static const char DATE[] = "/dddd-dd-dd/";
    dime_text resource;
    if (path.length < sizeof DATE)
        return false;
    for (size_t i = 0; DATE[i]; i++) {
        bool digit = path.data[i] >= '0' && path.data[i] <= '9';
        if (DATE[i] == 'd' ? !digit : path.data[i] != DATE[i])
            return false;
    }
    path = text_skip(path, sizeof DATE - 1);
    (void)text_cut(&path, '/', &resource);
    for (size_t i = 0; i < sizeof RESOURCES / sizeof *RESOURCES; i++) {
        if (text_equal(resource, text_of(RESOURCES[i])))
            return true;
    }
    return false;
}

void emu_invoke_route(struct emu_exchange *exchange)
{
    dime_text path = path_of(exchange->uri), rest;
    if (path_below(path, "/2015-03-31/functions/", &rest))
        route_function(exchange, rest, "invocations");
    else if (path_below(path, "/2021-11-15/functions/", &rest))
        route_function(exchange, rest, "response-streaming-invocations");
    else if (is_api(path))
        refuse_operation(exchange);
    else
        emu_function_url_route(exchange);
}
