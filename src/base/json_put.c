/*
 * json_put.c - writes a value, and the comma and name before it.
 *
 * A value never ends with an opening bracket or a colon: a string ends with its quote.
 */
#include "base/json_put.h"

#include "base/base64.h"

static bool is_comma_due(const struct buffer *out)
{
    char last = out->length ? out->data[out->length - 1] : '[';
    return last != '{' && last != '[' && last != ':';
}

/* Nearly every name is short and PLAIN (it needs no escape), and is written at once. */
static void put_name(struct buffer *out, dime_text name, bool plain)
{
    enum { SHORT = 60 };
    char room[SHORT + 4], *at = room;
    if (is_comma_due(out))
        *at++ = ',';
    if (plain && name.length && name.length <= SHORT) {
        *at++ = '"';
        memcpy(at, name.data, name.length);
        memcpy(at + name.length, "\":", 2);
        buffer_put(out, (dime_text){room, (size_t)(at - room) + name.length + 2});
        return;
    }
    buffer_put(out, (dime_text){room, (size_t)(at - room)});
    buffer_json(out, name);
    buffer_put(out, TEXT(":"));
}

void json_put_name(struct buffer *out, dime_text name)
{
    put_name(out, name, text_plain_length(name) == name.length);
}

/* Writes what goes before a value. */
static void begin_put(struct buffer *out, const char *name)
{
    if (name)
        put_name(out, text_of(name), true);
    else if (is_comma_due(out))
        buffer_put(out, TEXT(","));
}

void json_put_text(struct buffer *out, const char *name, dime_text value)
{
    begin_put(out, name);
    buffer_json(out, value);
}

void json_put_base64(struct buffer *out, const char *name, dime_text bytes)
{
    begin_put(out, name);
    buffer_put(out, TEXT("\""));
    buffer_base64(out, bytes);
    buffer_put(out, TEXT("\""));
}

void json_put_integer(struct buffer *out, const char *name, int64_t value)
{
    begin_put(out, name);
    buffer_int64(out, value);
}

void json_put_decimal(struct buffer *out, const char *name, int64_t value, int places)
{
    begin_put(out, name);
    buffer_decimal(out, value, places);
}

void json_put_boolean(struct buffer *out, const char *name, bool value)
{
    json_put_raw(out, name, value ? TEXT("true") : TEXT("false"));
}

void json_put_raw(struct buffer *out, const char *name, dime_text value)
{
    begin_put(out, name);
    buffer_put(out, value);
}

void json_begin_object(struct buffer *out, const char *name)
{
    json_put_raw(out, name, TEXT("{"));
}

void json_end_object(struct buffer *out)
{
    buffer_put(out, TEXT("}"));
}

void json_begin_array(struct buffer *out, const char *name)
{
    json_put_raw(out, name, TEXT("["));
}

void json_end_array(struct buffer *out)
{
    buffer_put(out, TEXT("]"));
}
