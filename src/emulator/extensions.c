/*
 * extensions.c - registers extensions, and keeps an event until it's requested.
 *
 * Only the latest event is kept for each extension. An extension that doesn't ask in time misses
 * earlier ones, but never the last one, SHUTDOWN. Lambda sends SHUTDOWN only to extensions outside
 * the bootstrap; here any extension can register for it.
 */
#include "emulator/extensions.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/json_put.h"
#include "emulator/replies.h"

enum { EXTENSIONS_MAX = 10, BODY_MEMORY_MAX = 64 * 1024 };

static void forbid(struct emu_exchange *exchange, const char *type, const char *message)
{
    emu_refuse_runtime(exchange, MHD_HTTP_FORBIDDEN, type, message);
}

/* Reads the events to register for. False: one is unknown, or the request isn't valid. */
static bool read_events(dime_text body, struct emu_extension *extension)
{
    struct arena arena;
    struct json_value document, events;
    struct json_error error;
    struct json_member item;
    arena_open(&arena, BODY_MEMORY_MAX);
    bool fine = json_check(body, &arena, &document, &error) && document.kind == JSON_OBJECT;
    if (fine && json_find(document, TEXT("events"), &events)) {
        struct json_cursor cursor = json_members(events, &arena);
        fine = events.kind == JSON_ARRAY;
        while (fine && json_next(&cursor, &item)) {
            bool shutdown = text_equal(item.value.raw, TEXT("\"SHUTDOWN\""));
            bool invoke = text_equal(item.value.raw, TEXT("\"INVOKE\""));
            extension->wants_shutdown |= shutdown;
            extension->wants_invoke |= invoke;
            fine = shutdown || invoke;
        }
    }
    arena_close(&arena);
    return fine;
}

static size_t count_extensions(const struct emu_environment *environment)
{
    size_t count = 0;
    for (const struct emu_extension *one = environment->extensions; one; one = one->next)
        count++;
    return count;
}

static void say_registered(struct emu_exchange *exchange, const struct emu_environment *environment,
                           const struct emu_extension *extension)
{
    char room[512];
    struct buffer body;
    buffer_over(&body, room, sizeof room);
    json_begin_object(&body, NULL);
    json_put_text(&body, "functionName", text_of(environment->lambda->name));
    json_put_text(&body, "functionVersion", TEXT("$LATEST"));
    json_put_text(&body, "handler", TEXT("bootstrap"));
    json_end_object(&body);
    buffer_puts(&body, "\n");
    struct MHD_Response *response = emu_reply_make(buffer_text(&body), EMU_JSON);
    emu_reply_header(response, "Lambda-Extension-Identifier", extension->id);
    emu_exchange_reply(exchange, MHD_HTTP_OK, response);
}

static void register_extension(struct emu_exchange *exchange, struct emu_environment *environment)
{
    struct emu_extension wanted = {0};
    const char *name = emu_exchange_header(exchange, "Lambda-Extension-Name");
    if (!name || !*name)
        forbid(exchange, "Extension.InvalidExtensionName", "Empty extension name");
    else if (environment->ready_ns)
        forbid(exchange, "Extension.RegistrationClosed", "Extension registration closed already");
    else if (count_extensions(environment) >= EXTENSIONS_MAX)
        forbid(exchange, "Extension.TooManyExtensions", "Extension limit (10) reached");
    else if (!read_events(emu_body_text(&exchange->body), &wanted))
        forbid(exchange, "InvalidRequestFormat", "Write {\"events\":[...]}");
    else {
        struct emu_extension *extension = malloc(sizeof *extension);
        if (!extension) {
            emu_exchange_reply(exchange, MHD_HTTP_INTERNAL_SERVER_ERROR, NULL);
            return;
        }
        *extension = wanted;
        extension->next = environment->extensions;
        environment->extensions = extension;
        emu_make_id(extension->id);
        say_registered(exchange, environment, extension);
    }
}

/* Delivers the kept event, if the extension waits for it. */
static void deliver(struct emu_extension *extension)
{
    if (!extension->waiting || !extension->event_length)
        return;
    const dime_text event = {extension->event, extension->event_length};
    struct MHD_Response *response = emu_reply_make(event, EMU_JSON);
    emu_reply_header(response, "Lambda-Extension-Identifier", extension->id);
    emu_exchange_reply(extension->waiting, MHD_HTTP_OK, response);
    extension->waiting = NULL;
    extension->event_length = 0;
}

/* Begins an event of this type for an extension, in place of the one before. */
static void begin_event(struct buffer *out, struct emu_extension *extension, const char *type)
{
    buffer_over(out, extension->event, sizeof extension->event);
    json_begin_object(out, NULL);
    json_put_text(out, "eventType", text_of(type));
}

/* Keeps the event, and delivers it if the extension waits for it. */
static void end_event(struct buffer *out, struct emu_extension *extension)
{
    json_end_object(out);
    buffer_puts(out, "\n");
    extension->event_length = out->length;
    deliver(extension);
}

static void next_event(struct emu_exchange *exchange, struct emu_environment *environment)
{
    const char *id = emu_exchange_header(exchange, "Lambda-Extension-Identifier");
    struct emu_extension *extension = environment->extensions;
    if (!id || !*id) {
        forbid(exchange, "Extension.MissingExtensionIdentifier", "Empty extension identifier");
        return;
    }
    while (extension && strcmp(extension->id, id) != 0)
        extension = extension->next;
    if (!extension) {
        forbid(exchange, "Extension.UnknownExtensionIdentifier", "Unknown extension");
        return;
    }
    /* It asks again on another connection, so the earlier one isn't used any more. */
    if (extension->waiting)
        emu_exchange_reply(extension->waiting, MHD_HTTP_SERVICE_UNAVAILABLE, NULL);
    extension->waiting = exchange;
    deliver(extension);
}

void emu_extensions_route(struct emu_exchange *exchange, struct emu_environment *environment,
                          dime_text rest)
{
    bool is_post = strcmp(exchange->method, "POST") == 0;
    if (is_post && text_equal(rest, TEXT("register")))
        register_extension(exchange, environment);
    else if (strcmp(exchange->method, "GET") == 0 && text_equal(rest, TEXT("event/next")))
        next_event(exchange, environment);
    else
        emu_refuse_runtime(exchange, MHD_HTTP_NOT_FOUND, "NotFound", "There is no such path");
}

void emu_extensions_invoke(struct emu_environment *environment, const struct emu_call *call)
{
    struct buffer out;
    int64_t deadline = clock_epoch_ms() + call->lambda->emulator->settings.timeout_ms;
    for (struct emu_extension *one = environment->extensions; one; one = one->next) {
        if (!one->wants_invoke)
            continue;
        begin_event(&out, one, "INVOKE");
        json_put_integer(&out, "deadlineMs", deadline);
        json_put_text(&out, "requestId", text_of(call->id));
        json_put_text(&out, "invokedFunctionArn", text_of(call->arn));
        json_begin_object(&out, "tracing");
        json_put_text(&out, "type", TEXT("X-Amzn-Trace-Id"));
        json_put_text(&out, "value", text_of(call->trace));
        json_end_object(&out);
        end_event(&out, one);
    }
}

void emu_extensions_shut_down(struct emu_environment *environment)
{
    struct buffer out;
    for (struct emu_extension *one = environment->extensions; one; one = one->next) {
        if (!one->wants_shutdown)
            continue;
        begin_event(&out, one, "SHUTDOWN");
        json_put_text(&out, "shutdownReason", TEXT("spindown"));
        json_put_integer(&out, "deadlineMs", clock_epoch_ms() + EMU_GRACE_MS);
        end_event(&out, one);
    }
}

void emu_extensions_free(struct emu_environment *environment)
{
    while (environment->extensions) {
        struct emu_extension *extension = environment->extensions;
        environment->extensions = extension->next;
        free(extension);
    }
}
