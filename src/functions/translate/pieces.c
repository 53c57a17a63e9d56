/*
 * pieces.c - cuts a text into words, which are translated, and pieces that stay as they are.
 *
 * Apertium loses or alters what isn't language: asterisks, control characters and the spaces around
 * a text. It also translates the words in a tag, an address or a script. All of that is kept here,
 * and replaced by a mark, <q0>, which Apertium treats as a tag of HTML: the mark stays between its
 * two words, even if they change places. Afterwards every mark must be there once. A line that
 * begins with a small letter continues the sentence before it if the line before is long, as in a
 * wrapped letter. Else a <br> ends the sentence, or Apertium would mix the end of one line, or word
 * of a list, with the beginning of the next.
 */
#include "dime.h"

#include "functions/translate/translate.h"

enum {
    PIECE_WORDS_MAX = 600,    /* bytes of a piece of words */
    PIECES_REQUEST_MAX = 900, /* of HTML: see apertium_translate */
    MARK_MAX = 11,            /* <br><q999> */
    EDGES = 6,                /* <q> at both ends */
    ADDRESS_MAX = 512,        /* bytes of a word that are looked at */
    LINE_MIN = 40,            /* bytes of a line from which on it may continue in the next */
    APOSTROPHES_MAX = 96, /* bytes of a word with an apostrophe that is looked for in the text */
};

/* Two apostrophes that Apertium makes straight: U+2019 and U+02BC. */
static const dime_text CURLY = {"\xe2\x80\x99", 3}, LETTER = {"\xca\xbc", 2};

/* Tags that stand within a sentence; any other ends it. */
static const char INLINE[] =
    " a abbr b bdi bdo cite code del em i ins kbd mark q s samp small span "
    "strong sub sup tt u var ";

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_among(char c, const char *signs)
{
    return c && strchr(signs, c);
}

/* A sign that Apertium leaves in place, and that belongs to the words around it. */
static bool is_harmless(char c)
{
    return text_alphanumeric(c) || is_among(c, " !\"'(),-./:;?%");
}

static size_t find(dime_text text, const char *what, size_t length)
{
    const char *found = text.length ? memmem(text.data, text.length, what, length) : NULL;
    return found ? (size_t)(found - text.data) + length : 0;
}

/* The name of a tag at the beginning of TEXT, </b> too. */
static dime_text tag_name(dime_text text)
{
    dime_text name = text_skip(text, 1);
    if (name.length && *name.data == '/')
        name = text_skip(name, 1);
    size_t length = 0;
    while (length < name.length && text_alphanumeric(name.data[length]))
        length++;
    return (dime_text){name.data, length};
}

/* The length, to its end tag, of an element whose content isn't language; 0: it's no such. */
static size_t whole_element(dime_text text, dime_text name)
{
    for (size_t i = name.length; i + name.length + 2 < text.length; i++) {
        if (text.data[i] != '<' || text.data[i + 1] != '/' ||
            !text_equal_nocase((dime_text){text.data + i + 2, name.length}, name))
            continue;
        size_t end = find(text_skip(text, i), ">", 1);
        return end ? i + end : 0;
    }
    return 0;
}

/* The length of the markup that TEXT begins with, after a '<': a tag, comment or script; else 1. */
static size_t markup_length(dime_text text)
{
    const dime_text comment = TEXT("<!--"), script = TEXT("script"), style = TEXT("style");
    dime_text name = tag_name(text);
    size_t length = 0;
    if (text_starts(text, comment))
        length = find(text, "-->", 3);
    else if (text.length > 1 && text.data[1] != '/' &&
             (text_equal_nocase(name, script) || text_equal_nocase(name, style)))
        length = whole_element(text, name);
    if (length)
        return length;
    bool tag = name.length || (text.length > 1 && is_among(text.data[1], "!?"));
    length = tag ? find(text, ">", 1) : 0;
    const char *other = length ? memchr(text.data + 1, '<', length - 1) : NULL;
    return length && !other ? length : 1;
}

/* The length of the reference that TEXT begins with, such as &eacute; or &#233; - else 1. */
static size_t reference_length(dime_text text)
{
    size_t length = 1;
    if (length < text.length && text.data[length] == '#')
        length++;
    while (length < text.length && length < 32 && text_alphanumeric(text.data[length]))
        length++;
    return length > 2 && length < text.length && text.data[length] == ';' ? length + 1 : 1;
}

/* Whether a combining accent follows a letter (U+0300 to U+036F): Apertium knows no such words, and
 * would take the letter for one. */
static bool has_combining(dime_text word)
{
    for (size_t i = 0; i + 1 < word.length; i++) {
        unsigned char first = (unsigned char)word.data[i], second = (unsigned char)word.data[i + 1];
        if ((first == 0xcc && second >= 0x80) ||
            (first == 0xcd && second <= 0xaf && second >= 0x80))
            return true;
    }
    return false;
}

/* The length of the word that TEXT begins with, if it's an address or a name in a program. */
static size_t address_length(dime_text text)
{
    const dime_text web = TEXT("www.");
    size_t length = 0;
    while (length < text.length && length < ADDRESS_MAX && !is_space(text.data[length]) &&
           !is_among(text.data[length], "<>\""))
        length++;
    while (length && is_among(text.data[length - 1], ".,;:!?)'"))
        length--;
    dime_text word = {text.data, length};
    size_t at = find(word, "@", 1), under = find(word, "_", 1);
    bool inner = (at > 1 && at < length) || (under > 1 && under < length);
    bool address = inner || text_starts(word, web) || find(word, "://", 3);
    return address || has_combining(word) ? length : 0;
}

/* Blanks that are more than one space between words. */
static size_t blank_length(dime_text text)
{
    size_t length = 0;
    while (length < text.length && is_space(text.data[length]))
        length++;
    return length > 1 || (length && *text.data != ' ') ? length : 0;
}

/* A soft hyphen, and characters that no text should have: Apertium loses those. */
static size_t strange_length(dime_text text)
{
    return text_starts(text, TEXT("\xc2\xad")) || text_is_strange(text) ? text_utf8_length(text)
                                                                        : 0;
}

static bool is_in_word(char c)
{
    return text_alphanumeric(c) || (unsigned char)c >= 0x80;
}

/* An apostrophe that TEXT begins with and that belongs to no word, so Apertium doesn't need it. */
static size_t apostrophe_length(dime_text text, char before)
{
    size_t length = text_starts(text, CURLY)    ? CURLY.length
                    : text_starts(text, LETTER) ? LETTER.length
                                                : 0;
    bool at_word = is_in_word(before) || (text.length > length && is_in_word(text.data[length]));
    return at_word ? 0 : length;
}

/* Whether a word may begin after this byte; NUL: the beginning of the text. */
static bool is_before_word(char c)
{
    return !c || is_space(c) || is_among(c, "(\"<>");
}

/* How many bytes of TEXT are kept; 0: it begins with words. BEFORE: the byte before it, or NUL. */
static size_t kept_length(dime_text text, char before)
{
    char c = *text.data;
    if (c == '<')
        return markup_length(text);
    if (c == '&')
        return reference_length(text);
    if (is_space(c))
        return blank_length(text);
    size_t address = is_before_word(before) ? address_length(text) : 0;
    if (!address)
        address = apostrophe_length(text, before);
    if (address)
        return address;
    return (unsigned char)c >= 0x80 ? strange_length(text) : !is_harmless(c);
}

/* How many line ends there are in blanks: CR LF is one. */
static size_t count_ends(dime_text blanks)
{
    size_t count = 0;
    for (size_t i = 0; i < blanks.length; i++) {
        bool second = i && blanks.data[i] == '\n' && blanks.data[i - 1] == '\r';
        count += is_among(blanks.data[i], "\n\r\v\f") && !second;
    }
    return count;
}

/* How long the line is that ends at AT, of a text that begins at BEGIN. */
static size_t line_length(const char *begin, const char *at)
{
    size_t length = 0;
    while (at > begin && !is_among(at[-1], "\n\r\v\f")) {
        at--;
        length++;
    }
    return length;
}

/* Whether the kept piece KEPT ends a sentence in the text from BEGIN on; REST follows it. */
static bool ends_sentence(const char *begin, dime_text kept, dime_text rest)
{
    if (*kept.data == '<' && kept.length > 1) {
        dime_text name = tag_name(kept);
        char room[16] = " ";
        if (!name.length || name.length > sizeof room - 3)
            return true;
        for (size_t i = 0; i < name.length; i++)
            room[i + 1] = text_lower(name.data[i]);
        room[name.length + 1] = ' ';
        return !strstr(INLINE, room);
    }
    size_t ends = count_ends(kept);
    if (!ends)
        return false;
    return ends > 1 || !rest.length || *rest.data < 'a' || *rest.data > 'z' ||
           line_length(begin, kept.data) < LINE_MIN;
}

/* How many bytes of words to take as one piece: to the end of a sentence, within a limit. */
static size_t words_length(dime_text text, char before, bool *ends)
{
    size_t length = 0, space = 0;
    *ends = false;
    while (length < text.length && !*ends && !kept_length(text_skip(text, length), before)) {
        char c = text.data[length];
        size_t more = text_utf8_length(text_skip(text, length));
        if (length + more > PIECE_WORDS_MAX)
            return space ? space : length;
        length += more ? more : 1;
        before = text.data[length - 1];
        if (c == ' ')
            space = length;
        *ends = is_among(c, ".!?") && length < text.length && is_space(text.data[length]);
    }
    return length;
}

/* Adds a piece; a kept piece is joined to a kept piece before it. */
static void add_piece(struct text_piece *pieces, size_t *count, struct text_piece piece)
{
    struct text_piece *before = *count ? &pieces[*count - 1] : NULL;
    if (!before || !before->kept || !piece.kept) {
        pieces[(*count)++] = piece;
        return;
    }
    before->text.length += piece.text.length;
    before->ends = before->ends || piece.ends;
}

bool pieces_cut(dime_text text, struct arena *arena, struct text_piece **pieces, size_t *count)
{
    const char *begin = text.data;
    char before = '\0';
    *count = 0;
    *pieces = arena_array(arena, text.length + 1, sizeof **pieces);
    while (*pieces && text.length) {
        struct text_piece piece = {.text = text};
        size_t length = kept_length(text, before);
        piece.kept = length;
        piece.text.length = length ? length : words_length(text, before, &piece.ends);
        text = text_skip(text, piece.text.length);
        if (piece.kept)
            piece.ends = ends_sentence(begin, piece.text, text);
        before = piece.text.data[piece.text.length - 1];
        add_piece(*pieces, count, piece);
    }
    return *pieces;
}

size_t pieces_fit(const struct text_piece *pieces, size_t count)
{
    size_t size = EDGES, fitting = 0, whole = 0;
    while (fitting < count) {
        size += pieces[fitting].kept ? MARK_MAX : pieces[fitting].text.length;
        if (size > PIECES_REQUEST_MAX && fitting)
            return whole ? whole : fitting;
        fitting++;
        if (pieces[fitting - 1].ends)
            whole = fitting;
    }
    return fitting;
}

void pieces_put_html(const struct text_piece *pieces, size_t count, struct buffer *html)
{
    buffer_puts(html, "<q>");
    for (size_t i = 0; i < count; i++) {
        if (!pieces[i].kept)
            buffer_put(html, pieces[i].text);
        else
            buffer_printf(html, "%s<q%zu>", pieces[i].ends ? "<br>" : "", i);
    }
    buffer_puts(html, "<q>");
}

/* Where a translation is written, and where that is in the original text. */
struct writing {
    const struct text_piece *pieces;
    size_t count;
    dime_text source; /* all of them */
    struct buffer *text;
    size_t begin;  /* where in it these pieces are written */
    bool *seen;    /* the marks that have come back */
    bool no_space; /* the next space is Apertium's, for a word that it left out */
    bool small;    /* the next capital is Apertium's, which takes this for a sentence's beginning */
};

/* Prepares for words that the original text at AT follows. */
static void sign_goes_on(struct writing *writing, const char *at)
{
    bool end = at == writing->source.data + writing->source.length;
    writing->no_space = !end && *at != ' ';
    writing->small = !end && *at >= 'a' && *at <= 'z';
}

/* Ends the words with a space if the original has one before AT, and else without. */
static void trim_end(struct writing *writing, const char *at)
{
    struct buffer *text = writing->text;
    bool space = at > writing->source.data && at[-1] == ' ';
    if (space && text->length && text->data[text->length - 1] != ' ')
        buffer_puts(text, " ");
    if (space)
        return;
    while (text->length > writing->begin && text->data[text->length - 1] == ' ')
        text->length--;
}

/* The word that TEXT begins with: ASCII letters and digits, and bytes that aren't ASCII. */
static dime_text first_word(dime_text text)
{
    size_t length = 0;
    while (length < text.length &&
           (text_alphanumeric(text.data[length]) || (unsigned char)text.data[length] >= 0x80))
        length++;
    return (dime_text){text.data, length};
}

/* Writes the first word, in lower case if the capital is Apertium's and not that of a name. */
static size_t put_small(struct writing *writing, dime_text words)
{
    dime_text word = first_word(words);
    unsigned char c = word.length ? (unsigned char)*word.data : 0;
    unsigned char second = word.length > 1 ? (unsigned char)word.data[1] : 0;
    bool latin = c == 0xc3 && second >= 0x80 && second <= 0x9e && second != 0x97; /* A to THORN */
    if ((!latin && (c < 'A' || c > 'Z')) || find(writing->source, word.data, word.length))
        return 0;
    char room[2] = {latin ? (char)c : (char)(c | 32), (char)(second | 32)};
    buffer_put(writing->text, (dime_text){room, latin ? 2 : 1});
    return latin ? 2 : 1;
}

/* Whether the text has WORD with SIGN instead of its straight apostrophe at AT. */
static bool has_word(const struct writing *writing, dime_text word, size_t at, dime_text sign)
{
    char room[APOSTROPHES_MAX + 4];
    struct buffer other;
    buffer_over(&other, room, sizeof room);
    buffer_put(&other, (dime_text){word.data, at});
    buffer_put(&other, sign);
    buffer_put(&other, text_skip(word, at + 1));
    return !other.failed && find(writing->source, other.data, other.length);
}

/* Whether the text has SIGN in the same place: in a word, before one or after one. */
static bool has_alike(const struct writing *writing, dime_text sign, bool left, bool right)
{
    dime_text source = writing->source;
    for (size_t at = 0, end; (end = find(text_skip(source, at), sign.data, sign.length));) {
        size_t begin = at + end - sign.length;
        at += end;
        if ((begin && is_in_word(source.data[begin - 1])) == left &&
            (at < source.length && is_in_word(source.data[at])) == right)
            return true;
    }
    return false;
}

/* The text's apostrophe for the straight one at AT: that of the same word, or of a similar one. */
static dime_text apostrophe(const struct writing *writing, dime_text words, size_t at)
{
    const dime_text signs[] = {TEXT("'"), CURLY, LETTER};
    enum { SIGNS = sizeof signs / sizeof *signs };
    size_t begin = at, end = at + 1;
    while (begin && (is_in_word(words.data[begin - 1]) || words.data[begin - 1] == '\''))
        begin--;
    while (end < words.length && (is_in_word(words.data[end]) || words.data[end] == '\''))
        end++;
    dime_text word = {words.data + begin, end - begin};
    bool left = at > begin, right = at + 1 < end;
    for (size_t i = 0; i < SIGNS && (left || right) && word.length <= APOSTROPHES_MAX; i++) {
        if (has_word(writing, word, at - begin, signs[i]))
            return signs[i];
    }
    for (size_t i = 0; i < SIGNS; i++) {
        if (has_alike(writing, signs[i], left, right))
            return signs[i];
    }
    for (size_t i = 0; i < SIGNS; i++) {
        if (find(writing->source, signs[i].data, signs[i].length))
            return signs[i];
    }
    return signs[0];
}

/*
 * Writes the words of a translation, with one space where Apertium left two, and without the signs
 * that it puts before words that it couldn't form. The text's own signs are all kept pieces.
 */
static void put_words(struct writing *writing, dime_text words)
{
    for (size_t i = 0; i < words.length; i++) {
        char c = words.data[i];
        if (is_among(c, "*#@") || (c == ' ' && writing->no_space))
            continue;
        writing->no_space = c == ' ';
        size_t done = writing->small && c != ' ' ? put_small(writing, text_skip(words, i)) : 0;
        writing->small = writing->small && c == ' ';
        if (done)
            i += done - 1;
        else if (c == '\'')
            buffer_put(writing->text, apostrophe(writing, words, i));
        else
            buffer_put(writing->text, (dime_text){&words.data[i], 1});
    }
}

/* Reads a mark's number: q12. */
static bool read_mark(dime_text tag, size_t count, size_t *number)
{
    int64_t value;
    if (!tag.length || *tag.data != 'q' || !text_to_int64(text_skip(tag, 1), &value) || value < 0 ||
        (uint64_t)value >= count)
        return false;
    *number = (size_t)value;
    return true;
}

/* Removes the tag that HTML begins with, and writes what it stands for. */
static bool take_tag(struct writing *writing, dime_text *html)
{
    size_t length = find(*html, ">", 1), number;
    dime_text tag = {html->data + 1, length ? length - 2 : 0};
    *html = text_skip(*html, length);
    if (text_equal(tag, TEXT("br")))
        return true;
    if (!read_mark(tag, writing->count, &number) || !writing->pieces[number].kept ||
        writing->seen[number])
        return false;
    dime_text kept = writing->pieces[number].text;
    writing->seen[number] = true;
    trim_end(writing, kept.data);
    buffer_put(writing->text, kept);
    sign_goes_on(writing, kept.data + kept.length);
    return true;
}

static bool has_seen_all(const struct writing *writing)
{
    for (size_t i = 0; i < writing->count; i++) {
        if (writing->pieces[i].kept && !writing->seen[i])
            return false;
    }
    return true;
}

bool pieces_take_html(const struct text_piece *pieces, size_t count, dime_text html,
                      struct arena *arena, struct buffer *text)
{
    const dime_text edge = TEXT("<q>");
    const dime_text last = pieces[count - 1].text;
    struct writing writing = {
        .pieces = pieces, .count = count, .text = text, .begin = text->length};
    writing.source.data = pieces->text.data;
    writing.source.length = (size_t)(last.data + last.length - pieces->text.data);
    writing.seen = arena_array(arena, count, sizeof *writing.seen);
    if (!writing.seen || html.length < 2 * edge.length || !text_starts(html, edge) ||
        !text_ends_nocase(html, edge))
        return false;
    html = (dime_text){html.data + edge.length, html.length - 2 * edge.length};
    sign_goes_on(&writing, writing.source.data);
    while (html.length) {
        const char *tag = memchr(html.data, '<', html.length);
        size_t words = tag ? (size_t)(tag - html.data) : html.length;
        put_words(&writing, (dime_text){html.data, words});
        html = text_skip(html, words);
        if (html.length && !take_tag(&writing, &html))
            return false;
    }
    trim_end(&writing, last.data + last.length);
    return has_seen_all(&writing);
}
