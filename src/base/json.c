/*
 * json.c - reads JSON that json_check has accepted.
 *
 * Nothing here looks for mistakes: every string has its closing quote, and brackets match. Skipping
 * a value means counting brackets outside of strings. A nested value is scanned again at each level
 * that is read, at most JSON_DEPTH_MAX times. That costs less than an index of all values.
 */
#include "base/json.h"

#include <string.h>

#include "base/json_check.h"

int32_t json_hex_unit(const char *at)
{
    int32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = text_hex_digit(at[i]);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

/* Reads a checked surrogate pair, or one unit, after \u. */
static int32_t unicode_escape(const char **at)
{
    int32_t unit = json_hex_unit(*at);
    *at += 4;
    if (unit < 0xD800 || unit > 0xDBFF)
        return unit;
    int32_t low = json_hex_unit(*at + 2);
    *at += 6;
    return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
}

static int32_t escaped_character(const char **at)
{
    char letter = *(*at)++;
    switch (letter) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'u':
        return unicode_escape(at);
    default:
        return letter; /* a quote, a backslash or a slash stands for itself */
    }
}

/*
 * Decodes one character of a checked string and moves *AT past it. Returns its code point, or -1 at
 * the closing quote, where *AT stays.
 */
static int32_t read_character(const char **at)
{
    unsigned char first = (unsigned char)**at;
    if (first == '"')
        return -1;
    (*at)++;
    if (first == '\\')
        return escaped_character(at);
    if (first < 0x80)
        return first;
    int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
    int32_t point = first & (0x3F >> more);
    while (more-- > 0)
        point = point << 6 | (*(*at)++ & 0x3F);
    return point;
}

enum json_kind json_kind_of(char first)
{
    switch (first) {
    case '{':
        return JSON_OBJECT;
    case '[':
        return JSON_ARRAY;
    case '"':
        return JSON_STRING;
    case 'n':
        return JSON_NULL;
    case 't':
    case 'f':
        return JSON_BOOLEAN;
    default:
        return JSON_NUMBER;
    }
}

/* The position after the string whose opening quote is at AT. */
static const char *json_skip_string(const char *at, const char *end)
{
    const char *begin = at;
    for (;;) {
        at = memchr(at + 1, '"', (size_t)(end - at - 1));
        if (!at)
            return end; /* can't happen in checked text */
        size_t backslashes = 0;
        while (at - backslashes - 1 > begin && at[-1 - (ptrdiff_t)backslashes] == '\\')
            backslashes++;
        if (backslashes % 2 == 0)
            return at + 1;
    }
}

/* The position after the array or object whose opening bracket is at AT. */
static const char *json_skip_level(const char *at, const char *end)
{
    size_t depth = 0;
    while (at < end) {
        switch (*at) {
        case '"':
            at = json_skip_string(at, end);
            continue;
        case '{':
        case '[':
            depth++;
            break;
        case '}':
        case ']':
            if (--depth == 0)
                return at + 1;
            break;
        default:
            break;
        }
        at++;
    }
    return at;
}

/* The position after the number, true, false or null at AT. */
static const char *json_skip_word(const char *at, const char *end)
{
    while (at < end && *at != ',' && *at != ']' && *at != '}' && (unsigned char)*at > ' ')
        at++;
    return at;
}

static const char *json_skip_space(const char *at, const char *end)
{
    while (at < end && (unsigned char)*at <= ' ')
        at++;
    return at;
}

/* Reads the value at *AT and moves *AT past it. */
static struct json_value take_value(const char **at, const char *end)
{
    const char *first = *at;
    enum json_kind kind = json_kind_of(*first);
    if (kind == JSON_STRING)
        *at = json_skip_string(first, end);
    else if (kind == JSON_ARRAY || kind == JSON_OBJECT)
        *at = json_skip_level(first, end);
    else
        *at = json_skip_word(first, end);
    return (struct json_value){kind, {first, (size_t)(*at - first)}};
}

struct json_cursor json_members(struct json_value value, struct arena *arena)
{
    struct json_cursor cursor = {.arena = arena, .object = value.kind == JSON_OBJECT};
    if (value.kind == JSON_OBJECT || value.kind == JSON_ARRAY) {
        cursor.end = value.raw.data + value.raw.length - 1; /* the closing bracket */
        cursor.at = json_skip_space(value.raw.data + 1, cursor.end);
    }
    return cursor;
}

bool json_next_quoted(struct json_cursor *cursor, struct json_value *name, struct json_value *value)
{
    const char *at = cursor->at;
    const char *end = cursor->end;
    if (at == end) {
        cursor->at = cursor->end = NULL;
        return false;
    }
    if (cursor->object) {
        *name = take_value(&at, end);
        at = json_skip_space(at, end) + 1; /* the colon */
        at = json_skip_space(at, end);
    }
    *value = take_value(&at, end);
    at = json_skip_space(at, end);
    cursor->at = at < end ? json_skip_space(at + 1, end) : end; /* the comma */
    return true;
}

size_t json_count(struct json_value value)
{
    struct json_cursor cursor = json_members(value, NULL);
    struct json_value name, member;
    size_t count = 0;
    while (cursor.at && json_next_quoted(&cursor, &name, &member))
        count++;
    return count;
}

bool json_next(struct json_cursor *cursor, struct json_member *member)
{
    struct json_value name;
    if (!json_next_quoted(cursor, &name, &member->value))
        return false;
    member->name = TEXT("");
    if (!cursor->object || json_string(name, cursor->arena, &member->name))
        return true;
    cursor->failed = true;
    cursor->at = cursor->end = NULL;
    return false;
}

/* Writes a code point in UTF-8 and returns its length. */
static size_t put_utf8(char *out, int32_t point)
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    size_t length = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (point & 0x3F));
        point >>= 6;
    }
    out[0] = (char)(0xF00 >> length | point); /* 110xxxxx, 1110xxxx, 11110xxx */
    return length;
}

bool json_reads_as(struct json_value string, dime_text text)
{
    const char *at = string.raw.data + 1;
    dime_text inside = {at, string.raw.length - 2};
    if (!memchr(at, '\\', inside.length))
        return text_equal(inside, text);
    char bytes[4];
    for (int32_t point; (point = read_character(&at)) >= 0;) {
        size_t length = put_utf8(bytes, point);
        if (text.length < length || memcmp(text.data, bytes, length) != 0)
            return false;
        text = text_skip(text, length);
    }
    return text.length == 0;
}

bool json_find(struct json_value object, dime_text name, struct json_value *found)
{
    struct json_cursor cursor = json_members(object, NULL);
    struct json_value quoted;
    while (cursor.object && json_next_quoted(&cursor, &quoted, found))
        if (json_reads_as(quoted, name))
            return true;
    return false;
}

/* Decodes a string with escapes. No escape is shorter than its character. */
static size_t decode_string(char *out, const char *at, const char *end)
{
    char *begin = out;
    while (at < end) {
        const char *escape = memchr(at, '\\', (size_t)(end - at));
        size_t plain = (size_t)((escape ? escape : end) - at);
        memcpy(out, at, plain);
        out += plain;
        at += plain;
        if (escape)
            out += put_utf8(out, read_character(&at));
    }
    return (size_t)(out - begin);
}

bool json_string(struct json_value value, struct arena *arena, dime_text *string)
{
    if (value.kind != JSON_STRING)
        return false;
    dime_text inside = {value.raw.data + 1, value.raw.length - 2};
    *string = inside;
    if (!memchr(inside.data, '\\', inside.length))
        return true;
    char *out = arena_alloc(arena, inside.length);
    if (!out)
        return false;
    *string = (dime_text){out, decode_string(out, inside.data, inside.data + inside.length)};
    return true;
}

struct json_value json_at(struct json_value value, const char *path)
{
    dime_text rest = text_of(path), name;
    while (text_cut(&rest, '.', &name)) {
        if (value.kind != JSON_OBJECT || !json_find(value, name, &value))
            return (struct json_value){0};
    }
    return value;
}

dime_text json_text_at(struct json_value value, const char *path, struct arena *arena)
{
    dime_text text;
    return json_string(json_at(value, path), arena, &text) ? text : TEXT("");
}

/* A number's exponent, or 0 if it has none. The result for one above LARGE is LARGE or more. */
static int64_t exponent_of(dime_text exponent)
{
    const int64_t LARGE = (int64_t)1 << 40;
    bool negative = text_starts(exponent, TEXT("-"));
    int64_t sum = 0;
    for (size_t i = 0; i < exponent.length && sum < LARGE; i++) {
        if (exponent.data[i] != '-' && exponent.data[i] != '+')
            sum = sum * 10 + (exponent.data[i] - '0');
    }
    return negative ? -sum : sum;
}

/* Subtracts DIGIT * 10^POWER from *SUM. False if that isn't whole or overflows an int64. */
static bool take_digit(int64_t *sum, int digit, int64_t power)
{
    int64_t part = digit;
    if (!digit)
        return true;
    if (power < 0 || power > 18)
        return false;
    while (power--)
        if (__builtin_mul_overflow(part, 10, &part))
            return false;
    return !__builtin_sub_overflow(*sum, part, sum);
}

/* The length of TEXT before the first of two characters. */
static size_t length_before(dime_text text, char one, char other)
{
    size_t length = 0;
    while (length < text.length && text.data[length] != one && text.data[length] != other)
        length++;
    return length;
}

/* Each digit has a power of ten, shifted by the point, the exponent and PLACES. */
static bool whole_of(dime_text number, int places, int64_t *integer)
{
    bool negative = text_starts(number, TEXT("-"));
    dime_text digits = text_skip(number, negative);
    size_t length = length_before(digits, 'e', 'E');
    int64_t power = exponent_of(text_skip(digits, length < digits.length ? length + 1 : length));
    int64_t sum = 0; /* a negative sum, because int64 reaches one further there */
    digits.length = length;
    power += (int64_t)length_before(digits, '.', '.') + places;
    for (size_t i = 0; i < digits.length; i++) {
        if (digits.data[i] != '.' && !take_digit(&sum, digits.data[i] - '0', --power))
            return false;
    }
    if (!negative && sum == INT64_MIN)
        return false;
    *integer = negative ? sum : -sum;
    return true;
}

bool json_integer(struct json_value value, int64_t *integer)
{
    return value.kind == JSON_NUMBER &&
           (text_to_int64(value.raw, integer) || whole_of(value.raw, 0, integer));
}

bool json_decimal(dime_text number, int places, int64_t *value)
{
    return whole_of(number, places, value);
}

bool json_true(struct json_value value)
{
    return value.kind == JSON_BOOLEAN && value.raw.data[0] == 't';
}
