/*
 * run.c - runs one request through one function, in the same way for every host.
 *
 * Each step either passes the request on or puts a problem into the response. The last step gives
 * the result its form (JSON, a page, a problem) and the headers that every answer has. A host only
 * reads bytes before this and writes bytes after it.
 */
#include "request/run.h"

#include <stdio.h>

#include "request/fields.h"
#include "request/function.h"
#include "request/page.h"
#include "request/problem.h"
#include "request/request.h"
#include "request/response.h"
#include "request/route.h"

/* Our pages load their style and script and nothing else, and can't be framed. */
static const char PAGE_POLICY[] =
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
static const char PAGE_PERMISSIONS[] = "camera=(), geolocation=(), microphone=(), payment=()";

/* "GET, HEAD, POST, OPTIONS", in the arena. */
static dime_text allowed(unsigned methods, struct arena *arena)
{
    static const struct {
        unsigned method;
        const char *name;
    } NAMES[] = {{DIME_GET, "GET, HEAD, "}, {DIME_POST, "POST, "},     {DIME_PUT, "PUT, "},
                 {DIME_PATCH, "PATCH, "},   {DIME_DELETE, "DELETE, "}, {~0U, "OPTIONS"}};
    struct buffer list;
    buffer_open(&list, arena, 64);
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        buffer_puts(&list, methods & NAMES[i].method ? NAMES[i].name : "");
    return arena_copy(arena, buffer_text(&list));
}

/* Whether a handler is at this path. *METHODS are those that it takes. */
static bool check_path(struct dime_call *call, const struct incoming *incoming, unsigned *methods)
{
    const dime_function *function = call->function;
    *methods = function_methods(function);
    if (function->route_count) {
        struct route_match match = route_find(function, call->request->method, incoming->path_info);
        call->route = match.route;
        *methods = match.methods;
        if (match.methods || incoming->health)
            return true;
        response_problem(call->response, 404, "Nothing is at this path of %s.", function->name);
    } else if (incoming->path_info.length) {
        response_problem(call->response, 404,
                         "Nothing is below this path; the function is at /cgi-bin/%s.",
                         function->name);
    } else {
        return true;
    }
    call->response->no_function = true;
    return false;
}

static bool check_method(struct dime_call *call, unsigned methods)
{
    const struct request *request = call->request;
    struct response *response = call->response;
    unsigned method = request->method == DIME_HEAD ? DIME_GET : request->method;
    if (methods & method)
        return true;
    dime_text list = allowed(methods, request->arena);
    if (request->method == DIME_OPTIONS)
        response_begin(response, ANSWER_EMPTY, 204, NULL);
    else
        response_problem(response, 405, "Use one of %.*s.", DIME_ARG(list));
    response_own_header(response, "Allow", list);
    return false;
}

enum { ACCEPT_MAX = 65536 };

/* Joins all Accept headers (RFC 9110, section 5.3). There is rarely more than one. */
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

/* The media types that the function or its route answers with besides JSON and a page. */
static dime_text other_answers(const struct dime_call *call)
{
    const char *of_route = call->route ? call->route->answers : NULL;
    return text_of(of_route ? of_route : call->function->answers);
}

static bool check_accept(const struct dime_call *call, bool acceptable)
{
    dime_text others = other_answers(call);
    if (acceptable)
        return true;
    response_problem(call->response, 406,
                     others.length ? "The answer can be application/json, text/html or %.*s; "
                                     "accept one of them."
                                   : "The answer can be application/json or text/html%.*s; "
                                     "accept one of them.",
                     DIME_ARG(others));
    return false;
}

static void refuse_body(const struct dime_call *call)
{
    char words[FUNCTION_LIMIT_WORDS];
    size_t count;
    const dime_field *fields = call_fields(call, &count);
    function_limit_words(call->function, fields, count, words);
    response_problem(call->response, 413, "%s", words);
}

static bool check_read(const struct dime_call *call, const struct incoming *incoming)
{
    struct response *response = call->response;
    switch (incoming->refusal) {
    case REFUSED_NOT:
    case REFUSED_EVENT:
        return true;
    case REFUSED_TOO_LARGE:
        refuse_body(call);
        break;
    case REFUSED_BAD_LENGTH:
        response_problem(response, 400, "Content-Length must be a number of bytes; correct it.");
        break;
    case REFUSED_SHORT:
        response_problem(response, 400,
                         "The body isn't as long as Content-Length says; send all of it again.");
        break;
    }
    return false;
}

static bool check_open(const struct dime_call *call, const struct incoming *incoming)
{
    if (!incoming->not_open)
        return true;
    response_problem(call->response, 503, "%s", incoming->not_open);
    return false;
}

/* An event that can't be read has no path or method that could be wrong first. */
static bool check_event(const struct dime_call *call, const struct incoming *incoming)
{
    if (incoming->refusal != REFUSED_EVENT)
        return true;
    response_problem(call->response, incoming->status, "%s", incoming->why);
    return false;
}

/* A browser that opens the function's URL wants the form, not an error about a missing field. But
 * a field in the path counts as input. */
static bool wants_form(const struct dime_call *call)
{
    const struct request *request = call->request;
    size_t count, given = 0;
    call_fields(call, &count);
    for (size_t i = 0; call->input && i < count; i++)
        given += call->input->given[i];
    return request->html && request->method & (DIME_GET | DIME_HEAD) && !request->query.length &&
           !request->body.length && !given;
}

/* The index in the table of the field that a place begins with: items for items[2].vat. */
static size_t rank_of(const dime_field *fields, size_t count, dime_text place)
{
    size_t length = 0, rank = 0;
    while (length < place.length && place.data[length] != '.' && place.data[length] != '[')
        length++;
    place.length = length;
    while (rank < count && !text_equal(text_of(fields[rank].name), place))
        rank++;
    return rank;
}

/* Sorts errors in the order of the table and the form. Errors of one field keep their order. */
static void sort_errors(const struct dime_call *call)
{
    struct field_error *errors = call->response->errors;
    size_t count;
    const dime_field *fields = call_fields(call, &count);
    for (size_t i = 1; i < call->response->error_count; i++) {
        struct field_error moving = errors[i];
        size_t rank = rank_of(fields, count, moving.field), at = i;
        for (; at && rank_of(fields, count, errors[at - 1].field) > rank; at--)
            errors[at] = errors[at - 1];
        errors[at] = moving;
    }
}

/* Calls the function, or says why it can't be called. */
static void call_function(struct dime_call *call, const struct incoming *incoming)
{
    const dime_route *route = call->route;
    const dime_function *function = call->function;
    dime_handler *check = route ? route->check : function->check;
    if (fields_read(call, incoming->path_info))
        (route ? route->handle : function->handle)(call, call->input->base);
    else if (wants_form(call))
        dime_answer_page(call);
    else if (check && call->response->error_count && call->input)
        check(call, call->input->base);
    call_end(call);
    sort_errors(call);
}

static void answer_call(struct dime_call *call, const struct incoming *incoming)
{
    struct request *request = call->request;
    unsigned methods;
    /* This comes first, so that a problem too has the form that the client wants. */
    bool found = check_path(call, incoming, &methods);
    bool acceptable = request_accepts(accept_header(request), other_answers(call), &request->html);
    if (!check_event(call, incoming) || !found || !check_method(call, methods) ||
        !check_accept(call, acceptable) || !check_read(call, incoming) ||
        !check_open(call, incoming))
        return;
    if (incoming->health)
        dime_answer_json(call, 200, TEXT("{\"status\":\"ok\"}"));
    else
        call_function(call, incoming);
}

static bool out_of_memory(const struct response *response)
{
    return response->arena->failed || response->body.failed;
}

enum { PIECE_ROOM = 64 * 1024 };

/* Allocates the buffer for a stream's pieces. False: out of memory. */
static bool open_pieces(struct dime_call *call)
{
    struct buffer *body = &call->response->body;
    buffer_open(body, call->request->arena, RESPONSE_BODY_MAX);
    body->data = arena_alloc(call->request->arena, PIECE_ROOM);
    if (!body->data)
        return false;
    body->capacity = PIECE_ROOM;
    call->piece = *body;
    call->mark = arena_mark(call->request->arena);
    return true;
}

bool run_broke(const struct dime_call *call)
{
    return call->response->answer != ANSWER_STREAM || out_of_memory(call->response);
}

void run_forget_piece(struct dime_call *call)
{
    arena_rewind(call->request->arena, call->mark);
    call->response->body = call->piece;
    call->problem.root = NULL; /* anything that the piece began is dropped with it */
}

bool run_next(struct dime_call *call)
{
    struct response *response = call->response;
    run_forget_piece(call);
    return response->next(call, response->cursor) && !run_broke(call);
}

/* Passes a stream on piece by piece, to a host that waits for its client. */
static void push_pieces(struct dime_call *call)
{
    struct response *response = call->response;
    response->stream->flush(response->stream, response);
    for (bool more = true; more && !run_broke(call);) {
        more = run_next(call);
        if (!run_broke(call))
            response->stream->flush(response->stream, response);
    }
    response->next = NULL;
    if (response->answer != ANSWER_STREAM || !out_of_memory(response))
        return;
    response->answer = ANSWER_PROBLEM; /* the stream can only be broken off now */
    response->status = 503;
    response->detail = TEXT("out of memory");
}

/* Writes all of a stream's pieces, for a host that sends an answer as a whole. */
static void gather_pieces(struct dime_call *call)
{
    struct response *response = call->response;
    bool more = true;
    while (more && !run_broke(call))
        more = response->next(call, response->cursor);
    if (response->answer != ANSWER_STREAM)
        return;
    response->next = NULL;
    if (!response->body.failed || call->request->arena->failed) {
        response->answer = ANSWER_BYTES;
        return;
    }
    buffer_open(&response->body, response->arena, RESPONSE_BODY_MAX);
    response_problem(response, 500, "The answer is longer than the %d MiB that can be sent here.",
                     RESPONSE_BODY_MAX / 1024 / 1024);
}

/*
 * Makes the first piece. So an error in it can still be answered with a problem, and a stream of
 * one piece has a Content-Length.
 */
static void make_first_piece(struct dime_call *call)
{
    struct response *response = call->response;
    bool more = open_pieces(call) && run_next(call);
    if (more)
        return;
    response->next = NULL;
    if (!run_broke(call))
        response->answer = ANSWER_BYTES;
}

/* A stream for HEAD has only a head. */
static void begin_pieces(struct dime_call *call)
{
    struct response *response = call->response;
    call->in_pieces = true;
    if (call->request->method == DIME_HEAD)
        response->next = NULL;
    else if (response->pulled || response->stream)
        make_first_piece(call);
    else
        gather_pieces(call);
    call->in_pieces = response->next;
    if (!run_broke(call))
        return;
    response->next = NULL;
    call_end(call); /* for a problem with data */
}

/* This answer needs nothing from the arena, which is out of memory. */
static void answer_out_of_memory(const struct request *request, struct response *response)
{
    static _Thread_local char room[512];
    response_problem(response, 503, "%s", "");
    buffer_over(&response->body, room, sizeof room);
    response->detail = TEXT("The request needs more memory than there is; send less at once, or "
                            "try again later.");
    problem_write_json(response, request->id);
    response->detail = TEXT("out of memory");
}

/* Whether the response is sent as a page. */
static bool is_for_page(const struct response *response)
{
    return response->answer == ANSWER_JSON || response->answer == ANSWER_PROBLEM;
}

static void shape(struct dime_call *call, const struct incoming *incoming)
{
    struct response *response = call->response;
    if (response->answer == ANSWER_NONE)
        response_problem(response, 500, "The function gave no answer.");
    if (response->next)
        begin_pieces(call);
    if (call->request->html && !incoming->health && is_for_page(response))
        page_write(call, !incoming->not_open);
    else if (response->answer == ANSWER_PROBLEM)
        problem_write_json(response, call->request->id);
}

/* Adds a header unless it is among the first OWN ones, which the function set itself. */
static void add_answer_header(struct response *response, size_t own, const char *name,
                              dime_text value)
{
    if (!response_has_header(response, own, text_of(name)))
        response_own_header(response, name, value);
}

void run_add_headers(const struct request *request, struct response *response)
{
    size_t own = response->header_count;
    add_answer_header(response, own, "X-Request-Id", request->id);
    add_answer_header(response, own, "Cache-Control", TEXT("no-store"));
    add_answer_header(response, own, "Vary", TEXT("Accept"));
    add_answer_header(response, own, "X-Content-Type-Options", TEXT("nosniff"));
    if (!request->html)
        return;
    add_answer_header(response, own, "Content-Security-Policy", text_of(PAGE_POLICY));
    add_answer_header(response, own, "Referrer-Policy", TEXT("same-origin"));
    add_answer_header(response, own, "Permissions-Policy", text_of(PAGE_PERMISSIONS));
}

void run_call(struct dime_call *call, const struct incoming *incoming)
{
    struct response *response = call->response;
    answer_call(call, incoming);
    if (!out_of_memory(response))
        shape(call, incoming);
    if (out_of_memory(response)) {
        response->next = NULL;
        response_drop_headers(response);
        answer_out_of_memory(call->request, response);
    }
    run_add_headers(call->request, response);
    if (response->next && response->stream)
        push_pieces(call);
}

void run_function(const dime_function *function, struct request *request,
                  const struct incoming *incoming, struct response *response)
{
    struct dime_call call;
    call_open(&call, function, request, response);
    run_call(&call, incoming);
}

void run_out_of_memory(const struct request *request, struct response *response)
{
    response->header_count = 0;
    answer_out_of_memory(request, response);
    run_add_headers(request, response);
}
