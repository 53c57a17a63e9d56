/*
 * text.h - a piece of text as (pointer, length).
 *
 * Input may hold NUL bytes, be part of a larger buffer, or end at the end of a mapping. So no
 * parser here looks for a NUL: each takes a text, which has a length. A text owns nothing; the
 * function that returns one says how long its bytes live.
 */
#ifndef DIME_BASE_TEXT_H
#define DIME_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dime/text.h"

/* The text of a string literal. Its length is a constant. */
#define TEXT(literal) ((dime_text){("" literal), sizeof(literal) - 1})

/* The text of a NUL-terminated string, whose bytes it shares; an empty text for NULL. */
static inline dime_text text_of(const char *string)
{
    return (dime_text){string ? string : "", string ? strlen(string) : 0};
}

/* TEXT without its first COUNT bytes; it must have that many. DATA stays NULL if it was NULL. */
static inline dime_text text_skip(dime_text text, size_t count)
{
    /* Nothing may be added to a null pointer, not even 0. */
    return (dime_text){count ? text.data + count : text.data, text.length - count};
}

/* Whether both texts hold the same bytes. */
bool text_equal(dime_text a, dime_text b);

/* The same, ignoring the case of ASCII letters, as for header names and media types. */
bool text_equal_nocase(dime_text a, dime_text b);

/* Whether TEXT is one of the COUNT strings of LIST. */
bool text_is_one_of(dime_text text, const char *const *list, size_t count);

/* C in lower case if it is an ASCII letter, else C. */
static inline char text_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
}

/* Whether C is a space, a tab, a CR or an LF. */
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

/* Whether TEXT has an ASCII control character other than a tab. A header's value can't have one
 * (RFC 9110, section 5.5). */
bool text_has_controls(dime_text text);

/* Whether TEXT ends with SUFFIX, ignoring the case of ASCII letters. */
bool text_ends_nocase(dime_text text, dime_text suffix);

/* The media type of a Content-Type (RFC 9110, section 8.3.1), without parameters and blanks. */
dime_text text_media_type(dime_text content_type);

/* The number of characters in TEXT, which must be UTF-8. */
size_t text_characters(dime_text text);

/* Whether TEXT begins with PREFIX; the second ignores the case of ASCII letters. */
bool text_starts(dime_text text, dime_text prefix);
bool text_starts_nocase(dime_text text, dime_text prefix);

/* TEXT without spaces, tabs, CRs and LFs at both ends. */
dime_text text_trim(dime_text text);

/*
 * The length of the invisible character at the start of TEXT, or 0. Such characters come along when
 * text is pasted from chats, contacts and right-to-left pages. U+202E isn't one of them: it
 * reverses what follows, so 12 would be read where a person sees 21.
 */
size_t text_unseen_length(dime_text text);

/* TEXT without blanks (also non-breaking ones) and invisible characters at both ends. */
dime_text text_bare(dime_text text);

/* Whether TEXT, which should be UTF-8, looks like UTF-16 or UTF-32 by its first bytes. */
bool text_is_wide(dime_text text);

/*
 * Cuts the first part off *REST, up to SEPARATOR or the end, and puts it into *PART. *REST becomes
 * what follows the separator. Returns false when nothing is left (REST's data is NULL then).
 */
bool text_cut(dime_text *rest, char separator, dime_text *part);

/* Reads an optional '-' and decimal digits, nothing else. False if it doesn't fit in an int64. */
bool text_to_int64(dime_text text, int64_t *value);

/* Reads true, on, yes and 1, or false, off, no and 0, in any case. Returns false for others. */
bool text_to_boolean(dime_text text, bool *value);

/* The length of TEXT's beginning that JSON needs no escape for: ASCII except " \ and controls. */
size_t text_plain_length(dime_text text);

/* The length, 1 to 4 bytes, of the UTF-8 character at the start of TEXT; 0 if there is none. */
size_t text_utf8_length(dime_text text);

/*
 * Whether the UTF-8 character at the start of TEXT is one that no text should hold: a control
 * character above ASCII (U+0080 to U+009F), or a noncharacter (U+FDD0 to U+FDEF, and the last two
 * code points of each plane).
 */
bool text_is_strange(dime_text text);

/* The length of the longest beginning of TEXT, in UTF-8, that is whole characters and fits MOST. */
size_t text_kept_length(dime_text text, size_t most);

/* Whether TEXT is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates). */
bool text_is_utf8(dime_text text);

#endif
