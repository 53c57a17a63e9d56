/*
 * base64.c - encodes three bytes as four digits, and decodes them.
 *
 * The table of digit values is a constant, so that decoding is one lookup per digit and a program
 * that decodes nothing prepares nothing. Encoding goes through a small local array, because each
 * write to a buffer checks its limit.
 */
#include "base/base64.h"

#include <stdint.h>

static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum { NOT_A_DIGIT = 64, ENCODED_ROOM = 1024 };

/* clang-format off */
static const uint8_t VALUES[128] = { /* of the 128 bytes of ASCII */
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 62, 64, 64, 64, 63,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 64, 64, 64, 64, 64, 64,
    64,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 64, 64, 64, 64, 64,
    64, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 64, 64, 64, 64, 64,
};
/* clang-format on */

/* The value of four digits. It has more than 24 bits if one of them isn't a digit. */
static uint32_t four_digits(const char *at)
{
    uint32_t number = 0, wrong = 0;
    for (int i = 0; i < 4; i++) {
        unsigned char c = (unsigned char)at[i];
        uint32_t value = c < sizeof VALUES ? VALUES[c] : NOT_A_DIGIT;
        wrong |= value & NOT_A_DIGIT;
        number = number << 6 | (value & 63);
    }
    return wrong ? UINT32_MAX : number;
}

/* Decodes the last four digits, of which one or two may be padding. Returns 0 if they are wrong. */
static size_t decode_last(const char *at, char *out)
{
    size_t padding = at[3] != '=' ? 0 : at[2] != '=' ? 1 : 2;
    char whole[4] = {at[0], at[1], padding == 2 ? 'A' : at[2], padding ? 'A' : at[3]};
    uint32_t number = four_digits(whole);
    /* Unused bits must be zero. Otherwise two texts would mean the same bytes. */
    if (number == UINT32_MAX || number & ((1u << 8 * padding) - 1))
        return 0;
    for (size_t i = 0; i < 3 - padding; i++)
        out[i] = (char)(number >> (16 - 8 * i) & 0xFF);
    return 3 - padding;
}

/* Writes the three bytes of a number. */
static char *put_three(char *out, uint32_t number)
{
    *out++ = (char)(number >> 16);
    *out++ = (char)(number >> 8 & 0xFF);
    *out++ = (char)(number & 0xFF);
    return out;
}

bool base64_decode(dime_text text, struct arena *arena, dime_text *bytes)
{
    *bytes = TEXT("");
    if (text.length == 0 || text.length % 4)
        return text.length == 0;
    char *room = arena_alloc(arena, text.length / 4 * 3), *out = room;
    const char *last = text.data + text.length - 4;
    if (!room)
        return false;
    for (const char *at = text.data; at < last; at += 4) {
        uint32_t number = four_digits(at);
        if (number == UINT32_MAX)
            return false;
        out = put_three(out, number);
    }
    size_t more = decode_last(last, out);
    *bytes = (dime_text){room, (size_t)(out - room) + more};
    return more;
}

/* Collects the next four digits of *REST in FOUR. Returns how many came before the end or an =. */
static size_t gather_digits(dime_text *rest, char four[4])
{
    size_t count = 0;
    while (rest->length && *rest->data != '=' && count < 4) {
        char c = *rest->data;
        *rest = text_skip(*rest, 1);
        if (!text_blank(c))
            four[count++] = c == '-' ? '+' : c == '_' ? '/' : c;
    }
    return count;
}

/* Whether the text after the last COUNT digits is the right padding, or empty. */
static bool is_padding(dime_text rest, size_t count)
{
    size_t padding = 0;
    for (size_t i = 0; i < rest.length; i++) {
        if (rest.data[i] != '=' && !text_blank(rest.data[i]))
            return false;
        padding += rest.data[i] == '=';
    }
    return !padding || (count && count + padding == 4);
}

bool base64_decode_sent(dime_text text, struct arena *arena, dime_text *bytes)
{
    char *room = arena_alloc(arena, text.length / 4 * 3 + 3), *out = room, four[4];
    size_t count = 0;
    *bytes = TEXT("");
    while (room && text.length) {
        uint32_t number = text.length >= 4 ? four_digits(text.data) : UINT32_MAX;
        if (number != UINT32_MAX) {
            text = text_skip(text, 4); /* the fast path for most of the text */
        } else {
            count = gather_digits(&text, four);
            if (count < 4)
                break;
            number = four_digits(four);
        }
        if (number == UINT32_MAX)
            return false;
        out = put_three(out, number);
        count = 0;
    }
    if (!room || !is_padding(text, count))
        return false;
    memset(four + count, '=', 4 - count);
    size_t more = count > 1 ? decode_last(four, out) : 0;
    *bytes = (dime_text){room, (size_t)(out - room) + more};
    return more || !count;
}

/* Encodes one to three bytes. */
static void encode(const unsigned char *bytes, size_t count, char *out)
{
    uint32_t number = (uint32_t)bytes[0] << 16;
    number |= count > 1 ? (uint32_t)bytes[1] << 8 : 0;
    number |= count > 2 ? bytes[2] : 0;
    for (size_t i = 0; i < 4; i++)
        out[i] = i <= count ? DIGITS[number >> (18 - 6 * i) & 63] : '=';
}

void buffer_base64(struct buffer *buffer, dime_text bytes)
{
    const unsigned char *at = (const unsigned char *)bytes.data;
    char room[ENCODED_ROOM];
    size_t length = 0;
    for (size_t left = bytes.length; left;) {
        size_t count = left < 3 ? left : 3;
        encode(at, count, room + length);
        length += 4;
        at += count;
        left -= count;
        if (length == sizeof room || !left) {
            buffer_put(buffer, (dime_text){room, length});
            length = 0;
        }
    }
}
