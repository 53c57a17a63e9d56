/*
 * text.c - comparing, cutting and reading texts.
 *
 * Letters are compared as ASCII, because the RFCs define header names, media types and parameters
 * as ASCII. So the locale doesn't matter.
 */
#include "base/text.h"

bool text_equal(dime_text a, dime_text b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

bool text_is_one_of(dime_text text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (text_equal(text, text_of(list[i])))
            return true;
    }
    return false;
}

bool text_is_token(dime_text text)
{
    static const char MARKS[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < text.length; i++) {
        if (!text_alphanumeric(text.data[i]) && !memchr(MARKS, text.data[i], sizeof MARKS - 1))
            return false;
    }
    return text.length;
}

bool text_has_controls(dime_text text)
{
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if ((c < ' ' && c != '\t') || c == 0x7F)
            return true;
    }
    return false;
}

bool text_equal_nocase(dime_text a, dime_text b)
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

bool text_starts(dime_text text, dime_text prefix)
{
    return text.length >= prefix.length &&
           text_equal((dime_text){text.data, prefix.length}, prefix);
}

bool text_starts_nocase(dime_text text, dime_text prefix)
{
    return text.length >= prefix.length &&
           text_equal_nocase((dime_text){text.data, prefix.length}, prefix);
}

bool text_ends_nocase(dime_text text, dime_text suffix)
{
    if (text.length < suffix.length)
        return false;
    dime_text end = {text.data + text.length - suffix.length, suffix.length};
    return text_equal_nocase(end, suffix);
}

dime_text text_media_type(dime_text content_type)
{
    dime_text type = {0};
    text_cut(&content_type, ';', &type);
    return text_trim(type);
}

dime_text text_trim(dime_text text)
{
    while (text.length && text_blank(text.data[0]))
        text = text_skip(text, 1);
    while (text.length && text_blank(text.data[text.length - 1]))
        text.length--;
    return text;
}

/* All but two of them have three bytes. */
static const char UNSEEN[][4] = {
    "\u00AD", /* soft hyphen */
    "\u061C", /* Arabic letter mark */
    "\u180E", /* Mongolian vowel separator */
    "\u200B", /* zero width space */
    "\u200C", /* zero width non-joiner */
    "\u200D", /* zero width joiner */
    "\u200E", /* left-to-right mark */
    "\u200F", /* right-to-left mark */
    "\u202A", /* left-to-right embedding */
    "\u202B", /* right-to-left embedding */
    "\u202C", /* pop directional formatting */
    "\u202D", /* left-to-right override */
    "\u2060", /* word joiner */
    "\u2066", /* left-to-right isolate */
    "\u2067", /* right-to-left isolate */
    "\u2068", /* first strong isolate */
    "\u2069", /* pop directional isolate */
    "\uFE0E", /* shown as text */
    "\uFE0F", /* shown as a picture */
    "\uFEFF", /* byte order mark */
};

size_t text_unseen_length(dime_text text)
{
    if (!text.length || (unsigned char)text.data[0] < 0x80)
        return 0; /* the usual case */
    for (size_t i = 0; i < sizeof UNSEEN / sizeof *UNSEEN; i++) {
        if (text_starts(text, text_of(UNSEEN[i])))
            return strlen(UNSEEN[i]);
    }
    return 0;
}

/* The length of the blank or invisible character that TEXT begins with, or 0. */
static size_t empty_length(dime_text text)
{
    if (text.length && text_blank(text.data[0]))
        return 1;
    return text_starts(text, TEXT("\u00A0")) ? 2 : text_unseen_length(text);
}

/* The same for the end of TEXT. */
static size_t empty_end(dime_text text)
{
    for (size_t length = 1; length <= 3 && length <= text.length; length++) {
        dime_text end = {text.data + text.length - length, length};
        if (empty_length(end) == length)
            return length;
    }
    return 0;
}

dime_text text_bare(dime_text text)
{
    size_t length;
    while ((length = empty_length(text)) > 0)
        text = text_skip(text, length);
    while ((length = empty_end(text)) > 0)
        text.length -= length;
    return text;
}

/* Both begin with a byte order mark, or with ASCII characters padded with zero bytes. */
bool text_is_wide(dime_text text)
{
    const char *at = text.data;
    return text_starts(text, TEXT("\xFF\xFE")) || text_starts(text, TEXT("\xFE\xFF")) ||
           text_starts(text, TEXT("\0\0\xFE\xFF")) ||
           (text.length > 3 && ((!at[0] && !at[2]) || (!at[1] && !at[3])));
}

bool text_cut(dime_text *rest, char separator, dime_text *part)
{
    if (!rest->data)
        return false;
    const char *end = rest->length ? memchr(rest->data, separator, rest->length) : NULL;
    if (!end) {
        *part = *rest;
        *rest = (dime_text){0};
        return true;
    }
    size_t length = (size_t)(end - rest->data);
    *part = (dime_text){rest->data, length};
    *rest = (dime_text){end + 1, rest->length - length - 1};
    return true;
}

bool text_to_int64(dime_text text, int64_t *value)
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
    /* A negative sum, because int64 reaches one further there. */
    if (!negative && sum == INT64_MIN)
        return false;
    *value = negative ? sum : -sum;
    return true;
}

bool text_to_boolean(dime_text text, bool *value)
{
    static const char WORDS[][2][8] = {{"false", "true"}, {"off", "on"}, {"no", "yes"}, {"0", "1"}};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        *value = text_equal_nocase(text, text_of(WORDS[i][1]));
        if (*value || text_equal_nocase(text, text_of(WORDS[i][0])))
            return true;
    }
    return false;
}

/*
 * How many bytes follow a lead byte, and the range of the first of them (RFC 3629, section 4). The
 * narrowed ranges exclude overlong forms, surrogates and code points above U+10FFFF.
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

/* Sixteen bytes, which the compiler compares with vector instructions. */
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

size_t text_plain_length(dime_text text)
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

size_t text_utf8_length(dime_text text)
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

size_t text_characters(dime_text text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.length; i++)
        count += (text.data[i] & 0xC0) != 0x80;
    return count;
}

size_t text_kept_length(dime_text text, size_t most)
{
    if (text.length <= most)
        return text.length;
    while (most && (text.data[most] & 0xC0) == 0x80)
        most--;
    return most;
}

bool text_is_strange(dime_text text)
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

bool text_is_utf8(dime_text text)
{
    while (text.length) {
        size_t length = text_utf8_length(text);
        if (!length)
            return false;
        text = text_skip(text, length);
    }
    return true;
}
