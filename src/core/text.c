/*
 * text.c - comparing, cutting and reading texts.
 *
 * All of it works on (pointer, length) and on ASCII where it looks at letters: names of headers,
 * media types and parameters are ASCII by their RFCs, so the locale has no say.
 */
#include "core/text.h"

bool text_equal(struct text a, struct text b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

bool text_equal_nocase(struct text a, struct text b)
{
    if (a.length != b.length)
        return false;
    if (text_equal(a, b))
        return true;
    for (size_t i = 0; i < a.length; i++) {
        if (text_lower(a.data[i]) != text_lower(b.data[i]))
            return false;
    }
    return true;
}

bool text_starts(struct text text, struct text prefix)
{
    return text.length >= prefix.length &&
           text_equal((struct text){text.data, prefix.length}, prefix);
}

bool text_ends_nocase(struct text text, struct text suffix)
{
    if (text.length < suffix.length)
        return false;
    struct text end = {text.data + text.length - suffix.length, suffix.length};
    return text_equal_nocase(end, suffix);
}

struct text text_media_type(struct text content_type)
{
    struct text type = {0};
    text_cut(&content_type, ';', &type);
    return text_trim(type);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct text text_trim(struct text text)
{
    while (text.length && is_space(text.data[0])) {
        text.data++;
        text.length--;
    }
    while (text.length && is_space(text.data[text.length - 1]))
        text.length--;
    return text;
}

bool text_cut(struct text *rest, char separator, struct text *part)
{
    if (!rest->data)
        return false;
    const char *end = rest->length ? memchr(rest->data, separator, rest->length) : NULL;
    if (!end) {
        *part = *rest;
        *rest = (struct text){0};
        return true;
    }
    size_t length = (size_t)(end - rest->data);
    *part = (struct text){rest->data, length};
    *rest = (struct text){end + 1, rest->length - length - 1};
    return true;
}

bool text_to_int64(struct text text, int64_t *value)
{
    bool negative = text.length && text.data[0] == '-';
    size_t i = negative ? 1 : 0;
    if (i == text.length)
        return false;
    int64_t sum = 0;
    for (; i < text.length; i++) {
        int digit = text.data[i] - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(sum, 10, &sum) ||
            __builtin_sub_overflow(sum, digit, &sum))
            return false;
    }
    /* Summed up below zero, where int64 reaches one further. */
    if (!negative && sum == INT64_MIN)
        return false;
    *value = negative ? sum : -sum;
    return true;
}

/*
 * How many bytes follow a lead byte, and what the first of them may be (RFC 3629, section 4): the
 * narrowed ranges leave out overlong forms, surrogates and what is above U+10FFFF.
 */
static size_t continuation(unsigned char lead, unsigned char *low, unsigned char *high)
{
    *low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    *high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF)
        return 1;
    if (lead >= 0xE0 && lead <= 0xEF)
        return 2;
    return lead >= 0xF0 && lead <= 0xF4 ? 3 : 0;
}

/* Sixteen bytes that the processor compares at once; the compiler knows how. */
typedef unsigned char lanes __attribute__((vector_size(16)));

static bool all_plain(const char *data)
{
    lanes bytes;
    uint64_t halves[2];
    memcpy(&bytes, data, sizeof bytes);
    lanes special = (lanes)((bytes < 0x20) | (bytes > 0x7F) | (bytes == '"') | (bytes == '\\'));
    memcpy(halves, &special, sizeof halves);
    return !(halves[0] | halves[1]);
}

size_t text_plain_length(struct text text)
{
    size_t length = 0;
    while (text.length - length >= sizeof(lanes) && all_plain(text.data + length))
        length += sizeof(lanes);
    while (length < text.length) {
        char c = text.data[length];
        if (c < 0x20 || (unsigned char)c > 0x7F || c == '"' || c == '\\')
            break;
        length++;
    }
    return length;
}

size_t text_utf8_length(struct text text)
{
    const unsigned char *byte = (const unsigned char *)text.data;
    if (!text.length)
        return 0;
    if (byte[0] < 0x80)
        return 1;
    unsigned char low, high;
    size_t more = continuation(byte[0], &low, &high);
    if (!more || more >= text.length || byte[1] < low || byte[1] > high)
        return 0;
    for (size_t i = 2; i <= more; i++) {
        if ((byte[i] & 0xC0) != 0x80)
            return 0;
    }
    return more + 1;
}

size_t text_characters(struct text text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.length; i++)
        count += (text.data[i] & 0xC0) != 0x80;
    return count;
}

bool text_is_strange(struct text text)
{
    const unsigned char *bytes = (const unsigned char *)text.data;
    switch (text_utf8_length(text)) {
    case 2:
        return bytes[0] == 0xc2 && bytes[1] <= 0x9f;
    case 3:
        return bytes[0] == 0xef && ((bytes[1] == 0xbf && bytes[2] >= 0xbe) ||
                                    (bytes[1] == 0xb7 && bytes[2] >= 0x90 && bytes[2] <= 0xaf));
    case 4:
        return (bytes[1] & 0xf) == 0xf && bytes[2] == 0xbf && bytes[3] >= 0xbe;
    default:
        return false;
    }
}

bool text_is_utf8(struct text text)
{
    while (text.length) {
        size_t length = text_utf8_length(text);
        if (!length)
            return false;
        text.data += length;
        text.length -= length;
    }
    return true;
}
