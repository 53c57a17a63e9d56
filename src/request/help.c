/*
 * help.c - a function's tables in words: "list of whole numbers from 1 to 9, at most 5 of them".
 *
 * A field has one line with its name, its type and limits, and whether it is required. Below that
 * are its help and, indented further, the fields of an object. A longer text is continued in the
 * column where the description begins.
 */
#include "request/help.h"

#include "request/field.h"

enum {
    HELP_COLUMN = 17, /* the column of the text beside a name */
    HELP_WIDTH = 79,
    HELP_WORDS_MAX = 65536, /* bytes of a field's description */
    HELP_MIB = 1024 * 1024,
};

/* Writes WORDS beside a text that ends at column AT, or below it, and ends the line. */
static void put_beside(struct buffer *out, size_t at, dime_text words)
{
    dime_text word;
    if (at >= HELP_COLUMN) {
        buffer_puts(out, "\n");
        at = 0;
    }
    buffer_printf(out, "%*s", (int)(HELP_COLUMN - at), "");
    at = HELP_COLUMN;
    while (text_cut(&words, ' ', &word)) {
        if (at > HELP_COLUMN && at + word.length >= HELP_WIDTH) {
            buffer_printf(out, "\n%*s", HELP_COLUMN, "");
            at = HELP_COLUMN;
        } else if (at > HELP_COLUMN) {
            buffer_puts(out, " ");
        }
        buffer_put(out, word);
        at += word.length + 1;
    }
    buffer_puts(out, "\n");
}

/* The minimum and maximum of a number, or of a length, which has a unit. */
static void put_range(struct buffer *words, const dime_field *field, int64_t min, int64_t max,
                      const char *unit)
{
    bool least = min > (*unit ? 0 : INT64_MIN), most = max < INT64_MAX;
    if (!least && !most)
        return;
    buffer_puts(words, *unit ? " of " : least && most ? " from " : ", ");
    if (!least || !most)
        buffer_puts(words, least ? "at least " : "at most ");
    if (least)
        buffer_decimal(words, min, field->places);
    if (least && most)
        buffer_puts(words, " to ");
    if (most)
        buffer_decimal(words, max, field->places);
    buffer_puts(words, unit);
}

static void put_limits_in_words(struct buffer *words, const dime_field *field)
{
    int64_t min = field_min(field), max = field_max(field);
    switch (field->kind) {
    case DIME_KIND_INTEGER:
    case DIME_KIND_DECIMAL:
        put_range(words, field, min, max, "");
        if (field->places)
            buffer_printf(words, ", with at most %d decimal place%s", field->places,
                          field->places == 1 ? "" : "s");
        break;
    case DIME_KIND_TEXT:
    case DIME_KIND_NUMBER:
        if (field->kind == DIME_KIND_TEXT || min || max != FIELD_NUMBER_MAX)
            put_range(words, field, min, max, " characters");
        break;
    case DIME_KIND_FILE:
    case DIME_KIND_JSON:
        if (min <= 1 && max % HELP_MIB == 0)
            put_range(words, field, 0, max / HELP_MIB, " MiB");
        else
            put_range(words, field, min, max, " bytes");
        break;
    default:
        break;
    }
}

/* The type and limits of a field. */
static void put_what(struct buffer *words, const dime_field *field)
{
    static const char NAMES[][16] = {
        [DIME_KIND_TEXT] = "text",       [DIME_KIND_NUMBER] = "number",
        [DIME_KIND_DECIMAL] = "number",  [DIME_KIND_INTEGER] = "whole number",
        [DIME_KIND_BOOLEAN] = "boolean", [DIME_KIND_CHOICE] = "choice",
        [DIME_KIND_FILE] = "file",       [DIME_KIND_JSON] = "JSON value",
        [DIME_KIND_OBJECT] = "object",
    };
    const char *name = NAMES[field->kind];
    if (field->shape == DIME_MANY)
        buffer_printf(words, "list of %ss", name);
    else if (field->shape == DIME_MAP)
        buffer_printf(words, "map of %s to %ss", field->whole_names ? "whole numbers" : "names",
                      name);
    else if (field->kind == DIME_KIND_BOOLEAN)
        buffer_puts(words, "true or false");
    else if (field->kind == DIME_KIND_CHOICE)
        buffer_puts(words, "one of");
    else
        buffer_puts(words, name);
    for (size_t i = 0; field->choices && field->choices[i]; i++) {
        buffer_puts(words, i ? ", " : " ");
        buffer_puts(words, field->choices[i]);
    }
    buffer_puts(words, field->lines ? " of several lines," : "");
    put_limits_in_words(words, field);
    if (field->shape != DIME_ONE)
        buffer_printf(words, ", at most %zu of them", field_most(field));
    if (field->types) {
        buffer_puts(words, ": ");
        buffer_puts(words, field->types);
    }
}

/* Whether the field is required, or its default. */
static void put_need(struct buffer *words, bool required, const char *fallback)
{
    if (required)
        buffer_puts(words, " (required)");
    if (!fallback)
        return;
    buffer_puts(words, " (default: ");
    buffer_puts(words, fallback);
    buffer_puts(words, ")");
}

/* The name of a field or a setting, and the words beside it. */
static void put_named(struct buffer *out, const char *name, size_t indent,
                      const struct buffer *words)
{
    buffer_printf(out, "%*s", (int)indent, "");
    buffer_puts(out, name);
    put_beside(out, indent + strlen(name), text_trim(buffer_text(words)));
    out->failed = out->failed || words->failed;
}

__attribute__((cold)) static void put_table(struct buffer *out, const dime_field *fields,
                                            size_t count, size_t indent)
{
    for (size_t i = 0; i < count; i++) {
        struct buffer words;
        buffer_open(&words, out->arena, HELP_WORDS_MAX);
        put_what(&words, &fields[i]);
        put_need(&words, fields[i].required, fields[i].fallback);
        put_named(out, fields[i].name, indent, &words);
        if (fields[i].help)
            put_beside(out, 0, text_of(fields[i].help));
        put_table(out, fields[i].fields, fields[i].field_count, indent + 2);
    }
    if (count && indent == 2)
        buffer_puts(out, "\n");
}

void help_write(const dime_function *function, struct buffer *out)
{
    if (function->field_count)
        buffer_puts(out, "Its fields:\n\n");
    put_table(out, function->fields, function->field_count, 2);
    for (size_t i = 0; i < function->route_count; i++) {
        buffer_puts(out, function->routes[i].pattern);
        buffer_puts(out, "\n\n");
        put_table(out, function->routes[i].fields, function->routes[i].field_count, 2);
    }
    if (function->setting_count)
        buffer_puts(out, "Its settings, in the environment:\n\n");
    for (size_t i = 0; i < function->setting_count; i++) {
        const dime_setting *setting = &function->settings[i];
        struct buffer words;
        buffer_open(&words, out->arena, HELP_WORDS_MAX);
        buffer_puts(&words, setting->help ? setting->help : "");
        put_need(&words, setting->required, setting->secret ? NULL : setting->fallback);
        put_named(out, setting->name, 2, &words);
    }
    if (function->setting_count)
        buffer_puts(out, "\n");
}
