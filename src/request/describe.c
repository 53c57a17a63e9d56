/*
 * describe.c - writes a function's description from its table.
 *
 * A member is left out if it says nothing: a limit of a kind that has none, or a boolean that is
 * false. So a reader takes an absent number for no limit, and an absent boolean for false.
 */
#include "request/describe.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "config.h"
#include "request/call.h"
#include "request/function.h"
#include "request/help.h"
#include "request/route.h"

enum { DESCRIBE_MAX = 1024 * 1024 };

static void put_field_table(dime_json *outer, const dime_field *fields, size_t count);

static void put_limits(dime_json *json, const dime_field *field)
{
    if (field->kind == DIME_KIND_BOOLEAN || field->kind == DIME_KIND_CHOICE ||
        field->kind == DIME_KIND_OBJECT)
        return;
    if (field_min(field) != INT64_MIN)
        dime_put_integer(json, "min", field_min(field));
    if (field_max(field) != INT64_MAX)
        dime_put_integer(json, "max", field_max(field));
    if (field->kind == DIME_KIND_DECIMAL)
        dime_put_integer(json, "places", field->places);
}

static void put_flag(dime_json *json, const char *name, bool flag)
{
    if (flag)
        dime_put_boolean(json, name, true);
}

static void put_words_if_any(dime_json *json, const char *name, const char *words)
{
    if (words)
        dime_put_string(json, name, words);
}

__attribute__((cold)) static void put_field(dime_json *json, const dime_field *field)
{
    static const char KINDS[][8] = {
        [DIME_KIND_TEXT] = "text",       [DIME_KIND_NUMBER] = "number",
        [DIME_KIND_DECIMAL] = "decimal", [DIME_KIND_INTEGER] = "integer",
        [DIME_KIND_BOOLEAN] = "boolean", [DIME_KIND_CHOICE] = "choice",
        [DIME_KIND_FILE] = "file",       [DIME_KIND_JSON] = "json",
        [DIME_KIND_OBJECT] = "object",
    };
    dime_put_string(json, "name", field->name);
    dime_put_string(json, "kind", KINDS[field->kind]);
    if (field->shape != DIME_ONE)
        dime_put_string(json, "shape", field->shape == DIME_MANY ? "list" : "map");
    put_words_if_any(json, "help", field->help);
    put_flag(json, "required", field->required);
    put_words_if_any(json, "fallback", field->fallback);
    put_limits(json, field);
    if (field->shape != DIME_ONE)
        dime_put_integer(json, "most", (int64_t)field_most(field));
    put_flag(json, "wholeNames", field->whole_names);
    put_flag(json, "lines", field->lines);
    put_words_if_any(json, "types", field->types);
    dime_json *choices = field->choices ? dime_put_array(json, "choices") : NULL;
    for (size_t i = 0; choices && field->choices[i]; i++)
        dime_put_string(choices, NULL, field->choices[i]);
    if (field->kind == DIME_KIND_OBJECT)
        put_field_table(json, field->fields, field->field_count);
}

static void put_field_table(dime_json *outer, const dime_field *fields, size_t count)
{
    dime_json *list = dime_put_array(outer, "fields");
    for (size_t i = 0; i < count; i++)
        put_field(dime_put_object(list, NULL), &fields[i]);
}

static void put_methods(dime_json *json, unsigned methods)
{
    static const enum dime_method ALL[] = {DIME_GET, DIME_POST, DIME_PUT, DIME_PATCH, DIME_DELETE};
    dime_json *list = dime_put_array(json, "methods");
    for (size_t i = 0; i < sizeof ALL / sizeof *ALL; i++) {
        if (methods & ALL[i])
            dime_put_text(list, NULL, request_method_name(ALL[i]));
    }
}

/* A function that only takes GET reads, unless its table says more: see enum dime_effects. */
static void put_effects(dime_json *json, enum dime_effects effects, unsigned methods)
{
    static const char EFFECTS[][16] = {
        [DIME_CREATES] = "creates", [DIME_IDEMPOTENT] = "idempotent", [DIME_READS] = "reads"};
    bool reads = effects == DIME_CREATES && methods == DIME_GET;
    dime_put_string(json, "effects", EFFECTS[reads ? DIME_READS : effects]);
}

/* Writes a comma-separated list of numbers as JSON numbers. */
static void put_statuses(dime_json *json, const char *statuses)
{
    dime_text rest = text_of(statuses), one;
    dime_json *list = statuses ? dime_put_array(json, "statuses") : NULL;
    while (list && text_cut(&rest, ',', &one))
        dime_put_integer(list, NULL, strtol(text_trim(one).data, NULL, 10));
}

/* Writes what a function or a route answers with. */
static void put_answers(dime_json *json, const char *answers, const char *statuses,
                        const char *schema)
{
    put_words_if_any(json, "answers", answers);
    put_statuses(json, statuses);
    if (schema)
        dime_put_raw(json, "schema", text_trim(text_of(schema)));
}

static void put_routes(dime_json *json, const dime_function *function)
{
    dime_json *list = dime_put_array(json, "routes");
    for (size_t i = 0; i < function->route_count; i++) {
        const dime_route *route = &function->routes[i];
        dime_json *one = dime_put_object(list, NULL);
        dime_put_string(one, "pattern", route->pattern);
        put_effects(one, route->effects, route_method(route));
        put_answers(one, route->answers, route->statuses, route->schema);
        put_field_table(one, route->fields, route->field_count);
    }
}

/* The message of a web server that rejects a body as too large. */
static void put_body_limit(dime_json *json, const dime_function *function)
{
    char words[FUNCTION_LIMIT_WORDS];
    const dime_field *fields = function->fields;
    size_t count = function->field_count;
    for (size_t i = 0; i < function->route_count && !field_file(fields, count); i++) {
        fields = function->routes[i].fields;
        count = function->routes[i].field_count;
    }
    function_limit_words(function, fields, count, words);
    dime_put_integer(json, "bodyMax", (int64_t)function_body_max(function));
    dime_put_string(json, "tooLarge", words);
}

static void put_settings(dime_json *json, const dime_function *function)
{
    dime_json *list = dime_put_array(json, "settings");
    for (size_t i = 0; i < function->setting_count; i++) {
        const dime_setting *setting = &function->settings[i];
        dime_json *one = dime_put_object(list, NULL);
        dime_put_string(one, "name", setting->name);
        put_words_if_any(one, "help", setting->help);
        put_flag(one, "required", setting->required);
        put_flag(one, "secret", setting->secret);
        put_words_if_any(one, "fallback", setting->secret ? NULL : setting->fallback);
    }
}

/* A description is written like an answer, to a call that no client made. */
void describe_write(const dime_function *function, struct buffer *json)
{
    struct response response;
    struct request request = {.arena = json->arena, .id = TEXT("")};
    struct dime_call call;
    struct dime_json root;
    struct buffer help;
    response_open(&response, json->arena);
    call_open(&call, function, &request, &response);
    json_scope_open(&root, &call, json, false);
    dime_put_integer(&root, "dime", DESCRIBE_VERSION);
    dime_put_string(&root, "name", function->name);
    dime_put_string(&root, "summary", function->summary);
    dime_put_string(&root, "version", PACKAGE_VERSION);
    put_methods(&root, function_methods(function));
    put_effects(&root, function->effects, function_methods(function));
    put_body_limit(&root, function);
    put_flag(&root, "heavy", function->heavy);
    put_flag(&root, "network", function->network);
    put_flag(&root, "keepsFiles", function->keeps_files);
    put_words_if_any(&root, "jsonTypes", function->json_types);
    put_answers(&root, function->answers, function->statuses, function->schema);
    put_field_table(&root, function->fields, function->field_count);
    if (function->route_count)
        put_routes(&root, function);
    if (function->setting_count)
        put_settings(&root, function);
    buffer_open(&help, json->arena, DESCRIBE_MAX);
    help_write(function, &help);
    if (help.length)
        dime_put_text(&root, "help", buffer_text(&help));
    json->failed = json->failed || help.failed;
    json_scope_end(&root);
}

bool describe_print(const dime_function *function)
{
    struct arena arena;
    struct buffer json;
    struct json_value all_of_it;
    struct json_error error;
    arena_open(&arena, (size_t)4 * DESCRIBE_MAX);
    buffer_open(&json, &arena, DESCRIBE_MAX);
    describe_write(function, &json);
    dime_text all = buffer_text(&json);
    bool is_json = json.failed || json_check(all, &arena, &all_of_it, &error);
    if (!is_json)
        fprintf(stderr, "%s: a schema isn't JSON: %s\n", function->name, error.message);
    bool fine = is_json && !json.failed && fwrite(all.data, 1, all.length, stdout) == all.length &&
                putchar('\n') != EOF && fflush(stdout) == 0;
    arena_close(&arena);
    return fine;
}
