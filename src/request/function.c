/*
 * function.c - the defaults of a function's table, and the check of the table.
 *
 * The compiler has checked that a field's member exists and has the right type. What it can't see
 * is checked here once per start. This takes a microsecond, and an author learns of a mistake at
 * the first run, not from a request.
 */
#include "request/function.h"

#include <stdarg.h>
#include <stdio.h>

#include "request/fields.h"
#include "request/route.h"

enum { FALLBACK_WHY = 256 };

/* A file may be sent in base64, which is a third longer. */
static size_t body_of_fields(const dime_field *fields, size_t count)
{
    size_t files = 0;
    for (size_t i = 0; i < count; i++) {
        if (fields[i].kind == DIME_KIND_FILE)
            files += (size_t)field_max(&fields[i]);
    }
    return FUNCTION_BODY_MAX + files / 3 * 4;
}

size_t function_body_max(const dime_function *function)
{
    if (function->body_max)
        return function->body_max;
    size_t most = body_of_fields(function->fields, function->field_count);
    for (size_t i = 0; i < function->route_count; i++) {
        const dime_route *route = &function->routes[i];
        size_t body = body_of_fields(route->fields, route->field_count);
        most = body > most ? body : most;
    }
    return most;
}

void function_limit_words(const dime_function *function, const dime_field *fields, size_t count,
                          char words[FUNCTION_LIMIT_WORDS])
{
    const dime_field *file = field_file(fields, count);
    size_t most = function_body_max(function);
    if (file && file->help)
        snprintf(words, FUNCTION_LIMIT_WORDS, "Send %s; all together may have at most %zu bytes.",
                 file->help, most);
    else
        snprintf(words, FUNCTION_LIMIT_WORDS, "Send at most %zu bytes.", most);
}

unsigned function_methods(const dime_function *function)
{
    unsigned methods = 0;
    for (size_t i = 0; i < function->route_count; i++)
        methods |= route_method(&function->routes[i]);
    if (methods)
        return methods;
    return function->methods ? function->methods : DIME_GET | DIME_POST;
}

/* Where errors are written. */
struct proof {
    char *why;
    size_t size;
};

__attribute__((format(printf, 2, 3))) static bool disprove(const struct proof *proof,
                                                           const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(proof->why, proof->size, format, arguments);
    va_end(arguments);
    return false;
}

__attribute__((cold)) static bool prove_fields(const struct proof *proof, const dime_field *fields,
                                               size_t count, size_t size, int depth);

static bool prove_fallback(const struct proof *proof, const dime_field *field)
{
    char wrong[FALLBACK_WHY];
    if (!field->fallback || fields_fallback_fits(field, wrong, sizeof wrong))
        return true;
    return disprove(proof, "the field %s has a fallback %s", field->name, wrong);
}

static bool prove_field(const struct proof *proof, const dime_field *field, int depth)
{
    const char *name = field->name;
    if (field->kind < DIME_KIND_TEXT || field->kind > DIME_KIND_OBJECT)
        return disprove(proof, "the field %s has no kind; write it with one of dime.h's macros",
                        name);
    if (field_min(field) > field_max(field))
        return disprove(proof, "the field %s has a min that is above its max", name);
    if (field->places < 0 || field->places > FUNCTION_PLACES_MAX)
        return disprove(proof, "the field %s has %d places; an int64_t has room for 0 to %d", name,
                        field->places, FUNCTION_PLACES_MAX);
    if (field->kind == DIME_KIND_CHOICE && (!field->choices || !field->choices[0]))
        return disprove(proof, "the field %s has no choices; add .choices = NAMES", name);
    if (field->required && field->fallback)
        return disprove(proof, "the field %s is required, so its fallback is never used", name);
    if (field->kind != DIME_KIND_OBJECT)
        return prove_fallback(proof, field);
    if (field->fallback)
        return disprove(proof, "the field %s is an object, which takes no fallback", name);
    return prove_fields(proof, field->fields, field->field_count, field->size, depth + 1);
}

__attribute__((cold)) static bool prove_fields(const struct proof *proof, const dime_field *fields,
                                               size_t count, size_t size, int depth)
{
    if (depth > FUNCTION_DEPTH_MAX)
        return disprove(proof, "tables of fields are nested more than %d deep", FUNCTION_DEPTH_MAX);
    for (size_t i = 0; i < count; i++) {
        const char *name = fields[i].name;
        if (!name || !*name)
            return disprove(proof,
                            "the field %zu of a table has no name; write it with one of "
                            "dime.h's macros",
                            i + 1);
        if (field_find(fields, i, text_of(name)))
            return disprove(proof, "the field %s stands in its table twice", name);
        size_t end =
            fields[i].offset +
            (fields[i].shape == DIME_ONE ? fields[i].size : sizeof(void *) + sizeof(size_t));
        if (end > size)
            return disprove(proof, "the field %s lies outside of the struct that DIME_INPUT names",
                            name);
        if (!prove_field(proof, &fields[i], depth))
            return false;
    }
    return true;
}

static bool prove_route(const struct proof *proof, const dime_route *route)
{
    if (!route->handle)
        return disprove(proof, "the route \"%s\" has no handler", route->pattern);
    const char *wrong = route_wrong(route);
    if (wrong)
        return disprove(proof, "the route \"%s\" %s", route->pattern, wrong);
    return prove_fields(proof, route->fields, route->field_count, route->input_size, 1);
}

bool function_check(const dime_function *function, char *why, size_t size)
{
    const struct proof proof = {why, size};
    if (!function->summary)
        return disprove(&proof, "it has no summary; add .summary = \"Says hello\"");
    if (!function->handle == !function->route_count)
        return disprove(&proof, "it needs either .handle or DIME_ROUTES");
    for (size_t i = 0; i < function->route_count; i++) {
        if (!prove_route(&proof, &function->routes[i]))
            return false;
    }
    for (size_t i = 0; i < function->setting_count; i++) {
        const dime_setting *setting = &function->settings[i];
        if (!setting->name)
            return disprove(&proof, "the setting %zu has no name", i + 1);
        if (setting->required && setting->fallback)
            return disprove(&proof, "the setting %s is required, so its fallback is never used",
                            setting->name);
    }
    return prove_fields(&proof, function->fields, function->field_count, function->input_size, 1);
}
