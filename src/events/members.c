/*
 * members.c - reads one member of an event, and reports what is wrong with it.
 *
 * The first problem counts. Later ones in the same event may only follow from it.
 */
#include "events/members.h"

#include <stdarg.h>
#include <stdio.h>

void event_refuse(struct event *event, int status, const char *format, ...)
{
    va_list arguments;
    if (event->status)
        return;
    event->status = status;
    va_start(arguments, format);
    vsnprintf(event->why, sizeof event->why, format, arguments);
    va_end(arguments);
}

bool member_reads(struct json_value value, dime_text word)
{
    return value.kind == JSON_STRING &&
           text_equal((dime_text){value.raw.data + 1, value.raw.length - 2}, word);
}

bool member_is_text(struct event *event, const char *name, struct json_value value)
{
    if (value.kind != JSON_STRING && value.kind != JSON_NULL)
        event_refuse(event, 422, "The event's %s must be text.", name);
    return value.kind == JSON_STRING;
}

bool member_text(struct event *event, const char *name, struct json_value value, dime_text *text)
{
    if (value.kind == JSON_NULL)
        return true;
    if (value.kind == JSON_STRING)
        return json_string(value, event->request.arena, text);
    event_refuse(event, 422, "The event's %s must be text.", name);
    return false;
}
