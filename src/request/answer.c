/*
 * answer.c - how a function answers its call.
 *
 * A later answer or problem replaces an earlier one, so a handler may begin an answer and fail
 * afterwards. An answer that can't be sent, such as a header of two lines, is a mistake in the
 * function and becomes a 500.
 */
#include <stdarg.h>

#include "request/call.h"

/* The most bytes in all headers that a function sets. Some hosts limit the head to 4 KiB, and
 * dime's own headers are in it too. */
enum { HEADERS_MAX = 3 * 1024 };

/* RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5. */
static bool has_no_body(int status)
{
    return status == 204 || status == 205 || status == 304;
}

/* Checks that STATUS is allowed for an answer with a body, and is at most MOST. */
static bool takes_status(dime_call *call, const char *name, int status, int most)
{
    if (call->in_pieces)
        call_mistake(call, "%s was called in a stream's next", name);
    else if (has_no_body(status))
        call_mistake(call, "%s was given %d, which has no body; call dime_answer_empty", name,
                     status);
    else if (status < 200 || status > most)
        call_mistake(call, "%s takes a status from 200 to %d, not %d", name, most, status);
    else
        return true;
    return false;
}

/* A media type that a client sent could end the line and begin another header. */
static bool takes_type(dime_call *call, const char *name, const char *type)
{
    bool fine = type && *type;
    for (const char *at = type; fine && *at; at++)
        fine = *at >= ' ' && *at < 0x7F;
    if (!fine)
        call_mistake(call, "%s was given an invalid media type", name);
    return fine;
}

static void set_header(dime_call *call, const char *name, dime_text value)
{
    const struct response *response = call->response;
    size_t length = strlen(name) + value.length + 4;
    for (size_t i = 0; i < response->header_count; i++)
        length += response->headers[i].name.length + response->headers[i].value.length + 4;
    if (length > HEADERS_MAX)
        call_mistake(call, "its headers have more than %d bytes", HEADERS_MAX);
    else
        response_header(call->response, name, value);
}

static dime_json *begin_json(dime_call *call, const char *name, int status, bool array)
{
    json_scope_abandon(&call->answer);
    if (!takes_status(call, name, status, 299))
        status = 500;
    struct buffer *out = response_begin(call->response, ANSWER_JSON, status, "application/json");
    json_scope_open(&call->answer, call, out, array);
    return &call->answer;
}

dime_json *dime_answer(dime_call *call, int status)
{
    return begin_json(call, "dime_answer", status, false);
}

dime_json *dime_answer_array(dime_call *call, int status)
{
    return begin_json(call, "dime_answer_array", status, true);
}

void dime_answer_json(dime_call *call, int status, dime_text json)
{
    json_scope_abandon(&call->answer);
    if (takes_status(call, "dime_answer_json", status, 299))
        buffer_put(response_begin(call->response, ANSWER_JSON, status, "application/json"), json);
}

void dime_answer_bytes(dime_call *call, int status, const char *type, dime_text bytes)
{
    json_scope_abandon(&call->answer);
    if (!takes_status(call, "dime_answer_bytes", status, 599) ||
        !takes_type(call, "dime_answer_bytes", type))
        return;
    if (bytes.length > RESPONSE_BODY_MAX) { /* only CGI would send more */
        call_mistake(call, "dime_answer_bytes was given %zu bytes; more than %d are for a stream",
                     bytes.length, RESPONSE_BODY_MAX);
        return;
    }
    struct buffer *out = response_begin(call->response, ANSWER_BYTES, status, type);
    if (call->response->answer != ANSWER_BYTES)
        return; /* an earlier failure stays, and needs the buffer */
    /* Not copied: the bytes last as long as the call, and may be many. */
    *out = (struct buffer){.arena = out->arena,
                           .data = (char *)(uintptr_t)bytes.data,
                           .length = bytes.length,
                           .capacity = bytes.length,
                           .limit = bytes.length};
}

void dime_answer_empty(dime_call *call, int status)
{
    json_scope_abandon(&call->answer);
    if (takes_status(call, "dime_answer_empty", has_no_body(status) ? 200 : status, 599))
        response_begin(call->response, ANSWER_EMPTY, status, NULL);
}

void dime_answer_page(dime_call *call)
{
    dime_answer(call, 200);
    if (!call->request->html || call->response->answer != ANSWER_JSON)
        return;
    json_scope_abandon(&call->answer);
    call->response->body.length = 0;
}

void dime_redirect(dime_call *call, int status, dime_text url)
{
    if (status < 301 || status > 308 || (status > 303 && status < 307)) {
        call_mistake(call, "dime_redirect takes 301, 302, 303, 307 or 308, not %d", status);
        return;
    }
    dime_answer_empty(call, status);
    set_header(call, "Location", url);
}

void dime_answer_stream(dime_call *call, int status, const char *type,
                        bool (*next)(dime_call *call, void *cursor), void *cursor)
{
    json_scope_abandon(&call->answer);
    if (!takes_status(call, "dime_answer_stream", status, 599) ||
        !takes_type(call, "dime_answer_stream", type))
        return;
    response_begin(call->response, ANSWER_STREAM, status, type);
    if (call->response->answer != ANSWER_STREAM)
        return;
    call->response->next = next;
    call->response->cursor = cursor;
}

void dime_write(dime_call *call, dime_text bytes)
{
    if (call->in_pieces)
        buffer_put(&call->response->body, bytes);
    else
        call_mistake(call, "dime_write was called outside of a stream's next");
}

void dime_write_format(dime_call *call, const char *format, ...)
{
    char room[CALL_FORMAT_ROOM];
    va_list arguments;
    va_start(arguments, format);
    dime_text text = call_format(call, room, format, arguments);
    va_end(arguments);
    dime_write(call, text);
}

/* RFC 6265, section 4.1.1. */
static bool is_cookie_value(dime_text value)
{
    for (size_t i = 0; i < value.length; i++) {
        char c = value.data[i];
        if (c <= ' ' || c >= 0x7F || strchr("\",;\\", c))
            return false;
    }
    return true;
}

void dime_set_header(dime_call *call, const char *name, dime_text value)
{
    static const char OURS[][24] = {"Content-Type", "Content-Length", "Status", "Connection",
                                    "Transfer-Encoding"};
    for (size_t i = 0; i < sizeof OURS / sizeof *OURS; i++) {
        if (text_equal_nocase(text_of(name), text_of(OURS[i]))) {
            call_mistake(call, "the header %s was set, which dime writes itself", name);
            return;
        }
    }
    if (text_is_token(text_of(name)))
        set_header(call, name, value);
    else
        call_mistake(call, "a header was set with a name that RFC 9110 forbids: %s", name);
}

void dime_set_cookie(dime_call *call, const char *name, dime_text value, const char *attributes)
{
    struct buffer cookie;
    if (!text_is_token(text_of(name)) || !is_cookie_value(value)) {
        call_mistake(call, "the cookie %s has a name or a value that RFC 6265 forbids", name);
        return;
    }
    buffer_open(&cookie, call->request->arena, HEADERS_MAX);
    buffer_puts(&cookie, name);
    buffer_puts(&cookie, "=");
    buffer_put(&cookie, value);
    buffer_puts(&cookie, "; ");
    buffer_puts(&cookie, attributes ? attributes : "Path=/; HttpOnly; SameSite=Lax");
    if (!attributes && text_equal(call->request->scheme, TEXT("https")))
        buffer_puts(&cookie, "; Secure");
    if (call->request->arena->failed)
        return;
    if (cookie.failed)
        call_mistake(call, "the cookie %s is longer than %d bytes", name, HEADERS_MAX);
    else
        set_header(call, "Set-Cookie", buffer_text(&cookie));
}

/* The scope of a separate document, which is begun at the first call. */
static dime_json *document_of(dime_call *call, struct call_document *document)
{
    if (document->root)
        return document->root;
    struct dime_json *root = arena_alloc(call->request->arena, sizeof *root);
    buffer_open(&document->text, call->request->arena, RESPONSE_BODY_MAX);
    if (!root)
        return json_scope_nowhere(call, &document->text, false);
    json_scope_open(root, call, &document->text, false);
    document->root = root;
    return root;
}

dime_json *dime_page_data(dime_call *call)
{
    return call->request->html && !call->in_pieces ? document_of(call, &call->page) : NULL;
}

dime_json *dime_problem_data(dime_call *call)
{
    return document_of(call, &call->problem);
}

/* Begins a problem and drops any earlier answer, except a 500, which may be for a mistake. */
__attribute__((format(printf, 4, 0))) static void
begin_problem(dime_call *call, const char *name, int status, const char *format, va_list arguments)
{
    struct response *response = call->response;
    json_scope_abandon(&call->answer);
    response->overruled = response->answer == ANSWER_PROBLEM && response->status == 500;
    if (response->overruled)
        return;
    call->problem.root = NULL;
    if (status >= 400 && status <= 599)
        response_problem_of(call->response, status, format, arguments);
    else
        call_mistake(call, "%s takes a status from 400 to 599, not %d", name, status);
}

void dime_problem(dime_call *call, int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    begin_problem(call, "dime_problem", status, format, arguments);
    va_end(arguments);
}

void dime_problem_type(dime_call *call, const char *uri, const char *title)
{
    call->response->problem_type = uri;
    call->response->problem_title = title;
}

/* Finds the place of a member. False: it isn't one of the call's input, which is a mistake. */
static bool place_of_member(dime_call *call, const void *member, dime_text *place)
{
    struct bound_member found = bound_find(call->input, member);
    if (!found.bound) {
        call_mistake(call, "a member was given that is no field of the call's input");
        return false;
    }
    *place = bound_place(found.bound, found.field, found.index, found.name, call->request->arena);
    return true;
}

void dime_wrong(dime_call *call, const void *member, const char *format, ...)
{
    dime_text place;
    if (!place_of_member(call, member, &place))
        return;
    va_list arguments;
    va_start(arguments, format);
    response_field_problem_of(call->response, place, format, arguments);
    va_end(arguments);
    json_scope_abandon(&call->answer);
}

void dime_problem_at(dime_call *call, const void *member, int status, const char *format, ...)
{
    dime_text place;
    if (!place_of_member(call, member, &place))
        return;
    va_list arguments;
    va_start(arguments, format);
    begin_problem(call, "dime_problem_at", status, format, arguments);
    va_end(arguments);
    response_blame(call->response, place);
}

bool dime_is_wrong(const dime_call *call, const void *member)
{
    if (!call->response->error_count)
        return false;
    if (!member)
        return call->response->error_count;
    struct bound_member found = bound_find(call->input, member);
    if (!found.bound)
        return false;
    return response_field_error(call->response, bound_place(found.bound, found.field, found.index,
                                                            found.name, call->request->arena));
}

void call_end(struct dime_call *call)
{
    json_scope_end(&call->answer);
    if (!call->problem.root)
        return;
    json_scope_end(call->problem.root);
    dime_text text = buffer_text(&call->problem.text);
    if (call->problem.text.failed)
        call->response->body.failed = true;
    else
        response_extend(call->response, (dime_text){text.data + 1, text.length - 2});
}
