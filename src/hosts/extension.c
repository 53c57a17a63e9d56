/*
 * extension.c - two requests: to register, and for an event that never comes.
 *
 * They have a connection of their own, since the second one holds it for good. It is sent at once
 * and never waited for, so this needs no thread. The id that the first brings is a header of the
 * second.
 */
#include "hosts/extension.h"

#include <stdio.h>

#include "core/log.h"

enum { PATIENCE_MS = 3000 };

static struct curl_slist no_accept = {.data = (char[]){"Accept:"}};
static struct curl_slist json_type = {.data = (char[]){"Content-Type: application/json"},
                                      .next = &no_accept};

static size_t take_line(char *data, size_t size, size_t count, void *of)
{
    static const struct text NAME = {"Lambda-Extension-Identifier", 27};
    struct extension *extension = of;
    struct text line = {data, size * count}, name, rest = line;
    if (!text_cut(&rest, ':', &name) || !rest.data || !text_equal_nocase(name, NAME))
        return line.length;
    struct text id = text_trim(rest);
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

static bool register_it(struct extension *extension, const char *function)
{
    static const char EVENTS[] = "{\"events\":[]}";
    char line[128];
    struct curl_slist name = {.data = line, .next = &json_type};
    CURL *post = extension->link.post;
    snprintf(line, sizeof line, "Lambda-Extension-Name: dime-%s", function);
    curl_easy_setopt(post, CURLOPT_REQUEST_TARGET, "/2020-01-01/extension/register");
    curl_easy_setopt(post, CURLOPT_HTTPHEADER, &name);
    curl_easy_setopt(post, CURLOPT_POSTFIELDS, EVENTS);
    curl_easy_setopt(post, CURLOPT_POSTFIELDSIZE, (long)sizeof EVENTS - 1);
    curl_easy_setopt(post, CURLOPT_TIMEOUT_MS, (long)PATIENCE_MS);
    curl_easy_setopt(post, CURLOPT_HEADERFUNCTION, take_line);
    curl_easy_setopt(post, CURLOPT_HEADERDATA, extension);
    curl_easy_setopt(post, CURLOPT_WRITEFUNCTION, take_nothing);
    runtime_link_begin(&extension->link, post);
    return runtime_link_end(&extension->link, post) == CURLE_OK &&
           runtime_link_status(post) == 200 && extension->id[0];
}

/* The connection is there, so this sends the whole question at once. */
static void ask(struct extension *extension)
{
    char line[128];
    struct curl_slist id = {.data = line, .next = &no_accept};
    CURL *get = extension->link.get;
    snprintf(line, sizeof line, "Lambda-Extension-Identifier: %s", extension->id);
    curl_easy_setopt(get, CURLOPT_REQUEST_TARGET, "/2020-01-01/extension/event/next");
    curl_easy_setopt(get, CURLOPT_HTTPHEADER, &id);
    curl_easy_setopt(get, CURLOPT_WRITEFUNCTION, take_nothing);
    runtime_link_begin(&extension->link, get);
    curl_easy_setopt(get, CURLOPT_HTTPHEADER, NULL);
}

void extension_open(struct extension *extension, const char *address, const char *function)
{
    extension->id[0] = '\0';
    if (runtime_link_open(&extension->link, address, -1) && register_it(extension, function))
        ask(extension);
    else
        log_say(LOG_LEVEL_WARN, function, 0,
                "Lambda takes no extension here, so SIGTERM may not come before the end");
}

void extension_close(struct extension *extension)
{
    curl_multi_remove_handle(extension->link.multi, extension->link.get);
    runtime_link_close(&extension->link);
}
