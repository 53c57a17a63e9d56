/*
 * extension.c - two requests: one registers, the other asks for an event that never comes.
 *
 * They have a connection of their own, since the second request occupies it for good. That request
 * is sent and never waited for, so this needs no thread. The id in the first response is a header
 * of the second request. A runtime_link would do too, but its multi handle keeps a table of
 * sockets, and its extra pages of memory slow the start.
 */
#include "hosts/lambda/extension.h"

#include <stdio.h>

#include "request/log.h"
#include "hosts/lambda/runtime_link.h"

enum { REGISTER_MS = 3000, EXTENSION_ROOM = 1024 };

static size_t take_identifier(char *data, size_t size, size_t count, void *of)
{
    static const dime_text NAME = {"Lambda-Extension-Identifier", 27};
    struct extension *extension = of;
    dime_text line = {data, size * count}, name, rest = line;
    if (!text_cut(&rest, ':', &name) || !rest.data || !text_equal_nocase(name, NAME))
        return line.length;
    dime_text id = text_trim(rest);
    if (id.length < sizeof extension->id && !memchr(id.data, '\r', id.length)) {
        memcpy(extension->id, id.data, id.length);
        extension->id[id.length] = '\0';
    }
    return line.length;
}

static size_t take_nothing(char *data, size_t size, size_t count, void *of)
{
    (void)data, (void)of;
    return size * count;
}

static int note_asking(void *of, char *address, char *local, int port, int local_port)
{
    struct extension *extension = of;
    (void)address, (void)local, (void)port, (void)local_port;
    extension->asked = true;
    return CURL_PREREQFUNC_OK;
}

/* Runs the request until it has been answered, or only until it has been sent if that suffices. */
static void work_until(struct extension *extension, const bool *sent)
{
    int running = 0;
    if (curl_multi_add_handle(extension->multi, extension->handle) != CURLM_OK)
        return;
    while (curl_multi_perform(extension->multi, &running) == CURLM_OK && running && !*sent)
        (void)curl_multi_wait(extension->multi, NULL, 0, REGISTER_MS, NULL);
}

static bool register_it(struct extension *extension, const char *function)
{
    static const char EVENTS[] = "{\"events\":[]}";
    static const bool NEVER = false;
    char line[128];
    struct curl_slist name = {.data = line, .next = &runtime_json_type};
    CURL *post = extension->handle;
    snprintf(line, sizeof line, "Lambda-Extension-Name: dime-%s", function);
    curl_easy_setopt(post, CURLOPT_REQUEST_TARGET, "/2020-01-01/extension/register");
    curl_easy_setopt(post, CURLOPT_HTTPHEADER, &name);
    curl_easy_setopt(post, CURLOPT_POSTFIELDS, EVENTS);
    curl_easy_setopt(post, CURLOPT_POSTFIELDSIZE, (long)sizeof EVENTS - 1);
    curl_easy_setopt(post, CURLOPT_TIMEOUT_MS, (long)REGISTER_MS);
    curl_easy_setopt(post, CURLOPT_BUFFERSIZE, (long)EXTENSION_ROOM);
    curl_easy_setopt(post, CURLOPT_HEADERFUNCTION, take_identifier);
    curl_easy_setopt(post, CURLOPT_HEADERDATA, extension);
    curl_easy_setopt(post, CURLOPT_WRITEFUNCTION, take_nothing);
    work_until(extension, &NEVER);
    curl_multi_remove_handle(extension->multi, post);
    return runtime_link_status(post) == 200 && extension->id[0];
}

/* Sends the request on the connection, or on a new one, and leaves it unanswered. */
static bool ask_for_event(struct extension *extension)
{
    char line[128];
    struct curl_slist id = {.data = line, .next = &runtime_no_accept};
    CURL *get = extension->handle;
    snprintf(line, sizeof line, "Lambda-Extension-Identifier: %s", extension->id);
    curl_easy_setopt(get, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(get, CURLOPT_REQUEST_TARGET, "/2020-01-01/extension/event/next");
    curl_easy_setopt(get, CURLOPT_HTTPHEADER, &id);
    curl_easy_setopt(get, CURLOPT_PREREQFUNCTION, note_asking);
    curl_easy_setopt(get, CURLOPT_PREREQDATA, extension);
    work_until(extension, &extension->asked);
    curl_easy_setopt(get, CURLOPT_HTTPHEADER, NULL);
    return extension->asked;
}

static bool open_handle(struct extension *extension, const char *address)
{
    *extension = (struct extension){.base = runtime_link_make_base(address)};
    extension->multi = curl_multi_init();
    extension->handle = runtime_link_make_handle(extension->base);
    return extension->base && extension->multi && extension->handle;
}

void extension_open(struct extension *extension, const char *address, const char *function)
{
    if (!open_handle(extension, address) || !register_it(extension, function) ||
        !ask_for_event(extension))
        log_say(LOG_LEVEL_WARN, function, 0,
                "Lambda accepts no extension here, so it may not send SIGTERM before the end");
}

void extension_close(struct extension *extension)
{
    if (extension->handle)
        curl_multi_remove_handle(extension->multi, extension->handle);
    curl_easy_cleanup(extension->handle);
    if (extension->multi)
        curl_multi_cleanup(extension->multi);
    curl_url_cleanup(extension->base);
}
