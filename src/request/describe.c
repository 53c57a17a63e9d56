/*
 * describe.c - writes a function's description from its table.
 *
 * A member is there where it says something: a limit for the kinds that have it, `true` for what is
 * so. So a reader takes an absent number for none, and an absent boolean for false.
 */
#include "request/describe.h"

#include <stdio.h>

#include "config.h"

enum { DESCRIBE_MAX = 1024 * 1024 };

static void describe_text(struct buffer *json, const char *name, const char *value)
{
    if (!value)
        return;
    buffer_printf(json, ",\"%s\":", name);
    buffer_json(json, text_of(value));
}

static void describe_number(struct buffer *json, const char *name, int64_t value)
{
    buffer_printf(json, ",\"%s\":", name);
    buffer_int64(json, value);
}

static void describe_flag(struct buffer *json, const char *name, bool value)
{
    if (value)
        buffer_printf(json, ",\"%s\":true", name);
}

static const char *kind_of(const dime_field *field)
{
    static const char *const KINDS[] = {
        [FIELD_TEXT] = "text",       [FIELD_NUMBER] = "number", [FIELD_BOOLEAN] = "boolean",
        [FIELD_INTEGER] = "integer", [FIELD_LIST] = "list",     [FIELD_MAP] = "map",
        [FIELD_FILE] = "file",       [FIELD_JSON] = "json",
    };
    return KINDS[field->kind];
}

static void describe_field(struct buffer *json, const dime_field *field)
{
    bool items = field->kind == FIELD_LIST || field->kind == FIELD_MAP;
    buffer_puts(json, "{\"name\":");
    buffer_json(json, text_of(field->name));
    describe_text(json, "kind", kind_of(field));
    describe_text(json, "help", field->help);
    describe_flag(json, "required", field->required);
    if (field->kind != FIELD_BOOLEAN) {
        describe_number(json, "min", field->min);
        describe_number(json, "max", field->max);
    }
    if (items)
        describe_number(json, "most", (int64_t)field->most);
    describe_flag(json, "lines", field->lines);
    describe_text(json, "types", field->types);
    buffer_puts(json, "}");
}

static void describe_methods(struct buffer *json, unsigned methods)
{
    buffer_puts(json, ",\"methods\":[");
    buffer_puts(json, methods & METHOD_GET ? "\"GET\"" : "");
    buffer_puts(json, methods & METHOD_GET && methods & METHOD_POST ? "," : "");
    buffer_puts(json, methods & METHOD_POST ? "\"POST\"" : "");
    buffer_puts(json, "]");
}

void describe_write(const dime_function *function, struct buffer *json)
{
    buffer_printf(json, "{\"dime\":%d", DESCRIBE_VERSION);
    describe_text(json, "name", function->name);
    describe_text(json, "summary", function->summary);
    describe_text(json, "version", PACKAGE_VERSION);
    describe_methods(json, function->methods);
    describe_number(json, "bodyMax", (int64_t)function->body_max);
    describe_flag(json, "heavy", function->heavy);
    describe_flag(json, "streams", function->streams);
    buffer_puts(json, ",\"fields\":[");
    for (const dime_field *field = function->fields; field && field->name; field++) {
        buffer_puts(json, field == function->fields ? "" : ",");
        describe_field(json, field);
    }
    buffer_puts(json, "]}");
}

bool describe_print(const dime_function *function)
{
    struct arena arena;
    struct buffer json;
    arena_open(&arena, (size_t)2 * DESCRIBE_MAX);
    buffer_open(&json, &arena, DESCRIBE_MAX);
    describe_write(function, &json);
    dime_text all = buffer_text(&json);
    bool fine = !json.failed && fwrite(all.data, 1, all.length, stdout) == all.length &&
                putchar('\n') != EOF && fflush(stdout) == 0;
    arena_close(&arena);
    return fine;
}
