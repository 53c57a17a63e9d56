/*
 * hello.c - the smallest function, and the one to copy for your own.
 *
 * It has one field, answers in JSON, and leaves everything else to dime: reading the field from a
 * query, a form or JSON, the page for a browser, problems, limits, HEAD, OPTIONS and the log.
 */
#include "function.h"

static const dime_field FIELDS[] = {
    {.name = "name", .kind = FIELD_TEXT, .min = 1, .max = 200, .help = "whom to greet"},
    {0},
};

static void handle(const struct request *request, struct response *response)
{
    dime_text name = field_given(request, "name") ? field_text(request, "name") : TEXT("world");
    struct buffer message;
    buffer_open(&message, request->arena, 1024);
    buffer_puts(&message, "hello ");
    buffer_put(&message, name);

    struct buffer *json = response_json(response);
    buffer_puts(json, "{\"message\":");
    buffer_json(json, buffer_text(&message));
    buffer_puts(json, "}");
}

const dime_function function_hello = {
    .name = "hello",
    .summary = "Says hello",
    .methods = METHOD_GET | METHOD_POST,
    .body_max = 8 * 1024,
    .fields = FIELDS,
    .handle = handle,
};
