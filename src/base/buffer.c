/*
 * buffer.c - growing text and its escapers.
 *
 * Growing doubles the capacity and copies. The old memory stays in the arena until the request
 * ends; this at most doubles what a response uses and needs no free. The escapers copy runs of
 * plain bytes at once, since nearly all bytes are plain. Most writes are short and fit, so the code
 * that grows a buffer is kept out of line.
 */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>

enum { FIRST_ROOM = 512, PRINTF_MOST = 1024 };

static const dime_text REPLACEMENT = {"\xEF\xBF\xBD", 3}; /* U+FFFD */

void buffer_open(struct buffer *buffer, struct arena *arena, size_t limit)
{
    *buffer = (struct buffer){.arena = arena, .limit = limit};
}

void buffer_over(struct buffer *buffer, char *room, size_t size)
{
    *buffer = (struct buffer){.data = room, .capacity = size, .limit = size};
}

dime_text buffer_text(const struct buffer *buffer)
{
    return (dime_text){buffer->data ? buffer->data : "", buffer->length};
}

static __attribute__((noinline)) bool buffer_grow(struct buffer *buffer, size_t more)
{
    if (more > buffer->limit - buffer->length)
        return false;
    size_t needed = buffer->length + more;
    size_t room = buffer->capacity ? buffer->capacity : FIRST_ROOM;
    while (room < needed && room < buffer->limit)
        room = room > buffer->limit / 2 ? buffer->limit : room * 2;
    if (room > buffer->limit)
        room = buffer->limit; /* the capacity alone enforces the limit */
    char *data = arena_alloc(buffer->arena, room);
    if (!data)
        return false;
    if (buffer->length)
        memcpy(data, buffer->data, buffer->length);
    buffer->data = data;
    buffer->capacity = room;
    return true;
}

/* Makes room for LENGTH more bytes and counts them as written. NULL: they don't fit. */
static inline __attribute__((always_inline)) char *buffer_extend(struct buffer *buffer,
                                                                 size_t length)
{
    if (length > buffer->capacity - buffer->length && !buffer->failed)
        buffer->failed = !buffer_grow(buffer, length);
    if (buffer->failed)
        return NULL;
    buffer->length += length;
    return buffer->data + buffer->length - length;
}

void buffer_put(struct buffer *buffer, dime_text text)
{
    char *room = text.length ? buffer_extend(buffer, text.length) : NULL;
    if (room)
        memcpy(room, text.data, text.length);
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    char room[PRINTF_MOST];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(room, sizeof room, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof room)
        buffer->failed = true;
    else
        buffer_put(buffer, (dime_text){room, (size_t)length});
}

void buffer_int64(struct buffer *buffer, int64_t value)
{
    buffer_decimal(buffer, value, 0);
}

/* printf would run more code than all the rest of a CGI call. */
void buffer_decimal(struct buffer *buffer, int64_t value, int places)
{
    char room[24];
    char *first = room + sizeof room;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    for (int written = 0; rest || written <= places; written++) {
        if (written && written == places)
            *--first = '.';
        *--first = (char)('0' + rest % 10);
        rest /= 10;
    }
    if (value < 0)
        *--first = '-';
    buffer_put(buffer, (dime_text){first, (size_t)(room + sizeof room - first)});
}

/* Returns the escape for one byte in the context, or an empty text if it needs none. */
typedef dime_text escape(unsigned char byte, char room[8]);

static dime_text escape_json(unsigned char byte, char room[8])
{
    static const char SHORT[] = "btn\0fr";
    if (byte >= ' ' && byte != '"' && byte != '\\')
        return (dime_text){0};
    char letter = byte >= ' ' ? (char)byte : '\0';
    if (byte >= '\b' && byte <= '\r')
        letter = SHORT[byte - '\b'];
    if (letter) {
        room[0] = '\\';
        room[1] = letter;
        return (dime_text){room, 2};
    }
    static const char HEX[] = "0123456789abcdef";
    memcpy(room, "\\u00", 4);
    room[4] = HEX[byte >> 4];
    room[5] = HEX[byte & 15];
    return (dime_text){room, 6};
}

static dime_text escape_html(unsigned char byte, char room[8])
{
    (void)room;
    switch (byte) {
    case '&':
        return TEXT("&amp;");
    case '<':
        return TEXT("&lt;");
    case '>':
        return TEXT("&gt;");
    case '"':
        return TEXT("&quot;");
    case '\'':
        return TEXT("&#39;");
    case '\t':
    case '\n':
    case '\f':
    case '\r':
        return (dime_text){0};
    default:
        return byte < ' ' || byte == 0x7F ? REPLACEMENT : (dime_text){0};
    }
}

static void put_escaped(struct buffer *buffer, dime_text text, escape *escape_byte)
{
    size_t run = 0; /* plain bytes at the start of text, not yet written */
    while (run < text.length) {
        char room[8];
        dime_text rest = text_skip(text, run);
        if (escape_byte == escape_json) {
            size_t plain = text_plain_length(rest);
            run += plain;
            rest = text_skip(rest, plain);
            if (!rest.length)
                break;
        }
        size_t character = text_utf8_length(rest);
        dime_text escaped = {0};
        if (character == 0 || (escape_byte == escape_html && text_is_strange(rest)))
            escaped = REPLACEMENT;
        else if (character == 1)
            escaped = escape_byte((unsigned char)rest.data[0], room);
        if (!escaped.length) {
            run += character;
            continue;
        }
        buffer_put(buffer, (dime_text){text.data, run});
        buffer_put(buffer, escaped);
        text = text_skip(rest, character ? character : 1);
        run = 0;
    }
    buffer_put(buffer, text);
}

/* Most strings need no escape and are written at once. */
void buffer_json(struct buffer *buffer, dime_text text)
{
    if (text.length && text_plain_length(text) == text.length) {
        char *room = buffer_extend(buffer, text.length + 2);
        if (!room)
            return;
        memcpy(room + 1, text.data, text.length);
        room[0] = room[text.length + 1] = '"';
        return;
    }
    buffer_put(buffer, TEXT("\""));
    put_escaped(buffer, text, escape_json);
    buffer_put(buffer, TEXT("\""));
}

void buffer_html(struct buffer *buffer, dime_text text)
{
    put_escaped(buffer, text, escape_html);
}

void buffer_percent(struct buffer *buffer, dime_text text)
{
    static const char HEX[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        unsigned char byte = (unsigned char)c;
        if (text_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~')
            buffer_put(buffer, (dime_text){text.data + i, 1});
        else
            buffer_put(buffer, (dime_text){(char[]){'%', HEX[byte >> 4], HEX[byte & 15]}, 3});
    }
}
