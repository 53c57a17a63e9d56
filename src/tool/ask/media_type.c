/*
 * media_type.c - knows the extensions of file names, and writes names into headers.
 *
 * RFC 6266 has names that aren't plain ASCII encoded by RFC 8187. Bytes that aren't UTF-8 become
 * U+FFFD: a header is text, and the file is opened by its original name.
 */
#include "tool/ask/media_type.h"

static const struct {
    dime_text ending, type;
} TYPES[] = {
    {{".jpg", 4}, {"image/jpeg", 10}},      {{".jpeg", 5}, {"image/jpeg", 10}},
    {{".png", 4}, {"image/png", 9}},        {{".gif", 4}, {"image/gif", 9}},
    {{".webp", 5}, {"image/webp", 10}},     {{".svg", 4}, {"image/svg+xml", 13}},
    {{".pdf", 4}, {"application/pdf", 15}}, {{".json", 5}, {"application/json", 16}},
    {{".xml", 4}, {"application/xml", 15}}, {{".csv", 4}, {"text/csv", 8}},
    {{".html", 5}, {"text/html", 9}},       {{".txt", 4}, {"text/plain", 10}},
};

dime_text media_type_of(const char *name)
{
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
        if (text_ends_nocase(text_of(name), TYPES[i].ending))
            return TYPES[i].type;
    }
    return TEXT("application/octet-stream");
}

/* Whether a name can be put between double quotes as it is. */
static bool is_plain_file_name(dime_text name)
{
    for (size_t i = 0; i < name.length; i++) {
        char c = name.data[i];
        if (c < ' ' || c > '~' || c == '"' || c == '\\' || c == '%')
            return false;
    }
    return true;
}

void media_put_file_name(struct buffer *out, const char *name)
{
    dime_text rest = text_of(name);
    bool plain = is_plain_file_name(rest);
    buffer_puts(out, plain ? "; filename=\"" : "; filename*=UTF-8''");
    if (plain)
        buffer_put(out, rest);
    while (!plain && rest.length) {
        size_t length = text_utf8_length(rest);
        buffer_percent(out, length ? (dime_text){rest.data, length} : TEXT("\xEF\xBF\xBD"));
        rest = text_skip(rest, length ? length : 1);
    }
    buffer_puts(out, plain ? "\"" : "");
}
