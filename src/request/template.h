/*
 * template.h - Mustache templates: a page's text with names in it, filled from JSON.
 *
 * A page is HTML in a file of its own, which a browser can open as it stands, and what a function
 * answers is JSON. A template brings them together without a line of C: {{name}} stands for what
 * the JSON has by that name, escaped for HTML. The language is that of mustache(5), as npm's
 * mustache 4 reads it: variables, sections, inverted sections, comments, partials, delimiters.
 * Nothing is compiled: a template is read as it is written, which costs less than a tree would.
 */
#ifndef DIME_REQUEST_TEMPLATE_H
#define DIME_REQUEST_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/json.h"
#include "base/text.h"

enum {
    TEMPLATE_DEPTH_MAX = 32,     /* most sections and partials within each other */
    TEMPLATE_TAGS_MAX = 1000000, /* most tags and pieces of text that are read for one page */
    TEMPLATE_WHY = 256,          /* bytes of a sentence on what is wrong, with its NUL */
};

/* A template that others include by its name: {{> name}}. */
struct template_partial {
    dime_text name;
    dime_text text;
};

/* What a template is filled from. All of it is the caller's and only read. */
struct template_data {
    const struct json_value *contexts; /* checked; a name is looked up in the last one first */
    size_t context_count;
    const struct template_partial *partials;
    size_t partial_count;
};

enum template_outcome {
    TEMPLATE_FINE,
    TEMPLATE_WRONG,     /* the template has a mistake, or is too deep or too long with these data */
    TEMPLATE_NO_MEMORY, /* memory has run out, or the page is over its limit */
};

/*
 * Whether SOURCE and all PARTIALS are templates: UTF-8, each tag closed and of a kind that there
 * is, each section ended by its name, each partial there. For the start of a program. On false WHY
 * says where and what, in a sentence: "line 3 of head.html: {{#items}} isn't ended". The templates
 * themselves lie anywhere; nothing is allocated.
 */
bool template_check(dime_text source, const struct template_partial *partials, size_t partial_count,
                    char why[TEMPLATE_WHY]);

/*
 * Writes SOURCE, filled from DATA, to OUT, from whose arena it takes what memory it needs. A name
 * that isn't found gives nothing, and so does a partial. What isn't a string is written as its
 * JSON, a number digit for digit, and null as nothing. A list has its items by number, from 0, and
 * its length. WHY is set where the outcome is WRONG. OUT
 * may hold the beginning of a page where the outcome isn't FINE.
 */
enum template_outcome template_write(dime_text source, const struct template_data *data,
                                     struct buffer *out, char why[TEMPLATE_WHY]);

#endif
