/*
 * multipart.c - cuts a body at its boundary and reads each part's headers.
 *
 * memmem finds the boundary in time linear in the body. Three headers of a part matter; the others
 * are ignored. Senders escape quoted names differently: curl writes a backslash before a quote,
 * browsers write %22, and an old browser sends the backslashes of a whole path as they are. All
 * three are understood. Anything else in quotes is taken literally.
 */
#include "base/multipart.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Records what is wrong with the current part, or with the whole body before the first part. */
__attribute__((format(printf, 2, 3))) static bool multipart_fail(struct multipart_reader *reader,
                                                                 const char *format, ...)
{
    va_list arguments;
    reader->fault = MULTIPART_MALFORMED;
    int length =
        reader->parts
            ? snprintf(reader->message, sizeof reader->message, "part %zu: ", reader->parts)
            : snprintf(reader->message, sizeof reader->message, "its beginning: ");
    va_start(arguments, format);
    vsnprintf(reader->message + length, sizeof reader->message - (size_t)length, format, arguments);
    va_end(arguments);
    return false;
}

static bool multipart_no_memory(struct multipart_reader *reader)
{
    multipart_fail(reader, "out of memory while reading it");
    reader->fault = MULTIPART_NO_MEMORY;
    return false;
}

static dime_text skip_blanks(dime_text text)
{
    while (text.length && (*text.data == ' ' || *text.data == '\t'))
        text = text_skip(text, 1);
    return text;
}

/* Whether TEXT begins with a backslash that escapes the next character. */
static bool is_escape(dime_text text)
{
    return text_starts(text, TEXT("\\\"")) || text_starts(text, TEXT("\\\\"));
}

/* The position of the closing quote in a text after its opening quote; its length if none. */
static size_t quoted_length(dime_text text)
{
    size_t i = 0;
    while (i < text.length && text.data[i] != '"')
        i += is_escape(text_skip(text, i)) ? 2 : 1;
    return i < text.length ? i : text.length;
}

/* A parameter of a header, such as name="amount". */
struct parameter {
    dime_text name, value; /* the value without its quotes, but with its escapes */
};

/* Skips semicolons and blanks. False: there was no semicolon. */
static bool skip_semicolons(dime_text *rest)
{
    *rest = skip_blanks(*rest);
    bool found = text_starts(*rest, TEXT(";"));
    while (text_starts(*rest, TEXT(";")))
        *rest = skip_blanks(text_skip(*rest, 1));
    return found;
}

/*
 * Cuts the next parameter off *REST. Returns false at the end, and with *BROKEN set if something
 * else follows. Blanks around the equals sign and extra semicolons (RFC 9110, section 5.6.6) are
 * allowed: some senders write them, and they aren't ambiguous.
 */
static bool next_parameter(dime_text *rest, struct parameter *parameter, bool *broken)
{
    bool begins = skip_semicolons(rest);
    if (!rest->length)
        return false;
    *broken = true;
    const char *equals = memchr(rest->data, '=', rest->length);
    if (!begins || !equals)
        return false;
    parameter->name = text_trim((dime_text){rest->data, (size_t)(equals - rest->data)});
    *rest = skip_blanks(text_skip(*rest, (size_t)(equals - rest->data) + 1));
    bool quoted = rest->length && *rest->data == '"';
    if (quoted)
        *rest = text_skip(*rest, 1);
    size_t length = 0;
    if (quoted)
        length = quoted_length(*rest);
    else
        while (length < rest->length && !strchr("; \t\"", rest->data[length]))
            length++;
    parameter->value = (dime_text){rest->data, length};
    if (quoted && length == rest->length)
        return false; /* the closing quote is missing */
    *rest = text_skip(*rest, length + quoted);
    *broken = false;
    return true;
}

/*
 * Finds the parameter NAME in what follows a header's first word. FOUND's data is NULL if there is
 * none. Returns false if the parameters can't be read, or if NAME is there twice.
 */
static bool find_parameter(dime_text parameters, dime_text name, dime_text *found)
{
    struct parameter parameter;
    bool broken = false;
    *found = (dime_text){0};
    while (next_parameter(&parameters, &parameter, &broken)) {
        if (!text_equal_nocase(parameter.name, name))
            continue;
        if (found->data)
            return false;
        *found = parameter.value;
    }
    return !broken;
}

/* Splits a header's value into its first word and its parameters. */
static dime_text header_word(dime_text value, dime_text *parameters)
{
    const char *semicolon = value.length ? memchr(value.data, ';', value.length) : NULL;
    size_t length = semicolon ? (size_t)(semicolon - value.data) : value.length;
    *parameters = text_skip(value, length);
    return text_trim((dime_text){value.data, length});
}

/*
 * RFC 2046, section 5.1.1, allows letters, digits and a few signs in a boundary. Many Android
 * programs send a boundary of asterisks, so every visible character is allowed here, except those
 * that a quoted text escapes: senders differ about escapes. It may also be longer.
 */
static bool is_boundary(dime_text text)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (c < ' ' || c > '~' || c == '"' || c == '\\')
            return false;
    }
    return text.length && text.length <= MULTIPART_BOUNDARY_MAX &&
           text.data[text.length - 1] != ' ';
}

/*
 * Skips what may follow a boundary on its line: the hyphens of the closing one, or blanks and the
 * line end. False: something else follows, so this isn't a boundary but part of the content.
 */
static bool end_line(dime_text behind, dime_text *rest)
{
    if (text_starts(behind, TEXT("--"))) {
        *rest = (dime_text){0};
        return true;
    }
    behind = skip_blanks(behind);
    if (!text_starts(behind, TEXT("\r\n")))
        return false;
    *rest = text_skip(behind, 2);
    return true;
}

/* Moves past the next boundary. BEFORE is what comes before it. False: there is no boundary. */
static bool cut(struct multipart_reader *reader, dime_text *before)
{
    dime_text rest = reader->rest;
    const char *found = NULL;
    while ((found = memmem(rest.data, rest.length, reader->delimiter, reader->delimiter_length))) {
        size_t length = (size_t)(found - rest.data) + reader->delimiter_length;
        rest = text_skip(rest, length);
        *before = (dime_text){reader->rest.data, (size_t)(found - reader->rest.data)};
        if (end_line(rest, &reader->rest))
            return true;
    }
    return false;
}

/* Whether TEXT, up to END, holds a boundary that isn't at the beginning of a line. */
static bool is_hidden(dime_text text, const char *end, dime_text line)
{
    const char *found;
    dime_text rest;
    while ((found = memmem(text.data, (size_t)(end - text.data), line.data, line.length))) {
        text = text_skip(text, (size_t)(found - text.data) + line.length);
        if (end_line(text, &rest))
            return true;
    }
    return false;
}

/*
 * The first boundary may be at the beginning of the body. Text before it is ignored, unless it
 * holds a boundary, for instance after a byte order mark: the first part would be lost then.
 */
static bool cut_first(struct multipart_reader *reader, dime_text body)
{
    dime_text line = {reader->delimiter + 2, reader->delimiter_length - 2};
    dime_text preamble;
    if (text_starts(body, line) && end_line(text_skip(body, line.length), &reader->rest))
        return true;
    reader->rest = body;
    if (!body.length || !cut(reader, &preamble))
        return multipart_fail(reader, "the boundary that the Content-Type names isn't in the body");
    return !is_hidden(body, body.data + preamble.length, line) ||
           multipart_fail(reader, "something stands before the first boundary; leave it out");
}

void multipart_open(struct multipart_reader *reader, dime_text content_type, dime_text body,
                    struct arena *arena)
{
    dime_text parameters, boundary;
    reader->arena = arena;
    reader->parts = 0;
    reader->fault = MULTIPART_FINE;
    reader->message[0] = '\0';
    reader->rest = (dime_text){0};
    (void)header_word(content_type, &parameters);
    if (!find_parameter(parameters, TEXT("boundary"), &boundary) || !boundary.length) {
        multipart_fail(reader, "the Content-Type names no boundary; let your client write it");
        return;
    }
    if (!is_boundary(boundary)) {
        multipart_fail(
            reader,
            "the Content-Type's boundary can't be one; choose at most %d letters and digits",
            MULTIPART_BOUNDARY_MAX);
        return;
    }
    memcpy(reader->delimiter, "\r\n--", 4);
    memcpy(reader->delimiter + 4, boundary.data, boundary.length);
    reader->delimiter_length = 4 + boundary.length;
    (void)cut_first(reader, body);
}

/* Decodes one character of a quoted text, and returns how many bytes it had. */
static char unescape_one(dime_text text, size_t *length)
{
    *length = 1;
    if (text_starts(text, TEXT("%22"))) {
        *length = 3;
        return '"';
    }
    if (is_escape(text)) {
        *length = 2;
        return text.data[1];
    }
    return *text.data;
}

/* Decodes a name in place of *NAME. */
static bool decode_name(struct multipart_reader *reader, dime_text *name)
{
    dime_text raw = *name;
    size_t step = 0, length = 0;
    if (raw.length && (memchr(raw.data, '\\', raw.length) || memchr(raw.data, '%', raw.length))) {
        char *out = arena_alloc(reader->arena, raw.length);
        if (!out)
            return multipart_no_memory(reader);
        for (; raw.length; raw = text_skip(raw, step))
            out[length++] = unescape_one(raw, &step);
        *name = (dime_text){out, length};
    }
    for (size_t i = 0; i < name->length; i++) {
        if ((unsigned char)name->data[i] < ' ' || name->data[i] == 0x7F)
            return multipart_fail(reader, "a name in it holds a control character");
    }
    return true;
}

/* RFC 7578, section 4.2: only the last part of a path counts. */
static dime_text without_folders(dime_text path)
{
    for (size_t i = path.length; i; i--) {
        if (path.data[i - 1] == '/' || path.data[i - 1] == '\\')
            return text_skip(path, i);
    }
    return path;
}

static bool take_disposition(struct multipart_reader *reader, struct multipart_part *part,
                             dime_text value)
{
    dime_text parameters, word = header_word(value, &parameters);
    if (part->name.data)
        return multipart_fail(reader, "it has more than one Content-Disposition");
    if (!text_equal_nocase(word, TEXT("form-data")) ||
        !find_parameter(parameters, TEXT("name"), &part->name) || !part->name.data ||
        !find_parameter(parameters, TEXT("filename"), &part->file_name))
        return multipart_fail(
            reader, "its Content-Disposition can't be read; it is form-data; name=\"...\"");
    if (!decode_name(reader, &part->name) || !decode_name(reader, &part->file_name))
        return false;
    if (part->file_name.data)
        part->file_name =
            text_is_utf8(part->file_name) ? without_folders(part->file_name) : TEXT("");
    return true;
}

static bool take_type(struct multipart_reader *reader, struct multipart_part *part, dime_text value)
{
    if (part->content_type.data)
        return multipart_fail(reader, "it has more than one Content-Type");
    part->content_type = value;
    if (text_starts_nocase(value, TEXT("multipart/")))
        return multipart_fail(reader, "it holds parts itself; send each of them by itself");
    return true;
}

static bool take_encoding(struct multipart_reader *reader, dime_text value)
{
    if (text_equal_nocase(value, TEXT("binary")) || text_equal_nocase(value, TEXT("8bit")) ||
        text_equal_nocase(value, TEXT("7bit")))
        return true;
    return multipart_fail(reader, "send it as it is, without a Content-Transfer-Encoding");
}

static bool take_part_header(struct multipart_reader *reader, struct multipart_part *part,
                             dime_text line)
{
    dime_text name, value = line;
    if (!text_cut(&value, ':', &name) || !value.data || !name.length || name.data[0] == ' ' ||
        name.data[0] == '\t' || memchr(line.data, '\0', line.length))
        return multipart_fail(reader, "its headers can't be read");
    value = text_trim(value);
    if (text_equal_nocase(name, TEXT("Content-Disposition")))
        return take_disposition(reader, part, value);
    if (text_equal_nocase(name, TEXT("Content-Type")))
        return take_type(reader, part, value);
    if (text_equal_nocase(name, TEXT("Content-Transfer-Encoding")))
        return take_encoding(reader, value);
    return true;
}

/* Reads the headers at the beginning of a part's bytes, and leaves what follows them. */
static bool take_part_headers(struct multipart_reader *reader, struct multipart_part *part)
{
    dime_text all = part->body;
    for (;;) {
        dime_text rest = part->body;
        size_t used = all.length - rest.length;
        size_t most = MULTIPART_HEADERS_MAX - used;
        const char *end = memmem(rest.data, rest.length < most ? rest.length : most, "\r\n", 2);
        if (!end)
            return multipart_fail(reader, rest.length < most ? "its headers have no end"
                                                             : "its headers are longer than 4 kB");
        dime_text line = {rest.data, (size_t)(end - rest.data)};
        part->body = text_skip(rest, line.length + 2);
        if (!line.length)
            return true;
        if (!take_part_header(reader, part, line))
            return false;
    }
}

bool multipart_next(struct multipart_reader *reader, struct multipart_part *part)
{
    if (reader->fault != MULTIPART_FINE || !reader->rest.data)
        return false;
    *part = (struct multipart_part){0};
    if (reader->parts == MULTIPART_PARTS_MAX)
        return multipart_fail(reader, "there are more than 64 parts");
    reader->parts++;
    if (!cut(reader, &part->body))
        return multipart_fail(reader, "it has no end; send all of it again");
    if (!take_part_headers(reader, part))
        return false;
    return part->name.data || multipart_fail(reader, "it has no Content-Disposition");
}
