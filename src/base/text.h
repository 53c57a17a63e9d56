/*
 * text.h - a piece of text as (pointer, length).
 *
 * What arrives from outside may hold NUL bytes, is part of a larger buffer, or ends where memory
 * ends. So no parser here looks for a NUL: each takes a text, which says where it ends. A text owns
 * nothing; whoever hands it out says how long the bytes live.
 */
#ifndef DIME_BASE_TEXT_H
#define DIME_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dime/text.h"

/* A text of a string literal, whose length the compiler knows. */
#define TEXT(literal) ((dime_text){("" literal), sizeof(literal) - 1})

/* A text of a NUL-terminated string; an empty text of NULL. The bytes stay the caller's. */
static inline dime_text text_of(const char *string)
{
    return (dime_text){string ? string : "", string ? strlen(string) : 0};
}

/* What is behind the first COUNT bytes of TEXT, which has so many. None of an absent text is
 * absent. */
static inline dime_text text_skip(dime_text text, size_t count)
{
    /* Nothing may be added to a null pointer, not even 0. */
    return (dime_text){count ? text.data + count : text.data, text.length - count};
}

/* Whether both texts hold the same bytes. */
bool text_equal(dime_text a, dime_text b);

/* The same without regard to the case of ASCII letters, as header names and media types compare. */
bool text_equal_nocase(dime_text a, dime_text b);

/* Whether TEXT is one of the COUNT strings of LIST. */
bool text_is_one_of(dime_text text, const char *const *list, size_t count);

/* C in lower case if it is an ASCII letter. */
static inline char text_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
}

/* Whether C is a space, a tab or a part of a line's end. */
static inline bool text_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Whether C is an ASCII digit. */
static inline bool text_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Whether C is an ASCII letter or digit. */
static inline bool text_alphanumeric(char c)
{
    char letter = text_lower(c);
    return (letter >= 'a' && letter <= 'z') || text_digit(c);
}

/* The value of a hexadecimal digit, in either case, or -1. */
static inline int text_hex_digit(char c)
{
    char letter = text_lower(c);
    if (text_digit(c))
        return c - '0';
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* Whether TEXT is a token, as the name of a header is (RFC 9110, section 5.6.2). */
bool text_is_token(dime_text text);

/* Whether TEXT has a control character of ASCII other than a tab, which the value of a header can't
 * have (RFC 9110, section 5.5). */
bool text_has_controls(dime_text text);

/* Whether TEXT ends with SUFFIX, without regard to the case of ASCII letters. */
bool text_ends_nocase(dime_text text, dime_text suffix);

/* The media type of a Content-Type (RFC 9110, section 8.3.1), without parameters and blanks. */
dime_text text_media_type(dime_text content_type);

/* How many characters are in TEXT, which is UTF-8. */
size_t text_characters(dime_text text);

/* Whether TEXT begins with PREFIX; likewise without regard to the case of ASCII letters. */
bool text_starts(dime_text text, dime_text prefix);
bool text_starts_nocase(dime_text text, dime_text prefix);

/* TEXT without the spaces and tabs, CR and LF at both ends. */
dime_text text_trim(dime_text text);

/*
 * How long the mark at the start of TEXT is that takes no room where it's shown, or 0: such marks
 * come along unseen where text is pasted from chats, contacts and right-to-left pages. U+202E isn't
 * among them: it turns the order of what follows, so that 12 would be read where 21 is seen.
 */
size_t text_unseen_length(dime_text text);

/* TEXT without blanks, also those that no line breaks at, and unseen marks at both ends. */
dime_text text_bare(dime_text text);

/* Whether TEXT, which is to be UTF-8, is UTF-16 or UTF-32, by the first of its bytes. */
bool text_is_wide(dime_text text);

/*
 * Cuts the first part off *REST, up to SEPARATOR or to the end, and returns it; *REST is what comes
 * behind the separator. False when *REST has been used up (its data is NULL then).
 */
bool text_cut(dime_text *rest, char separator, dime_text *part);

/* Reads decimal digits, an optional '-' before them, nothing else; false when it isn't an int64. */
bool text_to_int64(dime_text text, int64_t *value);

/* Reads true, on, yes and 1, or false, off, no and 0, in any case; false where it's none of them.
 */
bool text_to_boolean(dime_text text, bool *value);

/* How many bytes TEXT begins with that stand in a JSON string as they are: ASCII but " \ controls.
 */
size_t text_plain_length(dime_text text);

/* How many bytes, 1 to 4, the UTF-8 character at the start of TEXT has; 0 where there is none. */
size_t text_utf8_length(dime_text text);

/*
 * Whether the UTF-8 character at the start of TEXT is one that no text should hold: a control
 * character above ASCII (U+0080 to U+009F), or a code point that is no character (U+FDD0 to U+FDEF,
 * and the last two of each plane).
 */
bool text_is_strange(dime_text text);

/* How many bytes of TEXT, which is UTF-8, are kept where there is room for MOST: whole characters.
 */
size_t text_kept_length(dime_text text, size_t most);

/* Whether TEXT is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates). */
bool text_is_utf8(dime_text text);

#endif
