/*
 * function_url.c - the answers of a function URL.
 *
 * An object with a statusCode has the status, the headers, the cookies and the body; anything else
 * is itself the body, as JSON. A streamed answer begins with such an object and eight zero bytes,
 * and is passed on as it arrives. An answer that isn't valid, and a failed function, become a 502,
 * as on AWS; once the head has been sent, the body is aborted instead.
 */
#include "emulator/function_url.h"

#include <stdio.h>

#include "base/base64.h"
#include "base/json.h"
#include "emulator/callers.h"
#include "emulator/calls.h"
#include "emulator/flow.h"
#include "emulator/replies.h"
#include "emulator/url_event.h"

enum { ANSWER_MEMORY_MAX = 3 * EMU_ANSWER_MAX, SEPARATOR_LENGTH = 8, URL_HEAD_MAX = 256 * 1024 };

static void reply_bad_gateway(struct emu_exchange *exchange, const struct emu_call *call)
{
    struct MHD_Response *response =
        emu_reply_make(TEXT("{\"message\":\"Internal Server Error\"}\n"), EMU_JSON);
    emu_reply_header(response, "X-Amzn-RequestId", call ? call->id : NULL);
    emu_exchange_reply(exchange, MHD_HTTP_BAD_GATEWAY, response);
}

/* Adds a header of the answer, except those that concern the connection. */
static bool add_header(struct MHD_Response *response, dime_text name, struct json_value value,
                       struct arena *arena)
{
    dime_text string = value.raw;
    if (value.kind == JSON_STRING && !json_string(value, arena, &string))
        return false;
    dime_text name_copy = arena_copy(arena, name), copy = arena_copy(arena, string);
    if (!name_copy.data || !copy.data || strlen(copy.data) != copy.length)
        return false;
    if (text_equal_nocase(name, TEXT("content-length")) ||
        text_equal_nocase(name, TEXT("connection")) ||
        text_equal_nocase(name, TEXT("transfer-encoding")) || copy.length == 0)
        return true;
    return MHD_add_response_header(response, name_copy.data, copy.data) == MHD_YES;
}

static bool add_headers(struct MHD_Response *response, struct json_value answer,
                        struct arena *arena)
{
    struct json_value map;
    struct json_member member;
    bool fine = true;
    if (json_find(answer, TEXT("headers"), &map) && map.kind == JSON_OBJECT) {
        struct json_cursor cursor = json_members(map, arena);
        while (fine && json_next(&cursor, &member))
            fine = add_header(response, member.name, member.value, arena);
    }
    if (json_find(answer, TEXT("cookies"), &map) && map.kind == JSON_ARRAY) {
        struct json_cursor cursor = json_members(map, arena);
        while (fine && json_next(&cursor, &member))
            fine = add_header(response, TEXT("Set-Cookie"), member.value, arena);
    }
    return fine;
}

/* Decodes the body in an object. False: it isn't valid. */
static bool read_answer_body(struct json_value answer, struct arena *arena, dime_text *body)
{
    struct json_value value, encoded;
    *body = TEXT("");
    if (!json_find(answer, TEXT("body"), &value) || value.kind == JSON_NULL)
        return true;
    if (!json_string(value, arena, body))
        return false;
    if (!json_find(answer, TEXT("isBase64Encoded"), &encoded) || !json_true(encoded))
        return true;
    return base64_decode(*body, arena, body);
}

static bool read_status(struct json_value answer, int64_t *status)
{
    struct json_value member;
    *status = MHD_HTTP_OK;
    if (!json_find(answer, TEXT("statusCode"), &member))
        return true;
    if (member.kind == JSON_STRING) /* many functions send a string, and AWS accepts it */
        member = (struct json_value){JSON_NUMBER, {member.raw.data + 1, member.raw.length - 2}};
    if (!text_to_int64(member.raw, status))
        return false;
    return *status >= 200 && *status <= 599;
}

/* Adds status and headers to RESPONSE, replies with it, and takes ownership. False: the answer
 * isn't valid. */
static bool reply_with(struct emu_call *call, struct json_value answer,
                       struct MHD_Response *response, bool has_body, struct arena *arena)
{
    int64_t status;
    if (!response)
        return false;
    if (!read_status(answer, &status) || !add_headers(response, answer, arena)) {
        MHD_destroy_response(response);
        return false;
    }
    if (has_body && !MHD_get_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE))
        emu_reply_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, EMU_JSON);
    emu_reply_header(response, "X-Amzn-RequestId", call->id);
    emu_exchange_reply(call->caller, (unsigned)status, response);
    return true;
}

/* Where the body of a streamed answer begins, after its object and eight zero bytes. */
static bool split_stream(dime_text *head, dime_text *body)
{
    static const char SEPARATOR[SEPARATOR_LENGTH];
    const char *zeros =
        head->length ? memmem(head->data, head->length, SEPARATOR, sizeof SEPARATOR) : NULL;
    if (!zeros)
        return false;
    *body = (dime_text){zeros + sizeof SEPARATOR,
                        head->length - (size_t)(zeros - head->data) - sizeof SEPARATOR};
    head->length = (size_t)(zeros - head->data);
    return true;
}

/* Begins to reply once the head has arrived. */
static void begin_reply(struct emu_call *call, dime_text head, size_t head_length)
{
    struct arena arena;
    struct json_value document;
    struct json_error why;
    struct emu_flow *flow = NULL;
    arena_open(&arena, ANSWER_MEMORY_MAX);
    bool fine = json_check(head, &arena, &document, &why) && document.kind == JSON_OBJECT &&
                reply_with(call, document, emu_flow_make(call->caller, &flow), true, &arena);
    arena_close(&arena);
    if (fine) {
        call->flow = flow;
        call->passed_on = head_length;
        call->caller->call = NULL;
        call->caller = NULL;
        return;
    }
    call->pass_on = NULL; /* it will be refused when it's complete */
    call->caller->flow = NULL;
    if (flow)
        emu_flow_end(flow, false);
}

static void pass_on_as_http(struct emu_call *call, dime_text so_far)
{
    dime_text head = so_far, body;
    if (!call->flow && call->has_prelude && so_far.length < URL_HEAD_MAX && call->caller &&
        split_stream(&head, &body))
        begin_reply(call, head, so_far.length - body.length);
    if (!call->flow)
        return;
    emu_flow_add(call->flow,
                 (dime_text){so_far.data + call->passed_on, so_far.length - call->passed_on});
    call->passed_on = so_far.length;
}

/* Replies with a complete answer. */
static bool reply_whole(struct emu_call *call, dime_text answer, struct arena *arena)
{
    struct json_value document, status;
    struct json_error why;
    dime_text body = {0};
    bool streamed = call->has_prelude && split_stream(&answer, &body);
    if (!json_check(answer, arena, &document, &why) || (streamed && document.kind != JSON_OBJECT))
        return false;
    if (!streamed && !json_find(document, TEXT("statusCode"), &status)) {
        emu_exchange_reply(call->caller, MHD_HTTP_OK, emu_reply_make(answer, EMU_JSON));
        return true;
    }
    return (streamed || read_answer_body(document, arena, &body)) &&
           reply_with(call, document, emu_reply_make(body, NULL), body.length, arena);
}

static void reply_as_http(struct emu_call *call, dime_text answer, const char *error)
{
    struct arena arena;
    if (call->flow) {
        emu_flow_end(call->flow, !error);
        call->flow = NULL;
    }
    if (!call->caller)
        return;
    arena_open(&arena, ANSWER_MEMORY_MAX);
    if (error || !reply_whole(call, answer, &arena))
        reply_bad_gateway(call->caller, call);
    arena_close(&arena);
}

void emu_function_url_route(struct emu_exchange *exchange)
{
    struct emulator *emulator = exchange->endpoint->owner;
    struct emu_lambda *lambda = emulator->lambdas;
    if (lambda->next) {
        emu_refuse_invocation(exchange, MHD_HTTP_NOT_FOUND, "ResourceNotFoundException",
                              "A function has a URL only if it's the only one served; use"
                              " /2015-03-31/functions/NAME/invocations");
        return;
    }
    struct emu_call *call = emu_caller_call(exchange, lambda);
    if (!call) {
        emu_exchange_reply(exchange, MHD_HTTP_INTERNAL_SERVER_ERROR, NULL);
        return;
    }
    call->reply = reply_as_http;
    call->pass_on = pass_on_as_http;
    call->answer_max = EMU_STREAM_MAX;
    enum emu_url_wrapped wrapped =
        exchange->body.total > exchange->limit ? EMU_URL_TOO_LARGE : emu_url_wrap(exchange, call);
    if (wrapped == EMU_URL_WRAPPED) {
        emu_caller_queue(exchange, call);
        return;
    }
    emu_call_free(call);
    if (wrapped == EMU_URL_TOO_MANY)
        emu_refuse_invocation(exchange, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE,
                              "RequestHeaderFieldsTooLargeException",
                              "A request has at most 256 parameters; send fewer");
    else
        emu_refuse_invocation(exchange, MHD_HTTP_CONTENT_TOO_LARGE, "RequestTooLargeException",
                              "The request is larger than 6 MB as an event");
}
