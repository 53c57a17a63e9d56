/*
 * inprocess.c - golden events without a web server: each file's request goes straight to its
 * function, and the answer leaves as one line of JSON.
 *
 * run.py compares the lines. With --fail-alloc it compares by itself: every event is asked again
 * and again, with less memory than it takes and with one malloc that fails, and each answer must be
 * the right one or the 503 that says so.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "request/function.h"
#include "request/opening.h"
#include "request/request.h"
#include "request/response.h"
#include "registry.h"
#include "hosts/exchange.h"
#include "request/run.h"
#include "fail_malloc.h"

enum { HEADERS_MOST = 32, LEAST_STEP = 16, STEPS = 256 };

static const dime_text ID = {"in-process", 10};

/* One event file. Its texts lie in the tree, or in `decoded`. */
struct event {
    const char *path;
    const dime_function *function;
    struct json_object *tree;
    char *decoded;
    dime_text method, query, body, path_info;
    struct header headers[HEADERS_MOST];
    char names[HEADERS_MOST][64];
    size_t header_count;
};

/* What a function has answered, kept when its arena is gone. */
struct kept {
    int status;
    char *body;
    size_t length;
};

static dime_text string_of(struct json_object *object, const char *name)
{
    struct json_object *member = NULL;
    if (!json_object_object_get_ex(object, name, &member))
        return (dime_text){"", 0};
    return (dime_text){json_object_get_string(member), (size_t)json_object_get_string_len(member)};
}

static int base64_digit(char c)
{
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(DIGITS, c) : NULL;
    return at ? (int)(at - DIGITS) : -1;
}

/* Decodes into OUT, which has as much room; what isn't a digit is passed over. */
static size_t base64_decode(dime_text text, char *out)
{
    unsigned bits = 0, held = 0;
    size_t length = 0;
    for (size_t i = 0; i < text.length; i++) {
        int digit = base64_digit(text.data[i]);
        if (digit < 0)
            continue;
        bits = (bits << 6 | (unsigned)digit) & 0xFFFF;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[length++] = (char)(bits >> held & 0xFF);
        }
    }
    return length;
}

static bool read_headers(struct event *event, struct json_object *request)
{
    struct json_object *headers = NULL;
    if (!json_object_object_get_ex(request, "headers", &headers))
        return true;
    json_object_object_foreach(headers, name, value)
    {
        char *copy = event->names[event->header_count];
        size_t length = strlen(name);
        if (event->header_count == HEADERS_MOST || length >= sizeof event->names[0])
            return false;
        for (size_t i = 0; i < length; i++)
            copy[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] | 32) : name[i];
        event->headers[event->header_count++] = (struct header){
            {copy, length},
            {json_object_get_string(value), (size_t)json_object_get_string_len(value)}};
    }
    return true;
}

/* The function is the one that the file's folder is named after. */
static const dime_function *function_of(const char *path)
{
    dime_text rest = text_of(path), part, last = {0}, folder = {0};
    while (text_cut(&rest, '/', &part)) {
        folder = last;
        last = part;
    }
    return registry_find(folder);
}

static bool read_event(struct event *event, const char *path)
{
    struct json_object *request = NULL;
    *event = (struct event){.path = path, .function = function_of(path)};
    event->tree = json_object_from_file(path);
    if (!event->function || !json_object_object_get_ex(event->tree, "request", &request) ||
        !read_headers(event, request))
        return false;
    event->method = string_of(request, "method");
    event->query = string_of(request, "query");
    event->path_info = string_of(request, "path_info");
    event->body = string_of(request, "body");
    dime_text base64 = string_of(request, "body_base64");
    if (base64.length) {
        event->decoded = malloc(base64.length);
        if (!event->decoded)
            return false;
        event->body = (dime_text){event->decoded, base64_decode(base64, event->decoded)};
    }
    return true;
}

static void forget_event(struct event *event)
{
    json_object_put(event->tree);
    free(event->decoded);
}

/* Answers the event as a worker of its own does; the response lasts as long as the arena. */
static void ask(const struct event *event, struct arena *arena, struct response *response)
{
    const dime_function *function = event->function;
    struct request request = {
        .id = ID,
        .method = request_method(event->method),
        .scheme = TEXT("http"),
        .path = TEXT(""),
        .query = event->query,
        .headers = event->headers,
        .header_count = event->header_count,
        .body = event->body,
        .arena = arena,
    };
    struct incoming incoming = {.path_info = event->path_info};
    dime_text given = request_header(&request, "x-request-id");
    if (request_id_fits(given))
        request.id = given;
    request.content_type = request_header(&request, "content-type");
    if (event->body.length > function_body_max(function))
        incoming.refusal = REFUSED_TOO_LARGE;
    struct opening opening = {0};
    (void)opening_try(&opening, function);
    request.state = opening.state;
    incoming.not_open = opening.not_open;
    response_open(response, arena);
    run_function(function, &request, &incoming, response);
    opening_close(&opening, function);
}

static struct json_object *new_string(dime_text text)
{
    return json_object_new_string_len(text.data ? text.data : "", (int)text.length);
}

static void add_header(struct json_object *headers, dime_text name, dime_text value)
{
    char copy[64];
    snprintf(copy, sizeof copy, "%.*s", (int)name.length, name.data);
    json_object_object_add(headers, copy, new_string(value));
}

/* Prints what a host would send. */
static void print_answer(const struct event *event, const struct response *response)
{
    struct json_object *line = json_object_new_object(), *headers = json_object_new_object();
    char length[32];
    bool silent = text_equal(event->method, TEXT("HEAD")) || !response->content_type;
    if (response->content_type)
        add_header(headers, TEXT("Content-Type"), text_of(response->content_type));
    snprintf(length, sizeof length, "%zu", response->body.length);
    if (response->content_type)
        add_header(headers, TEXT("Content-Length"), text_of(length));
    for (size_t i = 0; i < response->header_count; i++)
        add_header(headers, response->headers[i].name, response->headers[i].value);
    json_object_object_add(line, "path", json_object_new_string(event->path));
    json_object_object_add(line, "status", json_object_new_int(response->status));
    json_object_object_add(line, "headers", headers);
    json_object_object_add(line, "body",
                           new_string(silent ? (dime_text){0} : buffer_text(&response->body)));
    puts(json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN));
    json_object_put(line);
}

static bool answer_event(const struct event *event)
{
    struct arena arena;
    struct response response;
    arena_open(&arena, REQUEST_MEMORY_MAX);
    ask(event, &arena, &response);
    print_answer(event, &response);
    arena_close(&arena);
    return true;
}

static bool keep(const struct event *event, struct kept *kept)
{
    struct arena arena;
    struct response response;
    arena_open(&arena, REQUEST_MEMORY_MAX);
    ask(event, &arena, &response);
    kept->status = response.status;
    dime_text body = buffer_text(&response.body);
    kept->length = body.length;
    kept->body = malloc(body.length + 1);
    if (kept->body && body.length)
        memcpy(kept->body, body.data, body.length);
    arena_close(&arena);
    return kept->body;
}

static bool is_right(const struct response *response, const struct kept *right)
{
    return response->status == right->status &&
           text_equal(buffer_text(&response->body), (dime_text){right->body, right->length});
}

/* Whether it is a problem document with the members that a client reads, or a page that says so. */
static bool is_unavailable(const struct response *response)
{
    static const char ALERT[] = "role=\"alert\"";
    if (response->status == 503 && response->content_type &&
        strncmp(response->content_type, "text/html", 9) == 0)
        return memmem(response->body.data, response->body.length, ALERT, sizeof ALERT - 1);
    static const char *const MEMBERS[] = {"type", "title", "status", "detail"};
    struct arena arena;
    struct json_value document, member;
    struct json_error error;
    arena_open(&arena, REQUEST_MEMORY_MAX);
    bool whole = response->status == 503 && response->content_type &&
                 strcmp(response->content_type, "application/problem+json") == 0 &&
                 json_check(buffer_text(&response->body), &arena, &document, &error);
    for (size_t i = 0; whole && i < sizeof MEMBERS / sizeof *MEMBERS; i++)
        whole = json_find(document, text_of(MEMBERS[i]), &member);
    arena_close(&arena);
    return whole;
}

static bool complain(const struct event *event, const struct response *response, const char *what,
                     size_t number)
{
    printf("not ok - %s: with %s %zu the answer is %d %.*s\n", event->path, what, number,
           response->status, (int)response->body.length,
           response->body.data ? response->body.data : "");
    return false;
}

/* An arena of every size from nothing to enough. */
static bool starve(const struct event *event, const struct kept *right)
{
    for (size_t limit = 0; limit <= REQUEST_MEMORY_MAX;
         limit += LEAST_STEP + limit / STEPS / LEAST_STEP * LEAST_STEP) {
        struct arena arena;
        struct response response;
        arena_open(&arena, limit);
        ask(event, &arena, &response);
        bool fine = is_right(&response, right), enough = fine && !arena.failed;
        if (!fine && !is_unavailable(&response)) {
            complain(event, &response, "an arena of", limit);
            arena_close(&arena);
            return false;
        }
        arena_close(&arena);
        if (enough)
            return true;
    }
    printf("not ok - %s: an arena is never large enough\n", event->path);
    return false;
}

/* Each malloc fails once; nothing may be left behind, but for what a library allocates once. */
static bool fail_each(const struct event *event, const struct kept *right)
{
    bool failed = fail_malloc_works(), once = false;
    for (size_t number = 0; failed; number++) {
        struct arena arena;
        struct response response;
        long live = fail_malloc_live();
        arena_open(&arena, REQUEST_MEMORY_MAX);
        fail_malloc_begin(number);
        ask(event, &arena, &response);
        failed = fail_malloc_end();
        bool fine = is_right(&response, right) || (failed && is_unavailable(&response));
        if (!fine)
            complain(event, &response, "failing malloc", number);
        arena_close(&arena);
        if (!fine)
            return false;
        bool kept = fail_malloc_live() == live + 1 && !once;
        once = once || kept;
        if (fail_malloc_live() != live && !kept) {
            printf("not ok - %s: with failing malloc %zu memory leaks\n", event->path, number);
            return false;
        }
    }
    return true;
}

static bool fail_event(const struct event *event)
{
    struct kept right;
    bool passed = keep(event, &right) && starve(event, &right) && fail_each(event, &right);
    if (passed)
        printf("ok - %s\n", event->path);
    free(right.body);
    return passed;
}

int main(int count, char **arguments)
{
    bool fail_alloc = count > 1 && strcmp(arguments[1], "--fail-alloc") == 0;
    bool passed = true;
    if (count < (fail_alloc ? 3 : 2)) {
        fprintf(stderr, "usage: %s [--fail-alloc] EVENT...\n", arguments[0]);
        return 2;
    }
    for (int i = fail_alloc ? 2 : 1; i < count; i++) {
        struct event event;
        bool read = read_event(&event, arguments[i]);
        if (!read)
            fprintf(stderr, "%s: this isn't an event of a function\n", arguments[i]);
        passed = read && (fail_alloc ? fail_event : answer_event)(&event) && passed;
        forget_event(&event);
    }
    return passed ? 0 : 1;
}
