/*
 * template_scan.h - cuts a template into pieces: text, and tags of each kind.
 *
 * Only template.c and template_scan.c include this. A scan is a value: a copy of it can read the
 * same part again, which is how a section is written for each item of a list.
 */
#ifndef DIME_REQUEST_TEMPLATE_SCAN_H
#define DIME_REQUEST_TEMPLATE_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

enum template_kind {
    TEMPLATE_END,
    TEMPLATE_TEXT,
    TEMPLATE_INDENT,   /* the indentation of a partial's line goes here */
    TEMPLATE_VARIABLE, /* {{name}} */
    TEMPLATE_RAW,      /* {{{name}}}, {{&name}} */
    TEMPLATE_SECTION,  /* {{#name}} */
    TEMPLATE_INVERTED, /* {{^name}} */
    TEMPLATE_CLOSE,    /* {{/name}} */
    TEMPLATE_PARTIAL,  /* {{>name}} */
    TEMPLATE_MISTAKE,  /* an invalid tag; the scan ends there */
};

/* The blanks before a partial's tag that is alone on its line, added to those of outer partials. */
struct template_indent {
    dime_text blanks;
    const struct template_indent *outer;
};

/* A piece of a template. Its texts lie in the template. */
struct template_piece {
    enum template_kind kind;
    dime_text text;      /* the text to write, or the name in the tag */
    dime_text tag;       /* of a tag: all of it, as it is written */
    bool alone;          /* of a partial: its line has no text, and no tag before it */
    dime_text blanks;    /* of a partial that is alone: the blanks before it */
    const char *mistake; /* of an invalid tag: the end of a sentence that says what is wrong */
};

struct template_scan {
    dime_text name; /* the partial's name, or empty */
    const char *begin, *at, *end;
    dime_text open, close; /* the delimiters */
    const char *line;      /* where the line begins; it was examined unless it is fresh */
    const char *tag;       /* the next tag or the end, once it is known; never before `at` */
    bool fresh;            /* at the beginning of a line */
    bool bare;  /* the line has only tags without output, and blanks, which aren't written */
    bool first; /* no tag of this line has been read yet */
    const struct template_indent *indent; /* of each line, or NULL; owned by the caller */
};

/* Begins to read SOURCE, the page or the partial called NAME. */
void template_scan_open(struct template_scan *scan, dime_text source, dime_text name,
                        const struct template_indent *indent);

/*
 * Reads the next piece. Skips comments and delimiters, and the rest of a line that has only tags
 * without output (mustache(5) calls them standalone).
 */
void template_next(struct template_scan *scan, struct template_piece *piece);

#endif
