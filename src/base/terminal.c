/*
 * terminal.c - escapes control characters in UTF-8 that may be cut anywhere or be invalid.
 *
 * Bytes that aren't UTF-8 are escaped too: a terminal with another encoding reads 0x9B as ESC [.
 * A CR stays if a newline follows. Alone it would let text overwrite the line.
 */
#include "base/terminal.h"

/* A piece, preceded by the bytes that were held back. */
struct joined {
    const struct terminal *terminal;
    dime_text piece;
};

static size_t length_of(const struct joined *joined)
{
    return joined->terminal->count + joined->piece.length;
}

/* Copies the character at AT, or as much of it as has arrived, to ROOM. */
static dime_text look(const struct joined *joined, size_t at, char room[TERMINAL_HELD])
{
    size_t held = joined->terminal->count, length = 0;
    for (; length < TERMINAL_HELD && at + length < length_of(joined); length++)
        room[length] = at + length < held ? joined->terminal->held[at + length]
                                          : joined->piece.data[at + length - held];
    return (dime_text){room, length};
}

/* The length in UTF-8 of a character that begins with this byte. */
static size_t wanted(char first)
{
    unsigned char byte = (unsigned char)first;
    if (first == '\r' || (byte >= 0xC2 && byte < 0xE0))
        return 2;
    return byte >= 0xE0 && byte < 0xF0 ? 3 : byte >= 0xF0 && byte < 0xF5 ? 4 : 1;
}

/* Whether more bytes could complete a character. */
static bool may_go_on(dime_text rest)
{
    if (rest.length >= wanted(rest.data[0]))
        return false;
    for (size_t i = 1; i < rest.length; i++) {
        if (((unsigned char)rest.data[i] & 0xC0) != 0x80)
            return false;
    }
    return true;
}

/* How many bytes may be printed as they are: the length of one character, or 0. */
static size_t harmless(dime_text rest)
{
    size_t length = text_utf8_length(rest);
    unsigned char first = (unsigned char)rest.data[0];
    if (length == 1 && (first < ' ' || first == 0x7F))
        return first == '\n' || first == '\t' ||
               (first == '\r' && rest.length > 1 && rest.data[1] == '\n');
    if (length == 2 && first == 0xC2 && (unsigned char)rest.data[1] < 0xA0)
        return 0;
    return length;
}

static void put_escape(char *room, char byte)
{
    static const char HEX[] = "0123456789abcdef";
    room[0] = '\\';
    room[1] = 'x';
    room[2] = HEX[(unsigned char)byte >> 4];
    room[3] = HEX[(unsigned char)byte & 15];
}

size_t terminal_show(struct terminal *terminal, dime_text piece, char *room)
{
    struct joined joined = {terminal, piece};
    struct terminal next = {.count = 0};
    size_t at = 0, used = 0;
    while (at < length_of(&joined)) {
        char bytes[TERMINAL_HELD];
        dime_text rest = look(&joined, at, bytes);
        if (piece.length && may_go_on(rest)) {
            memcpy(next.held, rest.data, rest.length);
            next.count = rest.length;
            break;
        }
        size_t length = harmless(rest);
        if (length) {
            memcpy(room + used, bytes, length);
            used += length;
            at += length;
        } else {
            put_escape(room + used, bytes[0]);
            used += TERMINAL_ESCAPE;
            at++;
        }
    }
    *terminal = next;
    return used;
}
