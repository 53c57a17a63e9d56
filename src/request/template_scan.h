/*
 * template_scan.h - cuts a template into pieces: text, and tags of each kind.
 *
 * Only template.c and template_scan.c include this. A scan is a value: who copies it can read on
 * from that place once more, which is how a section is written for each item of a list.
 */
#ifndef DIME_REQUEST_TEMPLATE_SCAN_H
#define DIME_REQUEST_TEMPLATE_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

enum template_kind {
    TEMPLATE_END,
    TEMPLATE_TEXT,
    TEMPLATE_INDENT,   /* what the lines of a partial are indented by stands here */
    TEMPLATE_VARIABLE, /* {{name}} */
    TEMPLATE_RAW,      /* {{{name}}}, {{&name}} */
    TEMPLATE_SECTION,  /* {{#name}} */
    TEMPLATE_INVERTED, /* {{^name}} */
    TEMPLATE_CLOSE,    /* {{/name}} */
    TEMPLATE_PARTIAL,  /* {{>name}} */
    TEMPLATE_MISTAKE,  /* what can't be read; nothing more can be then */
};

/* The blanks before a tag of a partial that stands alone in its line, within those of another. */
struct template_indent {
    dime_text blanks;
    const struct template_indent *outer;
};

/* A piece of a template; its texts lie in the template. */
struct template_piece {
    enum template_kind kind;
    dime_text text;      /* as it is to be written, or the name in the tag */
    dime_text tag;       /* a tag's: all of it, as it is written */
    bool alone;          /* a partial's: no other tag before it and no text is in its line */
    dime_text blanks;    /* a partial's that is alone: what is before it */
    const char *mistake; /* a mistake's: what is wrong with the tag, a sentence's end */
};

struct template_scan {
    dime_text name; /* the partial's, or empty */
    const char *begin, *at, *end;
    dime_text open, close; /* the delimiters */
    const char *line;      /* where the line begins; it's been looked at unless it's fresh */
    const char *tag;       /* the next tag or the end, once it's known: not before at */
    bool fresh;            /* at the beginning of a line */
    bool bare;             /* the line has only blanks, which aren't written, and no variable */
    bool first;            /* no tag of the line has been read */
    const struct template_indent *indent; /* of each line, or NULL; the caller's */
};

/* Begins to read SOURCE, which is the page or the partial called NAME. */
void template_scan_open(struct template_scan *scan, dime_text source, dime_text name,
                        const struct template_indent *indent);

/*
 * Reads the next piece. Comments and delimiters are passed over, and so is the rest of a line that
 * only has tags without a value (mustache(5) calls them standalone).
 */
void template_next(struct template_scan *scan, struct template_piece *piece);

#endif
