/*
 * response.c - a function's answer, kept until a host sends it.
 *
 * A problem is kept as status, detail and field errors, not as JSON. It becomes a problem document
 * or a page with messages later (problem.c, page.c). Headers are checked here for all hosts, so
 * that no value can end a line and begin another header.
 */
#include "request/response.h"

#include <stdarg.h>
#include <stdio.h>

enum { DETAIL_MOST = 1023 }; /* bytes */

void response_open(struct response *response, struct arena *arena)
{
    /* Sets only what is read before it is written: clearing the whole struct would take too long.
     */
    response->answer = ANSWER_NONE;
    response->status = 0;
    response->content_type = NULL;
    response->header_count = response->kept_headers = 0;
    response->overruled = false;
    response->detail = (dime_text){0};
    response->no_function = false;
    response->problem_type = response->problem_title = NULL;
    response->error_count = 0;
    response->members = (dime_text){0};
    response->stream = NULL;
    response->pulled = false;
    response->next = NULL;
    response->arena = arena;
    buffer_open(&response->body, arena, RESPONSE_BODY_MAX);
}

/* A 500 stays, even if an answer is begun later: a header was wrong, and the function can't know.
 */
static bool has_failed(const struct response *response)
{
    return response->answer == ANSWER_PROBLEM && response->status == 500;
}

void response_drop_headers(struct response *response)
{
    if (response->answer == ANSWER_NONE)
        response->kept_headers = response->header_count;
    response->header_count = response->kept_headers;
}

/* Detaches the buffer from the function's own bytes, so that they aren't overwritten. */
static void drop_bytes(struct response *response)
{
    if (response->answer == ANSWER_BYTES)
        buffer_open(&response->body, response->arena, RESPONSE_BODY_MAX);
    response->next = NULL;
}

struct buffer *response_begin(struct response *response, enum answer_kind answer, int status,
                              const char *type)
{
    drop_bytes(response);
    response->body.length = 0;
    response->overruled = has_failed(response);
    if (response->overruled)
        return &response->body;
    response_drop_headers(response);
    response->answer = answer;
    response->status = status;
    response->content_type = type;
    response->detail = (dime_text){0};
    response->error_count = 0;
    return &response->body;
}

/* Formats into the arena. A long text is cut. If memory runs out, the text is empty. */
__attribute__((format(printf, 2, 0))) static dime_text
format_text(struct arena *arena, const char *format, va_list arguments)
{
    char room[DETAIL_MOST + 2]; /* one more byte shows whether a character ends there */
    int length = vsnprintf(room, sizeof room, format, arguments);
    dime_text text = {room, length < 0 ? 0 : (size_t)length};
    text.length = text_kept_length(text, DETAIL_MOST);
    return arena_copy(arena, text);
}

void response_problem_of(struct response *response, int status, const char *format,
                         va_list arguments)
{
    drop_bytes(response);
    response_drop_headers(response);
    response->detail = format_text(response->arena, format, arguments);
    response->answer = ANSWER_PROBLEM;
    response->status = status >= 400 && status <= 599 ? status : 500;
    response->no_function = false;
    response->problem_type = response->problem_title = NULL;
    response->error_count = 0;
    response->members = (dime_text){0};
}

void response_problem(struct response *response, int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    response_problem_of(response, status, format, arguments);
    va_end(arguments);
}

void response_extend(struct response *response, dime_text members)
{
    response->members = members;
}

void response_field_problem_of(struct response *response, dime_text place, const char *format,
                               va_list arguments)
{
    response->overruled = has_failed(response);
    if (response->overruled || response->error_count == RESPONSE_ERRORS)
        return;
    drop_bytes(response);
    if (!response->error_count) /* or it goes on with the problem that there is */
        response_drop_headers(response);
    response->answer = ANSWER_PROBLEM;
    response->status = 422;
    response->detail = (dime_text){0};
    dime_text detail = format_text(response->arena, format, arguments);
    response->errors[response->error_count++] = (struct field_error){place, detail};
}

void response_blame(struct response *response, dime_text place)
{
    if (response->answer != ANSWER_PROBLEM || has_failed(response) || response->error_count)
        return;
    response->errors[response->error_count++] = (struct field_error){place, response->detail};
}

const struct field_error *response_field_error(const struct response *response, dime_text name)
{
    for (size_t i = 0; i < response->error_count; i++) {
        if (text_equal(response->errors[i].field, name))
            return &response->errors[i];
    }
    return NULL;
}

void response_own_header(struct response *response, const char *name, dime_text value)
{
    if (response->header_count < RESPONSE_HEADERS)
        response->headers[response->header_count++] = (struct header){text_of(name), value};
}

bool response_has_header(const struct response *response, size_t count, dime_text name)
{
    for (size_t i = 0; i < count; i++) {
        if (text_equal_nocase(response->headers[i].name, name))
            return true;
    }
    return false;
}

void response_header(struct response *response, const char *name, dime_text value)
{
    if (response->overruled)
        return;
    dime_text copy = arena_copy(response->arena, value);
    if (!copy.data)
        return; /* the arena has failed, and so will the whole response */
    if (text_has_controls(copy))
        response_problem(response, 500, "The function gave the header %s a control character.",
                         name);
    else if (response->header_count >= RESPONSE_HEADERS - RESPONSE_HOST_HEADERS)
        response_problem(response, 500, "The function set more headers than a response holds.");
    else
        response_own_header(response, name, copy);
}

const char *status_phrase(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } PHRASES[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {203, "Non-Authoritative Information"},
        {204, "No Content"},
        {205, "Reset Content"},
        {206, "Partial Content"},
        {300, "Multiple Choices"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {402, "Payment Required"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {407, "Proxy Authentication Required"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {423, "Locked"},
        {424, "Failed Dependency"},
        {425, "Too Early"},
        {426, "Upgrade Required"},
        {428, "Precondition Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {451, "Unavailable For Legal Reasons"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
        {506, "Variant Also Negotiates"},
        {507, "Insufficient Storage"},
        {508, "Loop Detected"},
        {511, "Network Authentication Required"},
    };
    for (size_t i = 0; i < sizeof PHRASES / sizeof *PHRASES; i++) {
        if (PHRASES[i].status == status)
            return PHRASES[i].phrase;
    }
    static const char *const CLASSES[] = {"Error",       "Error",        "Success",
                                          "Redirection", "Client Error", "Error"};
    return CLASSES[status >= 200 && status <= 599 ? status / 100 : 0];
}

static void put_response_header(struct buffer *head, dime_text name, dime_text value)
{
    buffer_put(head, name);
    buffer_put(head, TEXT(": "));
    buffer_put(head, value);
    buffer_put(head, TEXT("\r\n"));
}

void response_cgi_head(const struct response *response, struct buffer *head)
{
    buffer_put(head, TEXT("Status: "));
    buffer_int64(head, response->status);
    buffer_put(head, TEXT(" "));
    buffer_puts(head, status_phrase(response->status));
    buffer_put(head, TEXT("\r\n"));
    if (response->content_type)
        put_response_header(head, TEXT("Content-Type"), text_of(response->content_type));
    for (size_t i = 0; i < response->header_count; i++)
        put_response_header(head, response->headers[i].name, response->headers[i].value);
    if (response->content_type && response->answer != ANSWER_STREAM) {
        buffer_put(head, TEXT("Content-Length: "));
        buffer_int64(head, (int64_t)response->body.length);
        buffer_put(head, TEXT("\r\n"));
    }
    buffer_put(head, TEXT("\r\n"));
}
