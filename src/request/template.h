/*
 * template.h - Mustache templates: a page's text with names in it, filled from JSON.
 *
 * A page is an HTML file that a browser can open as it is, and a function answers in JSON. A
 * template combines the two without any C: {{name}} stands for the member of that name, escaped for
 * HTML. The language is that of mustache(5), as npm's mustache 4 implements it: variables,
 * sections, inverted sections, comments, partials, delimiters. A template is interpreted while it
 * is written, which costs less than building a tree.
 */
#ifndef DIME_REQUEST_TEMPLATE_H
#define DIME_REQUEST_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/json.h"
#include "base/text.h"

enum {
    TEMPLATE_DEPTH_MAX = 32,     /* the deepest nesting of sections and partials */
    TEMPLATE_TAGS_MAX = 1000000, /* the most tags and pieces of text that are read for one page */
    TEMPLATE_WHY = 256,          /* bytes of a sentence on what is wrong, with its NUL */
};

/* A template that others include by its name: {{> name}}. */
struct template_partial {
    dime_text name;
    dime_text text;
};

/* The data for a template. The caller owns all of it, and it is only read. */
struct template_data {
    const struct json_value *contexts; /* checked; a name is looked up in the last one first */
    size_t context_count;
    const struct template_partial *partials;
    size_t partial_count;
};

enum template_outcome {
    TEMPLATE_FINE,
    TEMPLATE_WRONG, /* the template has a mistake, or gets too deep or too long with this data */
    TEMPLATE_NO_MEMORY, /* out of memory, or the page is over its limit */
};

/*
 * Whether SOURCE and all PARTIALS are valid: they must be UTF-8, each tag closed and of a known
 * kind, each section ended by its name, and each partial known. Call this when a program starts. On
 * false WHY says where and what is wrong: "line 3 of head.html: {{#items}} isn't ended". Allocates
 * nothing.
 */
bool template_check(dime_text source, const struct template_partial *partials, size_t partial_count,
                    char why[TEMPLATE_WHY]);

/*
 * Writes SOURCE, filled from DATA, to OUT, whose arena provides the memory. An unknown name or
 * partial writes nothing. A value that isn't a string is written as its JSON, a number digit for
 * digit, and null as nothing. A list has its items by number, from 0, and its `length`. WHY is set
 * if the outcome is WRONG. OUT may hold the beginning of a page if the outcome isn't FINE.
 */
enum template_outcome template_write(dime_text source, const struct template_data *data,
                                     struct buffer *out, char why[TEMPLATE_WHY]);

#endif
