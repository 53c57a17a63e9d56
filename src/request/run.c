/*
 * run.c - one request through one function, the same for every host.
 *
 * Each step either lets the request pass or leaves a problem in the response; the end gives
 * whatever is there its form (JSON, a page, a problem) and the headers that every answer has. A
 * host only reads bytes before this and writes bytes after it.
 */
#include "request/run.h"

#include <stdio.h>

#include "request/fields.h"
#include "request/page.h"
#include "request/problem.h"
#include "request/request.h"
#include "request/response.h"

/* A page of ours loads its style, its script and nothing else; nobody may frame it. */
static const char PAGE_POLICY[] =
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
static const char PAGE_PERMISSIONS[] = "camera=(), geolocation=(), microphone=(), payment=()";

static dime_text allowed(const dime_function *function)
{
    bool get = function->methods & METHOD_GET, post = function->methods & METHOD_POST;
    if (get && post)
        return TEXT("GET, HEAD, POST, OPTIONS");
    return get ? TEXT("GET, HEAD, OPTIONS") : TEXT("POST, OPTIONS");
}

static bool check_path(const dime_function *function, const struct incoming *incoming,
                       struct response *response)
{
    if (!incoming->path_info.length)
        return true;
    response_problem(response, 404, "Nothing is below this path; the function is at /cgi-bin/%s.",
                     function->name);
    response->no_function = true;
    return false;
}

static bool check_method(const dime_function *function, const struct request *request,
                         struct response *response)
{
    unsigned method = request->method == METHOD_HEAD ? METHOD_GET : request->method;
    if (request->method == METHOD_OPTIONS) {
        response->answer = ANSWER_WHOLE;
        response->status = 204;
        response_own_header(response, "Allow", allowed(function));
        return false;
    }
    if (function->methods & method)
        return true;
    response_problem(response, 405, "Ask with one of %s.", allowed(function).data);
    response_own_header(response, "Allow", allowed(function));
    return false;
}

enum { ACCEPT_MAX = 65536 };

/* All Accept headers as one (RFC 9110, section 5.3); there is hardly ever more than one. */
static dime_text accept_header(const struct request *request)
{
    dime_text first = request_header(request, "accept");
    struct buffer all;
    buffer_open(&all, request->arena, ACCEPT_MAX);
    for (size_t i = 0; i < request->header_count; i++) {
        const struct header *header = &request->headers[i];
        if (!text_equal(header->name, TEXT("accept")) || header->value.data == first.data)
            continue;
        buffer_put(&all, all.length ? TEXT("") : first);
        buffer_put(&all, TEXT(","));
        buffer_put(&all, header->value);
    }
    return all.length ? buffer_text(&all) : first;
}

static bool check_accept(bool acceptable, struct response *response)
{
    if (acceptable)
        return true;
    response_problem(response, 406,
                     "The answer can be application/json or text/html; accept one of them.");
    return false;
}

/* A file may have less than the body, which has room for its base64: the help tells its limit. */
static void refuse_body(const dime_function *function, struct response *response)
{
    const dime_field *file = fields_file(function);
    if (file)
        response_problem(response, 413, "Send %s; all together may have at most %zu bytes.",
                         file->help, function->body_max);
    else
        response_problem(response, 413, "Send at most %zu bytes.", function->body_max);
}

static bool check_read(const dime_function *function, const struct incoming *incoming,
                       struct response *response)
{
    switch (incoming->refusal) {
    case REFUSED_NOT:
    case REFUSED_EVENT:
        return true;
    case REFUSED_TOO_LARGE:
        refuse_body(function, response);
        break;
    case REFUSED_BAD_LENGTH:
        response_problem(response, 400, "Content-Length must be a number of bytes; send it so.");
        break;
    case REFUSED_SHORT:
        response_problem(response, 400,
                         "The body isn't as long as Content-Length says; send all of it again.");
        break;
    }
    return false;
}

static bool check_open(const struct incoming *incoming, struct response *response)
{
    if (!incoming->not_open)
        return true;
    response_problem(response, 503, "%s", incoming->not_open);
    return false;
}

/* Of an event that can't be read there is no path or method that could be wrong before that. */
static bool check_event(const struct incoming *incoming, struct response *response)
{
    if (incoming->refusal != REFUSED_EVENT)
        return true;
    response_problem(response, incoming->status, "%s", incoming->why);
    return false;
}

/* A browser that opens the function's address wants its form, not the news that a field is missing.
 */
static bool wants_form(const struct request *request)
{
    return request->html && request->method != METHOD_POST && !request->query.length &&
           !request->body.length;
}

/* Where the function's table has a field. */
static size_t place_of(const dime_function *function, const char *name)
{
    size_t place = 0;
    while (function->fields[place].name && strcmp(function->fields[place].name, name) != 0)
        place++;
    return place;
}

/* In the order of the table, which is that of the form; several of one field stay as they are. */
static void sort_errors(const dime_function *function, struct response *response)
{
    struct field_error *errors = response->errors;
    for (size_t i = 1; i < response->error_count; i++) {
        struct field_error moving = errors[i];
        size_t place = place_of(function, moving.field), at = i;
        for (; at && place_of(function, errors[at - 1].field) > place; at--)
            errors[at] = errors[at - 1];
        errors[at] = moving;
    }
}

static void answer(const dime_function *function, struct request *request,
                   const struct incoming *incoming, struct response *response)
{
    /* First of all, so that a problem too has the form that the asker wants. */
    bool acceptable = request_accepts(accept_header(request), &request->html);
    if (!check_event(incoming, response) || !check_path(function, incoming, response) ||
        !check_method(function, request, response) || !check_accept(acceptable, response) ||
        !check_read(function, incoming, response) || !check_open(incoming, response))
        return;
    if (incoming->health) {
        buffer_puts(response_json(response), "{\"status\":\"ok\"}");
        return;
    }
    if (fields_read(function, request, response))
        function->handle(request, response);
    else if (wants_form(request))
        response_html(response);
    else if (function->check && response->error_count)
        function->check(request, response);
    sort_errors(function, response);
}

static bool out_of_memory(const struct response *response)
{
    return response->arena->failed || response->body.failed;
}

/* The answer when memory has ended needs none from the arena. */
static void answer_out_of_memory(const struct request *request, struct response *response)
{
    static const char FORMAT[] =
        "{\"type\":\"/problems/unavailable\",\"title\":\"The function is unavailable\","
        "\"status\":503,\"detail\":\"The request needs more memory than there is; "
        "send less at once, or try again later.\",\"instance\":\"%.*s\"}";
    static _Thread_local char body[sizeof FORMAT + 64];
    int length = snprintf(body, sizeof body, FORMAT, (int)request->id.length, request->id.data);
    response->answer = ANSWER_PROBLEM;
    response->status = 503;
    response->detail = TEXT("out of memory");
    response->content_type = "application/problem+json";
    response->body = (struct buffer){.arena = response->arena,
                                     .data = body,
                                     .length = length > 0 ? (size_t)length : 0,
                                     .capacity = sizeof body,
                                     .limit = sizeof body};
}

/* A function that hasn't been opened has nothing to offer. */
static void write_page(const dime_function *function, const struct request *request,
                       const struct incoming *incoming, struct response *response)
{
    if (function->offer && !incoming->not_open)
        function->offer(request, response);
    page_write(function, request, response);
}

static void shape(const dime_function *function, const struct request *request,
                  const struct incoming *incoming, struct response *response)
{
    if (response->answer == ANSWER_NONE)
        response_problem(response, 500, "The function gave no answer.");
    if (request->html && !incoming->health && response->status != 204)
        write_page(function, request, incoming, response);
    else if (response->answer == ANSWER_PROBLEM)
        problem_write_json(response, request->id);
}

/* Adds a header unless it's among the first OWN ones, which the function has set. */
static void add_header(struct response *response, size_t own, const char *name, dime_text value)
{
    if (!response_has_header(response, own, text_of(name)))
        response_own_header(response, name, value);
}

void run_add_headers(const struct request *request, struct response *response)
{
    size_t own = response->header_count;
    add_header(response, own, "X-Request-Id", request->id);
    add_header(response, own, "Cache-Control", TEXT("no-store"));
    add_header(response, own, "Vary", TEXT("Accept"));
    add_header(response, own, "X-Content-Type-Options", TEXT("nosniff"));
    if (!request->html)
        return;
    add_header(response, own, "Content-Security-Policy", text_of(PAGE_POLICY));
    add_header(response, own, "Referrer-Policy", TEXT("same-origin"));
    add_header(response, own, "Permissions-Policy", text_of(PAGE_PERMISSIONS));
}

void run_function(const dime_function *function, struct request *request,
                  const struct incoming *incoming, struct response *response)
{
    answer(function, request, incoming, response);
    if (!out_of_memory(response))
        shape(function, request, incoming, response);
    if (out_of_memory(response))
        answer_out_of_memory(request, response);
    run_add_headers(request, response);
}

void run_out_of_memory(const struct request *request, struct response *response)
{
    response->header_count = 0;
    answer_out_of_memory(request, response);
    run_add_headers(request, response);
}
