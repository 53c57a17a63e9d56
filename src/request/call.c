/*
 * call.c - what a function can ask about its call, and how a member's address becomes a field.
 *
 * The address is looked up in the list of bound structs. This takes a few comparisons, and only if
 * a handler asks, so reading the fields needs no further index.
 */
#include "request/call.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "request/arena_of.h"
#include "request/function.h"
#include "request/log.h"

enum { CALL_ADDRESS_MAX = 65536 };

dime_text dime_text_of(const char *string)
{
    return text_of(string);
}

bool dime_text_is(dime_text text, const char *string)
{
    return text_equal(text, text_of(string));
}

bool dime_text_equal(dime_text a, dime_text b)
{
    return text_equal(a, b);
}

void call_open(struct dime_call *call, const dime_function *function, struct request *request,
               struct response *response)
{
    call->function = function;
    call->route = NULL;
    call->request = request;
    call->response = response;
    call->input = NULL;
    call->values = NULL;
    call->answer = (struct dime_json){.ended = true};
    call->in_pieces = false;
    call->page.root = call->problem.root = NULL;
}

void call_mistake(struct dime_call *call, const char *format, ...)
{
    char why[256];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    log_say_of(
        LOG_LEVEL_ERROR,
        &(struct log_subject){.function = call->function->name, .request_id = call->request->id}, 0,
        "a mistake in the function: %s", why);
    response_problem(call->response, 500, "The function has a mistake; its log says which.");
}

/* The index of MEMBER among a list's scalars; BOUND_ALONE: it is none of them. */
static size_t index_in_list(const char *base, const dime_field *field, uintptr_t member)
{
    struct bound_list list;
    memcpy(&list, base + field->offset, sizeof list);
    size_t stride = field->shape == DIME_MAP ? bound_map_stride(field->size) : field->size;
    uintptr_t first = (uintptr_t)list.items;
    if (field->kind == DIME_KIND_OBJECT || !list.items || member < first ||
        member >= first + list.count * stride)
        return BOUND_ALONE;
    return (member - first) / stride;
}

/* The name of a map's value. */
static dime_text name_in_map(const char *base, const dime_field *field, size_t index)
{
    struct bound_list list;
    dime_text name;
    memcpy(&list, base + field->offset, sizeof list);
    memcpy(&name, list.items + index * bound_map_stride(field->size), sizeof name);
    return name;
}

/* Searches only one struct. */
static struct bound_member find_in(const struct bound *bound, uintptr_t member)
{
    for (size_t i = 0; i < bound->count; i++) {
        const dime_field *field = &bound->fields[i];
        size_t index =
            field->shape == DIME_ONE ? BOUND_ALONE : index_in_list(bound->base, field, member);
        if ((uintptr_t)bound->base + field->offset != member && index == BOUND_ALONE)
            continue;
        struct bound_member found = {bound, field, index, TEXT("")};
        if (index != BOUND_ALONE && field->shape == DIME_MAP)
            found.name = name_in_map(bound->base, field, index);
        return found;
    }
    return (struct bound_member){0};
}

struct bound_member bound_find(const struct bound *first, const void *member)
{
    struct bound_member last = {0};
    for (const struct bound *bound = first; bound; bound = bound->next) {
        if (last.bound && bound->base != member)
            continue; /* the field may be an object; if its own struct is bound, that is more exact
                       */
        struct bound_member found = find_in(bound, (uintptr_t)member);
        if (found.bound)
            last = found;
        if (found.bound && found.field->kind != DIME_KIND_OBJECT)
            return found;
    }
    return last;
}

static void put_place_name(struct buffer *out, const struct bound *bound, const dime_field *field,
                           size_t index, dime_text name)
{
    if (bound->outer) {
        put_place_name(out, bound->outer, bound->field, bound->index, bound->name);
        buffer_puts(out, ".");
    }
    buffer_puts(out, field->name);
    if (index == BOUND_ALONE)
        return;
    if (field->shape == DIME_MAP) {
        buffer_puts(out, ".");
        buffer_put(out, name);
        return;
    }
    buffer_puts(out, "[");
    buffer_int64(out, (int64_t)index);
    buffer_puts(out, "]");
}

dime_text bound_place(const struct bound *bound, const dime_field *field, size_t index,
                      dime_text name, struct arena *arena)
{
    struct buffer out;
    if (!bound->outer && index == BOUND_ALONE)
        return text_of(field->name);
    buffer_open(&out, arena, 4096);
    put_place_name(&out, bound, field, index, name);
    buffer_put(&out, (dime_text){"", 1});
    dime_text place = buffer_text(&out);
    return out.failed ? TEXT("") : (dime_text){place.data, place.length - 1};
}

enum dime_source dime_source(const dime_call *call)
{
    return call->request->source;
}

enum dime_method dime_method(const dime_call *call)
{
    return call->request->method;
}

dime_text dime_path(const dime_call *call)
{
    const struct request *request = call->request;
    struct buffer path;
    /* The path may be empty: the function may be at a server's root, with its routes below. Events
     * that aren't requests have no path. */
    if (request->path.length || (call->function->route_count && request->source == DIME_HTTP))
        return request->path;
    buffer_open(&path, request->arena, 1024);
    buffer_puts(&path, "/cgi-bin/");
    buffer_puts(&path, call->function->name);
    return buffer_text(&path);
}

/* Whether a Host header (RFC 9110, section 7.2) can be part of a URL. */
static bool is_host(dime_text host)
{
    for (size_t i = 0; i < host.length; i++) {
        char c = host.data[i];
        if (!text_alphanumeric(c) && !strchr(".:-[]", c))
            return false;
    }
    return host.length;
}

dime_text dime_address(dime_call *call)
{
    const struct request *request = call->request;
    dime_text host = request_header(request, "host");
    struct buffer address;
    buffer_open(&address, request->arena, CALL_ADDRESS_MAX);
    buffer_put(&address, request->scheme.length ? request->scheme : TEXT("http"));
    buffer_puts(&address, "://");
    buffer_put(&address, is_host(host) ? host : TEXT("localhost"));
    buffer_put(&address, dime_path(call));
    return buffer_text(&address);
}

dime_text dime_client_address(const dime_call *call)
{
    return request_client(call->request);
}

dime_text dime_query(const dime_call *call)
{
    return call->request->query;
}

dime_text dime_body(const dime_call *call)
{
    return call->request->body;
}

dime_text dime_id(const dime_call *call)
{
    return call->request->id;
}

/* CGI passes Content-Type as a variable of its own, other hosts as a header. */
dime_text dime_header(const dime_call *call, const char *name)
{
    const struct request *request = call->request;
    const dime_text wanted = text_of(name);
    if (text_equal_nocase(wanted, TEXT("content-type")))
        return request->content_type.length ? request->content_type : (dime_text){0};
    for (size_t i = 0; i < request->header_count; i++) {
        if (text_equal_nocase(request->headers[i].name, wanted))
            return request->headers[i].value;
    }
    return (dime_text){0};
}

dime_text dime_cookie(const dime_call *call, const char *name)
{
    dime_text cookies = request_header(call->request, "cookie"), one, key;
    while (cookies.data && text_cut(&cookies, ';', &one)) {
        dime_text value = text_trim(one);
        if (text_cut(&value, '=', &key) && value.data && text_equal(key, text_of(name)))
            return value;
    }
    return (dime_text){0};
}

int64_t dime_deadline_ms(const dime_call *call)
{
    return call->request->deadline_ms;
}

bool dime_wants_page(const dime_call *call)
{
    return call->request->html;
}

bool dime_given(const dime_call *call, const void *member)
{
    struct bound_member found = bound_find(call->input, member);
    return found.bound && found.bound->given[found.field - found.bound->fields];
}

void *dime_state(const dime_call *call)
{
    return call->request->state;
}

const char *dime_setting_of(const dime_call *call, const char *name)
{
    const dime_function *function = call->function;
    for (size_t i = 0; i < function->setting_count; i++) {
        const char *value = getenv(name);
        if (strcmp(function->settings[i].name, name) == 0)
            return value && *value ? value : function->settings[i].fallback;
    }
    return NULL;
}

struct arena *call_arena(dime_call *call)
{
    return call->request->arena;
}

void *dime_alloc(dime_call *call, size_t size)
{
    return arena_array(call->request->arena, 1, size);
}

void *dime_alloc_with_close(dime_call *call, size_t size, void (*close)(void *memory))
{
    return arena_alloc_with_close(call->request->arena, size, close);
}

dime_text dime_copy(dime_call *call, dime_text text)
{
    return arena_copy(call->request->arena, text);
}

dime_text call_format(struct dime_call *call, char *room, const char *format, va_list arguments)
{
    struct arena *arena = call->request->arena;
    const size_t size = room ? CALL_FORMAT_ROOM : 0;
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(room, size, format, arguments);
    if (length < 0 || length > RESPONSE_BODY_MAX) {
        arena->failed = true;
        room = NULL;
    } else if ((size_t)length >= size) {
        room = arena_alloc(arena, (size_t)length + 1);
        if (room)
            (void)vsnprintf(room, (size_t)length + 1, format, again);
    }
    va_end(again);
    return room ? (dime_text){room, (size_t)length} : (dime_text){0};
}

dime_text dime_format(dime_call *call, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    dime_text text = call_format(call, NULL, format, arguments);
    va_end(arguments);
    return text;
}

void dime_log(const dime_call *call, enum dime_level level, const char *format, ...)
{
    static const enum log_level LEVELS[] = {
        [DIME_INFO] = LOG_LEVEL_INFO, [DIME_WARN] = LOG_LEVEL_WARN, [DIME_ERROR] = LOG_LEVEL_ERROR};
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    log_say_of(
        LEVELS[level],
        &(struct log_subject){.function = call->function->name, .request_id = call->request->id}, 0,
        "%s", line);
}
