/*
 * invoke.c - from a request for an invocation to a call, and back.
 *
 * An event is handed on as it came, also where it isn't JSON: Lambda itself would refuse that, but
 * here a bootstrap can be shown what it should never see. What a caller gives for headers of the
 * Runtime API is checked, since it becomes lines of another protocol.
 */
#include "emulator/invoke.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/clock.h"
#include "emulator/call.h"
#include "emulator/environment.h"
#include "base/uri.h"
#include "emulator/stream.h"
#include "emulator/url.h"

static const char JSON[] = "application/json";

enum { CONTEXT_MAX = 3583, NAME_MAX_LENGTH = 256, QUALIFIER_MAX_LENGTH = 128 };

size_t invoke_begin(struct exchange *exchange)
{
    (void)exchange;
    return REQUEST_MAX;
}

void invoke_refuse(struct exchange *exchange, unsigned status, const char *type,
                   const char *message)
{
    char room[2048], id[ID_SIZE];
    struct buffer out;
    buffer_over(&out, room, sizeof room);
    buffer_puts(&out, "{\"Type\":\"User\",\"Message\":");
    buffer_json(&out, text_of(message));
    buffer_puts(&out, "}\n");
    struct MHD_Response *response = reply_make(buffer_text(&out), JSON);
    emulator_make_id(id);
    reply_header(response, "X-Amzn-RequestId", id);
    reply_header(response, "X-Amzn-ErrorType", type);
    exchange_reply(exchange, status, response);
}

void invoke_add_headers(struct MHD_Response *response, const struct call *call, const char *error)
{
    reply_header(response, "X-Amzn-RequestId", call->id);
    reply_header(response, "X-Amzn-Trace-Id", call->trace);
    reply_header(response, "X-Amz-Executed-Version", "$LATEST");
    reply_header(response, "X-Amz-Function-Error", error);
}

/* A process may write its log after its answer: the answer waits until it asks for more. */
static void hold(struct call *call, struct MHD_Response *response)
{
    struct exchange *exchange = call->caller;
    exchange->held = response;
    exchange->held_from = call->tail_from;
    snprintf(exchange->held_id, sizeof exchange->held_id, "%s", call->id);
    snprintf(exchange->held_report, sizeof exchange->held_report, "%s", call->report);
    exchange->next = call->environment->held;
    call->environment->held = exchange;
}

void invoke_release(struct environment *environment)
{
    while (environment->held) {
        struct exchange *exchange = environment->held;
        environment->held = exchange->next;
        exchange->next = NULL;
        environment_forward(environment);
        char *tail = environment_tail(environment, exchange);
        reply_header(exchange->held, "X-Amz-Log-Result", tail);
        free(tail);
        exchange_reply(exchange, MHD_HTTP_OK, exchange->held);
        exchange->held = NULL;
    }
}

static void reply_to_caller(struct call *call, dime_text answer, const char *error)
{
    if (!call->caller)
        return;
    struct MHD_Response *response = reply_make(answer, JSON);
    invoke_add_headers(response, call, error);
    if (call->wants_tail && call->environment && response)
        hold(call, response);
    else
        exchange_reply(call->caller, MHD_HTTP_OK, response);
}

/*
 * Parts what names a function, a name, an ARN or a part of one, into *NAME and its qualifier, whose
 * data is NULL where there is none.
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

static struct lambda *find_lambda(const struct emulator *emulator, dime_text name)
{
    for (struct lambda *one = emulator->lambdas; one; one = one->next) {
        /* AWS's own emulator calls its only function so. */
        bool only = one == emulator->lambdas && !one->next && text_equal(name, TEXT("function"));
        if (only || text_equal(text_of(one->name), name))
            return one;
    }
    return NULL;
}

/* Whether each character may stand in a header, in JSON and in an ARN alike. */
static bool is_plain(dime_text text)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (!c || (!text_alphanumeric(c) && !strchr("=;:._-$", c)))
            return false;
    }
    return true;
}

static void choose_trace(struct call *call, const char *given)
{
    char id[ID_SIZE], more[ID_SIZE];
    if (given && *given && strlen(given) < sizeof call->trace && is_plain(text_of(given))) {
        snprintf(call->trace, sizeof call->trace, "%s", given);
        return;
    }
    emulator_make_id(id);
    emulator_make_id(more);
    snprintf(call->trace, sizeof call->trace,
             "Root=1-%08llx-%.8s%.4s%.12s;Parent=%.8s%.4s%.4s;Sampled=0",
             (unsigned long long)(clock_epoch_ms() / 1000), id, id + 9, id + 24, more, more + 9,
             more + 14);
}

struct call *invoke_prepare(struct exchange *exchange, struct lambda *lambda)
{
    struct call *call = call_make(lambda);
    if (!call)
        return NULL;
    const char *tenant = exchange_header(exchange, "X-Amz-Tenant-Id");
    const char *log = exchange_header(exchange, "X-Amz-Log-Type");
    call->reply = reply_to_caller;
    call->caller = exchange;
    exchange->call = call;
    call->wants_tail = log && strcmp(log, "Tail") == 0;
    if (tenant && strlen(tenant) < sizeof call->tenant)
        snprintf(call->tenant, sizeof call->tenant, "%s", tenant);
    choose_trace(call, exchange_header(exchange, "X-Amzn-Trace-Id"));
    snprintf(call->arn, sizeof call->arn, "arn:aws:lambda:us-east-1:012345678912:function:%s",
             lambda->name);
    return call;
}

/* A client's context arrives in base64, and goes on as JSON in one line. */
static bool take_context(struct call *call, const char *given)
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

void invoke_queue(struct exchange *exchange, struct call *call)
{
    if (call->lambda->emulator->stopping) {
        call_free(call);
        invoke_refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "ServiceException",
                      "dime lambda is being stopped");
    } else if (call_queue(call)) {
        calls_schedule(call->lambda);
    } else {
        call_free(call);
        invoke_refuse(exchange, MHD_HTTP_TOO_MANY_REQUESTS, "TooManyRequestsException",
                      "Rate Exceeded.");
    }
}

/* Answers what isn't run, or not now, with nothing but the id that it has. */
static void acknowledge(struct exchange *exchange, unsigned status, const char *id)
{
    struct MHD_Response *response = reply_make(TEXT(""), status == MHD_HTTP_NO_CONTENT ? "" : JSON);
    reply_header(response, "X-Amzn-RequestId", id);
    exchange_reply(exchange, status, response);
}

/* Nobody waits for the answer of an event: its caller is answered once it's in the queue. */
static void queue_event(struct exchange *exchange, struct call *call)
{
    char id[ID_SIZE];
    memcpy(id, call->id, sizeof id);
    call->is_event = true;
    call->caller = NULL;
    exchange->call = NULL;
    invoke_queue(exchange, call);
    if (!exchange->status)
        acknowledge(exchange, MHD_HTTP_ACCEPTED, id);
}

static void take_event(struct exchange *exchange, struct call *call, dime_text qualifier,
                       bool waits)
{
    size_t length = strlen(call->arn);
    if (qualifier.length)
        snprintf(call->arn + length, sizeof call->arn - length, ":%.*s", (int)qualifier.length,
                 qualifier.data);
    if (!take_context(call, exchange_header(exchange, "X-Amz-Client-Context"))) {
        call_free(call);
        invoke_refuse(exchange, MHD_HTTP_BAD_REQUEST, "InvalidRequestContentException",
                      "Client context must be JSON in base64 of at most 3583 bytes");
        return;
    }
    if (!exchange->body.length)
        body_add(&exchange->body, "{}", 2, REQUEST_MAX); /* no payload is an empty one */
    call->event = exchange->body;
    exchange->body = (struct body){0};
    if (call->event.failed) {
        call_free(call);
        exchange_reply(exchange, MHD_HTTP_INTERNAL_SERVER_ERROR, NULL);
    } else {
        (waits ? invoke_queue : queue_event)(exchange, call);
    }
}

/* Whether a header is absent or has one of these values, NULL at their end; refuses it otherwise.
 */
static bool is_one_of(struct exchange *exchange, const char *header, const char *const *values)
{
    const char *given = exchange_header(exchange, header);
    char message[128], list[64] = "";
    for (size_t i = 0, length = 0; values[i]; i++) {
        if (!given || strcmp(given, values[i]) == 0)
            return true;
        length +=
            (size_t)snprintf(list + length, sizeof list - length, "%s%s", i ? ", " : "", values[i]);
    }
    snprintf(message, sizeof message, "%s is one of: %s", header, list);
    invoke_refuse(exchange, MHD_HTTP_BAD_REQUEST, "InvalidParameterValueException", message);
    return false;
}

/* Whether the headers ask for what there is; refuses them otherwise. */
static bool check_options(struct exchange *exchange, bool streams)
{
    static const char *const TYPES[] = {"RequestResponse", "DryRun", "Event", NULL};
    static const char *const STREAMED[] = {"RequestResponse", "DryRun", NULL};
    static const char *const LOGS[] = {"None", "Tail", NULL};
    return is_one_of(exchange, "X-Amz-Invocation-Type", streams ? STREAMED : TYPES) &&
           is_one_of(exchange, "X-Amz-Log-Type", LOGS);
}

static void invoke(struct exchange *exchange, struct lambda *lambda, dime_text qualifier,
                   bool streams)
{
    const char *type = exchange_header(exchange, "X-Amz-Invocation-Type");
    bool is_event = type && strcmp(type, "Event") == 0;
    size_t most = is_event ? EVENT_REQUEST_MAX : REQUEST_MAX;
    char message[128], id[ID_SIZE];
    if (!check_options(exchange, streams))
        return;
    if (exchange->body.total > most) {
        snprintf(message, sizeof message,
                 "Request must be smaller than %zu bytes for the %s operation", most,
                 is_event ? "InvokeAsync" : "InvokeFunction");
        invoke_refuse(exchange, MHD_HTTP_CONTENT_TOO_LARGE, "RequestTooLargeException", message);
    } else if (type && strcmp(type, "DryRun") == 0) {
        emulator_make_id(id);
        acknowledge(exchange, MHD_HTTP_NO_CONTENT, id);
    } else {
        struct call *call = invoke_prepare(exchange, lambda);
        if (!call) {
            exchange_reply(exchange, MHD_HTTP_INTERNAL_SERVER_ERROR, NULL);
            return;
        }
        if (streams)
            stream_prepare(call);
        take_event(exchange, call, qualifier, !is_event);
    }
}

static void refuse_operation(struct exchange *exchange)
{
    invoke_refuse(exchange, MHD_HTTP_NOT_FOUND, "UnknownOperationException",
                  "There is POST /2015-03-31/functions/NAME/invocations here, and little else of"
                  " Lambda's API");
}

/* Reads the qualifier in a query, if there is one, decoded where that can be done. */
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

/* Whether there is no qualifier, or one that can be; refuses it otherwise. */
static bool check_qualifier(struct exchange *exchange, dime_text qualifier)
{
    if (!qualifier.data ||
        (qualifier.length && qualifier.length <= QUALIFIER_MAX_LENGTH && is_plain(qualifier)))
        return true;
    invoke_refuse(exchange, MHD_HTTP_BAD_REQUEST, "ValidationException",
                  "The qualifier must have 1 to 128 letters, digits or signs of $_-; leave it out"
                  " for $LATEST");
    return false;
}

static void refuse_name(struct exchange *exchange, dime_text name, dime_text qualifier)
{
    char message[2 * NAME_MAX_LENGTH + 128];
    if (!qualifier.length)
        qualifier = TEXT("$LATEST");
    snprintf(message, sizeof message,
             "Function not found: arn:aws:lambda:us-east-1:012345678912:function:%.*s:%.*s",
             (int)name.length, name.data, (int)qualifier.length, qualifier.data);
    invoke_refuse(exchange, MHD_HTTP_NOT_FOUND, "ResourceNotFoundException", message);
}

/* NAME/invocations, below the version of the API. */
static void route_function(struct exchange *exchange, dime_text rest, const char *operation)
{
    struct emulator *emulator = exchange->endpoint->owner;
    dime_text name, qualifier = {0};
    char room[NAME_MAX_LENGTH], more[NAME_MAX_LENGTH];
    if (!text_cut(&rest, '/', &name) || !text_equal(rest, text_of(operation)) ||
        !path_decode(name, room, sizeof room, &name)) {
        refuse_operation(exchange);
        return;
    }
    part_name(&name, &qualifier);
    struct lambda *lambda = find_lambda(emulator, name);
    find_qualifier(exchange->uri, more, sizeof more, &qualifier);
    if (!check_qualifier(exchange, qualifier))
        return;
    if (!lambda) {
        refuse_name(exchange, name, qualifier);
    } else if (strcmp(exchange->method, "POST") != 0) {
        invoke_refuse(exchange, MHD_HTTP_METHOD_NOT_ALLOWED, "MethodNotAllowedException",
                      "An invocation is a POST");
    } else {
        invoke(exchange, lambda, qualifier, text_starts(text_of(operation), TEXT("response-")));
    }
}

/* Whether a path is one of Lambda's API, /2015-03-31/functions and the like, and no function URL's.
 */
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

void invoke_route(struct exchange *exchange)
{
    dime_text path = path_of(exchange->uri), rest;
    if (path_below(path, "/2015-03-31/functions/", &rest))
        route_function(exchange, rest, "invocations");
    else if (path_below(path, "/2021-11-15/functions/", &rest))
        route_function(exchange, rest, "response-streaming-invocations");
    else if (is_api(path))
        refuse_operation(exchange);
    else
        url_route(exchange);
}
