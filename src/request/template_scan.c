/*
 * template_scan.c - reads a template's lines and tags.
 *
 * A line that holds only blanks and tags without output is left out of the page, including its
 * line end. So a line with a tag is examined before it is read. Text without tags is returned in
 * one piece, however many lines it has.
 */
#include "request/template_scan.h"

#include <string.h>

/* A tag as it is written. */
struct template_tag {
    char sign; /* one of #^/>{&=!, or a NUL for a variable */
    dime_text inside;
    const char *behind;
    const char *mistake; /* NULL if it is valid */
};

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static const char *skip_blank(const char *at, const char *end)
{
    while (at < end && is_blank(*at))
        at++;
    return at;
}

/* Whether a tag that begins with this byte isn't a variable. */
static bool is_sign(char c)
{
    switch (c) {
    case '#':
    case '^':
    case '/':
    case '>':
    case '{':
    case '&':
    case '=':
    case '!':
        return true;
    default:
        return false;
    }
}

/* The position of TEXT from AT on, or END. Searches its rare first byte, faster than memmem. */
static const char *find_delimiter(const char *at, const char *end, dime_text text)
{
    for (; (at = memchr(at, text.data[0], (size_t)(end - at))); at++)
        if (text_starts((dime_text){at, (size_t)(end - at)}, text))
            return at;
    return end;
}

/* The position of a tag's closing delimiter. For {{{ }}} a brace comes before it. */
static const char *find_close(const struct template_scan *scan, const char *inside, char sign)
{
    const char *at = find_delimiter(inside, scan->end, scan->close);
    while (sign == '{' && at < scan->end && (at == inside || at[-1] != '}'))
        at = find_delimiter(at + 1, scan->end, scan->close);
    return at;
}

/* New delimiters end with an equals sign. They may contain the old closing delimiter. */
static const char *find_equals(const struct template_scan *scan, const char *inside)
{
    const char *equals = memchr(inside, '=', (size_t)(scan->end - inside));
    return equals ? equals : scan->end;
}

/* Reads the tag whose delimiter is at AT. */
static void read_tag(const struct template_scan *scan, const char *at, struct template_tag *tag)
{
    const char *inside = skip_blank(at + scan->open.length, scan->end);
    *tag = (struct template_tag){0};
    if (inside < scan->end && is_sign(*inside))
        tag->sign = *inside++;
    inside = skip_blank(inside, scan->end);
    const char *close;
    const char *stop;
    if (tag->sign == '=') {
        stop = find_equals(scan, inside);
        close = stop < scan->end ? skip_blank(stop + 1, scan->end) : stop;
        if (!text_starts((dime_text){close, (size_t)(scan->end - close)}, scan->close))
            close = scan->end;
    } else {
        close = find_close(scan, inside, tag->sign);
        stop = tag->sign == '{' && close < scan->end ? close - 1 : close;
    }
    if (close == scan->end) {
        const char *newline = memchr(at, '\n', (size_t)(scan->end - at));
        tag->behind = newline ? newline : scan->end;
        tag->mistake = "isn't closed";
        return;
    }
    while (stop > inside && is_blank(stop[-1]))
        stop--;
    tag->inside = (dime_text){inside, (size_t)(stop - inside)};
    tag->behind = close + scan->close.length;
}

/* Sets the two delimiters in a tag, which are separated by blanks. */
static bool set_delimiters(struct template_scan *scan, dime_text inside)
{
    const char *end = inside.data + inside.length;
    const char *middle = inside.data;
    while (middle < end && !is_blank(*middle))
        middle++;
    const char *second = skip_blank(middle, end);
    scan->open = (dime_text){inside.data, (size_t)(middle - inside.data)};
    scan->close = (dime_text){second, (size_t)(end - second)};
    for (const char *at = second; at < end; at++)
        if (is_blank(*at))
            return false;
    return scan->close.length > 0;
}

/* Whether the line at AT is left out: it has only tags without output, and blanks. */
static bool line_is_bare(const struct template_scan *scan)
{
    struct template_scan ahead = *scan;
    struct template_tag tag;
    for (bool tagged = false;; tagged = true) {
        while (ahead.at < ahead.end && *ahead.at != '\n' && is_blank(*ahead.at))
            ahead.at++;
        if (ahead.at == ahead.end || *ahead.at == '\n')
            return tagged;
        dime_text rest = {ahead.at, (size_t)(ahead.end - ahead.at)};
        if (!text_starts(rest, ahead.open))
            return false;
        read_tag(&ahead, ahead.at, &tag);
        if (tag.mistake || !tag.sign || tag.sign == '{' || tag.sign == '&' ||
            (tag.sign == '=' && !set_delimiters(&ahead, tag.inside)))
            return false;
        ahead.at = tag.behind;
    }
}

/*
 * What is wrong with a name, or NULL. The name of a value may have parts with dots between them. A
 * name can't begin with a sign: a tag of another dialect would be ignored silently.
 */
static const char *fault_of_name(dime_text name, bool has_parts)
{
    bool part = false; /* the part since the last dot isn't empty */
    bool whole = true;
    if (name.length == 0)
        return "has no name";
    for (size_t i = 0; i < name.length; i++) {
        if (is_blank(name.data[i]))
            return "has a blank in its name";
        whole = whole && (part || name.data[i] != '.');
        part = name.data[i] != '.';
    }
    char first = name.data[0];
    if (!text_alphanumeric(first) && (unsigned char)first < 0x80 &&
        !memchr("_-.@", first, sizeof "_-.@" - 1))
        return "is of an unknown kind";
    if (has_parts && (!whole || !part) && name.length > 1)
        return "has a dot at an end of its name, or two in a row";
    return NULL;
}

static enum template_kind kind_of_sign(char sign)
{
    switch (sign) {
    case '#':
        return TEMPLATE_SECTION;
    case '^':
        return TEMPLATE_INVERTED;
    case '/':
        return TEMPLATE_CLOSE;
    case '>':
        return TEMPLATE_PARTIAL;
    case '{':
    case '&':
        return TEMPLATE_RAW;
    default:
        return TEMPLATE_VARIABLE;
    }
}

void template_scan_open(struct template_scan *scan, dime_text source, dime_text name,
                        const struct template_indent *indent)
{
    const char *begin = source.length ? source.data : "";
    *scan = (struct template_scan){
        .name = name,
        .begin = begin,
        .at = begin,
        .end = begin + source.length,
        .open = TEXT("{{"),
        .close = TEXT("}}"),
        .fresh = true,
        .indent = indent,
    };
}

/* Examines the line that begins. Returns whether its indentation must be written. */
static bool begin_line(struct template_scan *scan)
{
    scan->fresh = false;
    scan->first = true;
    scan->line = scan->at;
    scan->bare = line_is_bare(scan);
    return scan->indent && !scan->bare && *scan->at != '\n';
}

/* Reads text up to the next tag. Lines are read together unless each must be examined. */
static void read_plain(struct template_scan *scan, const char *newline,
                       struct template_piece *piece)
{
    const char *stop = newline ? newline + 1 : scan->tag;
    piece->text = (dime_text){scan->at, (size_t)(stop - scan->at)};
    piece->kind = TEMPLATE_TEXT;
    scan->at = stop;
    scan->fresh = newline != NULL;
}

/* Reads the next tag. False: it matters only to the scan. */
static bool next_tag(struct template_scan *scan, struct template_piece *piece)
{
    struct template_tag tag;
    read_tag(scan, scan->at, &tag);
    bool first = scan->first;
    piece->kind = kind_of_sign(tag.sign);
    piece->text = tag.inside;
    piece->tag = (dime_text){scan->at, (size_t)(tag.behind - scan->at)};
    piece->mistake = tag.mistake;
    scan->first = false;
    scan->at = tag.behind;
    if (!piece->mistake && tag.sign == '!')
        return false;
    if (!piece->mistake && tag.sign == '=') {
        if (set_delimiters(scan, tag.inside))
            return false;
        piece->mistake = "doesn't name two delimiters";
    }
    if (!piece->mistake && piece->kind != TEMPLATE_CLOSE)
        piece->mistake = fault_of_name(tag.inside, piece->kind != TEMPLATE_PARTIAL);
    if (piece->mistake)
        piece->kind = TEMPLATE_MISTAKE;
    piece->alone = scan->bare && first;
    piece->blanks = (dime_text){scan->line, (size_t)(piece->tag.data - scan->line)};
    return true;
}

void template_next(struct template_scan *scan, struct template_piece *piece)
{
    while (scan->at < scan->end) {
        if (!scan->tag || scan->tag < scan->at)
            scan->tag = find_delimiter(scan->at, scan->end, scan->open);
        size_t length = (size_t)(scan->tag - scan->at);
        /* Only bare and indented lines are read one by one. */
        bool by_line = scan->indent || (!scan->fresh && scan->bare);
        const char *newline =
            by_line ? memchr(scan->at, '\n', length) : memrchr(scan->at, '\n', length);
        if (scan->fresh && (by_line || !newline)) {
            if (begin_line(scan)) {
                piece->kind = TEMPLATE_INDENT;
                return;
            }
            by_line = by_line || scan->bare;
        }
        if (length == 0) {
            if (next_tag(scan, piece))
                return;
            continue;
        }
        read_plain(scan, newline, piece);
        if (!scan->bare || !by_line)
            return;
    }
    piece->kind = TEMPLATE_END;
}
