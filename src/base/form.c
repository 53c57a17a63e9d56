/*
 * form.c - urlencoded text into pairs.
 *
 * A pair is cut out first and then decoded, as in the standard, so an escaped & or = is part of a
 * name or a value. Decoding never makes a text longer. A text without % and + stays where it is.
 * The result must be UTF-8; the caller checks everything else.
 */
#include "base/form.h"

#include <stdio.h>
#include <string.h>

void form_open(struct form_reader *reader, dime_text text, struct arena *arena)
{
    *reader = (struct form_reader){.rest = text, .start = text.data, .arena = arena};
}

/* Ends the reading; AT is in the text. Always false. */
static bool form_fail(struct form_reader *reader, enum form_fault fault, const char *at,
                      const char *sentence)
{
    size_t character = 1;
    reader->fault = fault;
    reader->offset = (size_t)(at - reader->start);
    for (size_t i = 0; i < reader->offset; i++)
        character += (reader->start[i] & 0xC0) != 0x80;
    snprintf(reader->message, sizeof reader->message, "character %zu: %s", character, sentence);
    return false;
}

static bool form_no_memory(struct form_reader *reader)
{
    reader->fault = FORM_NO_MEMORY;
    snprintf(reader->message, sizeof reader->message, "out of memory while reading this text");
    return false;
}

/* Reads the %XX at AT. */
static bool read_percent(struct form_reader *reader, const char *at, const char *end, char *byte)
{
    if (end - at < 3)
        return form_fail(reader, FORM_MALFORMED, at, "a percent-escape is cut short");
    int high = text_hex_digit(at[1]);
    int low = text_hex_digit(at[2]);
    if (high < 0 || low < 0)
        return form_fail(reader, FORM_MALFORMED, at, "two hexadecimal digits must follow a %");
    *byte = (char)(high << 4 | low);
    return true;
}

/* Decodes RAW into OUT, which has room for as many bytes. */
static bool unescape(struct form_reader *reader, dime_text raw, char *out, size_t *length)
{
    const char *end = raw.data + raw.length;
    char *begin = out;
    for (const char *at = raw.data; at < end; at++, out++) {
        *out = *at;
        if (*at == '+') {
            *out = ' ';
        } else if (*at == '%') {
            if (!read_percent(reader, at, end, out))
                return false;
            at += 2;
        }
    }
    *length = (size_t)(out - begin);
    return true;
}

static bool decode_component(struct form_reader *reader, dime_text raw, dime_text *decoded)
{
    *decoded = raw;
    if (raw.length == 0)
        return true;
    if (memchr(raw.data, '%', raw.length) || memchr(raw.data, '+', raw.length)) {
        char *out = arena_alloc(reader->arena, raw.length);
        if (!out)
            return form_no_memory(reader);
        decoded->data = out;
        if (!unescape(reader, raw, out, &decoded->length))
            return false;
    }
    return text_is_utf8(*decoded) ||
           form_fail(reader, FORM_DAMAGED, raw.data, "what begins here isn't UTF-8");
}

/* The next part between two & that isn't empty. */
static bool next_part(struct form_reader *reader, dime_text *part)
{
    while (text_cut(&reader->rest, '&', part))
        if (part->length > 0)
            return true;
    return false;
}

bool form_next(struct form_reader *reader, struct form_pair *pair)
{
    dime_text value;
    dime_text name;
    if (reader->fault != FORM_FINE)
        return false;
    if (!reader->pairs && text_is_wide(reader->rest)) /* otherwise all names would be ignored */
        return form_fail(reader, FORM_MALFORMED, reader->start,
                         "the text is UTF-16 or UTF-32: send it as UTF-8");
    if (!next_part(reader, &value))
        return false;
    if (reader->pairs++ == FORM_PAIRS_MAX)
        return form_fail(reader, FORM_MALFORMED, value.data,
                         "there are more than 64 pairs of name and value");
    if (!text_cut(&value, '=', &name))
        return false; /* can't happen: a part isn't empty */
    if (!value.data)
        value = TEXT("");
    *pair = (struct form_pair){name, TEXT("")};
    bool named = decode_component(reader, name, &pair->name);
    if (!named)
        pair->name = name;
    /* The mark would be part of the first name, which no field has then. */
    if (reader->pairs == 1 && text_starts(pair->name, TEXT("\xEF\xBB\xBF")))
        return form_fail(reader, FORM_MALFORMED, reader->start,
                         "the text begins with a byte order mark: leave it out");
    if (named && decode_component(reader, value, &pair->value))
        return true;
    if (reader->fault == FORM_MALFORMED)
        reader->fault = FORM_DAMAGED; /* the others can be read */
    return false;
}

bool form_pass_over(struct form_reader *reader)
{
    if (reader->fault != FORM_DAMAGED)
        return false;
    reader->fault = FORM_FINE;
    return true;
}

enum form_fault form_decode(dime_text text, struct arena *arena, dime_text *decoded)
{
    struct form_reader reader;
    form_open(&reader, text, arena);
    if (!decode_component(&reader, text, decoded))
        *decoded = text;
    return reader.fault == FORM_DAMAGED ? FORM_MALFORMED : reader.fault; /* there are no others */
}
