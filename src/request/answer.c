/*
 * answer.c - what a function answers its call with.
 *
 * A later answer takes the place of an earlier one, and a problem that of either, so a handler may
 * begin one and find out afterwards that it can't. What can't be sent as it stands, such as a
 * header of two lines, is a mistake in the function and becomes a 500.
 */
#include <stdarg.h>
#include <stdio.h>

#include "request/call.h"

enum { PIECE_MAX = 1024 };

static dime_json *begin_json(dime_call *call, int status, bool array)
{
    if (status < 200 || status > 299) {
        call_mistake(call, "dime_answer takes a status from 200 to 299, not %d", status);
        status = 500;
    }
    struct buffer *out = response_begin(call->response, ANSWER_JSON, status, "application/json");
    json_scope_open(&call->answer, call, out, array);
    return &call->answer;
}

dime_json *dime_answer(dime_call *call, int status)
{
    return begin_json(call, status, false);
}

dime_json *dime_answer_array(dime_call *call, int status)
{
    return begin_json(call, status, true);
}

void dime_answer_json(dime_call *call, int status, dime_text json)
{
    call->answer.ended = true;
    buffer_put(response_begin(call->response, ANSWER_JSON, status, "application/json"), json);
}

void dime_answer_bytes(dime_call *call, int status, const char *type, dime_text bytes)
{
    call->answer.ended = true;
    struct buffer *out = response_begin(call->response, ANSWER_BYTES, status, type);
    /* Not copied: the bytes last as long as the call, and may be many. */
    *out = (struct buffer){.arena = out->arena,
                           .data = (char *)(uintptr_t)bytes.data,
                           .length = bytes.length,
                           .capacity = bytes.length,
                           .limit = bytes.length};
}

void dime_answer_empty(dime_call *call, int status)
{
    call->answer.ended = true;
    response_begin(call->response, ANSWER_EMPTY, status, NULL);
}

void dime_answer_page(dime_call *call)
{
    call->answer.ended = true;
    if (call->request->html)
        response_begin(call->response, ANSWER_JSON, 200, "application/json");
    else
        dime_answer(call, 200);
}

void dime_redirect(dime_call *call, int status, dime_text url)
{
    if (status < 301 || status > 308 || (status > 303 && status < 307)) {
        call_mistake(call, "dime_redirect takes 301, 302, 303, 307 or 308, not %d", status);
        return;
    }
    dime_answer_empty(call, status);
    response_header(call->response, "Location", url);
}

void dime_answer_stream(dime_call *call, int status, const char *type,
                        bool (*next)(dime_call *call, void *cursor), void *cursor)
{
    call->answer.ended = true;
    response_begin(call->response, ANSWER_STREAM, status, type);
    call->response->next = next;
    call->response->cursor = cursor;
}

void dime_write(dime_call *call, dime_text bytes)
{
    buffer_put(&call->response->body, bytes);
}

void dime_write_format(dime_call *call, const char *format, ...)
{
    char room[PIECE_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(room, sizeof room, format, arguments);
    va_end(arguments);
    if (length < 0 || length >= PIECE_MAX)
        call->response->body.failed = true;
    else
        dime_write(call, (dime_text){room, (size_t)length});
}

void dime_set_header(dime_call *call, const char *name, dime_text value)
{
    response_header(call->response, name, value);
}

/* RFC 6265, section 4.1.1: a name is a token, a value has no blanks, quotes, commas, semicolons. */
static bool is_cookie_text(dime_text text, const char *forbidden)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (c <= ' ' || c >= 0x7F || strchr(forbidden, c))
            return false;
    }
    return true;
}

void dime_set_cookie(dime_call *call, const char *name, dime_text value, const char *attributes)
{
    struct buffer cookie;
    if (!*name || !is_cookie_text(text_of(name), "()<>@,;:\\\"/[]?={}") ||
        !is_cookie_text(value, "\",;\\")) {
        call_mistake(call, "the cookie %s has a name or a value that RFC 6265 forbids", name);
        return;
    }
    buffer_open(&cookie, call->request->arena, 8192);
    buffer_puts(&cookie, name);
    buffer_puts(&cookie, "=");
    buffer_put(&cookie, value);
    buffer_puts(&cookie, "; ");
    buffer_puts(&cookie, attributes ? attributes : "Path=/; HttpOnly; SameSite=Lax");
    if (!attributes && text_equal(call->request->scheme, TEXT("https")))
        buffer_puts(&cookie, "; Secure");
    if (cookie.failed)
        call_mistake(call, "the cookie %s is longer than 8 KiB", name);
    else
        response_header(call->response, "Set-Cookie", buffer_text(&cookie));
}

/* The scope of a document of its own, which is begun when it is first asked for. */
static dime_json *document_of(dime_call *call, struct call_document *document)
{
    if (document->root)
        return document->root;
    struct dime_json *root = arena_alloc(call->request->arena, sizeof *root);
    static _Thread_local struct dime_json nowhere; /* memory is out: what is written is dropped */
    if (!root)
        root = &nowhere;
    else
        document->root = root;
    buffer_open(&document->text, call->request->arena, RESPONSE_BODY_MAX);
    json_scope_open(root, call, &document->text, false);
    return root;
}

dime_json *dime_page_data(dime_call *call)
{
    return call->request->html ? document_of(call, &call->page) : NULL;
}

dime_json *dime_problem_data(dime_call *call)
{
    return document_of(call, &call->problem);
}

void dime_problem(dime_call *call, int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    response_problem_of(call->response, status, format, arguments);
    va_end(arguments);
    call->answer.ended = true;
    call->problem.root = NULL;
}

void dime_problem_type(dime_call *call, const char *uri, const char *title)
{
    call->response->problem_type = uri;
    call->response->problem_title = title;
}

/* The place of a member; false: it is none of the call's, which is a mistake. */
static bool place_of_member(dime_call *call, const void *member, dime_text *place)
{
    struct bound_member found = bound_find(call->input, member);
    if (!found.bound) {
        call_mistake(call, "a member was blamed that is no field of the call's input");
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
    call->answer.ended = true;
}

void dime_problem_at(dime_call *call, const void *member, int status, const char *format, ...)
{
    dime_text place;
    if (!place_of_member(call, member, &place))
        return;
    va_list arguments;
    va_start(arguments, format);
    response_problem_of(call->response, status, format, arguments);
    va_end(arguments);
    response_blame(call->response, place);
    call->answer.ended = true;
    call->problem.root = NULL;
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
