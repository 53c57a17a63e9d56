/*
 * json_write.c - writes JSON through scopes, so that it is always complete.
 *
 * A scope is an open object or array. Writing to one ends those that are open within it, and the
 * end of the answer ends all of them. So an author writes no commas, quotes or brackets, and can't
 * forget one. Scopes are allocated in the call's arena.
 */
#include <stdarg.h>

#include "base/json_put.h"
#include "request/call.h"
#include "request/function.h"

void json_scope_open(struct dime_json *scope, struct dime_call *call, struct buffer *out,
                     bool array)
{
    (array ? json_begin_array : json_begin_object)(out, NULL);
    *scope = (struct dime_json){.call = call, .out = out, .start = out->length - 1, .array = array};
}

struct dime_json *json_scope_nowhere(struct dime_call *call, struct buffer *out, bool array)
{
    static _Thread_local struct dime_json nowhere;
    nowhere = (struct dime_json){.call = call, .out = out, .array = array, .ended = true};
    return &nowhere;
}

void json_scope_end(struct dime_json *scope)
{
    if (scope->ended)
        return;
    if (scope->inner)
        json_scope_end(scope->inner);
    scope->ended = true;
    (scope->array ? json_end_array : json_end_object)(scope->out);
    scope->end = scope->out->length;
    if (scope->outer)
        scope->outer->inner = NULL;
}

void json_scope_abandon(struct dime_json *scope)
{
    for (; scope; scope = scope->inner) {
        scope->ended = true;
        scope->end = scope->start;
    }
}

/* Writes the name before a value. False: the value isn't allowed here; this has been reported. */
static bool begin_value(struct dime_json *json, const char *name)
{
    const char *mistake = json->ended             ? "JSON was written to a scope that has ended"
                          : json->array && name   ? "an array was given a member with a name"
                          : !json->array && !name ? "an object was given a member without a name"
                                                  : NULL;
    if (mistake) {
        const struct dime_call *call = json->call;
        if (call->response->status != 500 && !call->request->arena->failed)
            call_mistake(json->call, "%s%s%s", mistake, name ? ": " : "", name ? name : "");
        return false;
    }
    if (json->inner)
        json_scope_end(json->inner);
    if (name)
        json_put_name(json->out, text_of(name));
    return true;
}

void dime_put_text(dime_json *json, const char *name, dime_text value)
{
    if (begin_value(json, name))
        json_put_text(json->out, NULL, value);
}

void dime_put_string(dime_json *json, const char *name, const char *value)
{
    if (value)
        dime_put_text(json, name, text_of(value));
    else
        dime_put_null(json, name);
}

void dime_put_format(dime_json *json, const char *name, const char *format, ...)
{
    char room[CALL_FORMAT_ROOM];
    va_list arguments;
    va_start(arguments, format);
    dime_text text = call_format(json->call, room, format, arguments);
    va_end(arguments);
    if (text.data)
        dime_put_text(json, name, text);
}

void dime_put_integer(dime_json *json, const char *name, int64_t value)
{
    if (begin_value(json, name))
        json_put_integer(json->out, NULL, value);
}

void dime_put_decimal(dime_json *json, const char *name, int64_t value, int places)
{
    if (places < 0 || places > FUNCTION_PLACES_MAX)
        call_mistake(json->call, "dime_put_decimal takes 0 to %d places, not %d",
                     FUNCTION_PLACES_MAX, places);
    else if (begin_value(json, name))
        json_put_decimal(json->out, NULL, value, places);
}

void dime_put_boolean(dime_json *json, const char *name, bool value)
{
    if (begin_value(json, name))
        json_put_boolean(json->out, NULL, value);
}

void dime_put_null(dime_json *json, const char *name)
{
    if (begin_value(json, name))
        json_put_raw(json->out, NULL, TEXT("null"));
}

void dime_put_raw(dime_json *json, const char *name, dime_text value)
{
    if (begin_value(json, name))
        json_put_raw(json->out, NULL, value);
}

/* Opens a scope within another. If it isn't allowed there, or memory has run out, the new scope has
 * ended already. */
static dime_json *open_scope(dime_json *json, const char *name, bool array)
{
    struct dime_json *scope =
        begin_value(json, name) ? arena_alloc(json->call->request->arena, sizeof *scope) : NULL;
    if (!scope)
        return json_scope_nowhere(json->call, json->out, array);
    json_scope_open(scope, json->call, json->out, array);
    scope->outer = json;
    json->inner = scope;
    return scope;
}

dime_json *dime_put_object(dime_json *json, const char *name)
{
    return open_scope(json, name, false);
}

dime_json *dime_put_array(dime_json *json, const char *name)
{
    return open_scope(json, name, true);
}

dime_text dime_json_text(dime_json *json)
{
    json_scope_end(json);
    dime_text all = buffer_text(json->out);
    if (json->out->failed || json->end > all.length)
        return TEXT("");
    dime_text copy = arena_copy(json->call->request->arena,
                                (dime_text){all.data + json->start, json->end - json->start});
    return copy.data ? copy : TEXT("");
}
