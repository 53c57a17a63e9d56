/*
 * answer.c - a finished response in the form that the sender of the event expects.
 *
 * Gateways expect a status, headers as an object of texts, and the body as text; binary bodies are
 * sent in base64. A response may set several cookies, so each gateway has its own place for them.
 */
#include <stdio.h>

#include "base/json_put.h"
#include "request/response.h"
#include "events/members.h"

enum {
    JOINED_MAX = 64 * 1024,
    /* From the quotas of API Gateway, and of load balancers with a Lambda target. */
    GATEWAY_HEADERS_MAX = 10240,
    BALANCER_ANSWER_MAX = 1 << 20,
};

static bool is_cookie(const struct header *header)
{
    return text_equal_nocase(header->name, TEXT("Set-Cookie"));
}

/* Media types that are text although they aren't text/...; some also as a suffix after a '+'. */
static bool is_text_type(const char *content_type)
{
    static const char *const TYPES[] = {"application/json", "application/xml",
                                        "application/javascript", "application/yaml",
                                        "application/x-www-form-urlencoded"};
    static const char *const SUFFIXES[] = {"+json", "+xml", "+yaml"};
    dime_text type = text_media_type(text_of(content_type));
    if (text_starts_nocase(type, TEXT("text/")))
        return true;
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
        if (text_equal_nocase(type, text_of(TYPES[i])))
            return true;
    }
    for (size_t i = 0; i < sizeof SUFFIXES / sizeof *SUFFIXES; i++) {
        if (text_ends_nocase(type, text_of(SUFFIXES[i])))
            return true;
    }
    return false;
}

static bool is_binary(const struct response *response, dime_text body)
{
    return response_has_header(response, response->header_count, TEXT("Content-Encoding")) ||
           !is_text_type(response->content_type) || !text_is_utf8(body);
}

/* Writes the values of this header and of later ones with its name, each as a JSON string. */
static void put_list(const struct response *response, size_t index, struct buffer *out)
{
    json_begin_array(out, NULL);
    for (size_t i = index; i < response->header_count; i++) {
        if (text_equal_nocase(response->headers[i].name, response->headers[index].name))
            json_put_text(out, NULL, response->headers[i].value);
    }
    json_end_array(out);
}

/* The same as one JSON string: a repeated header is a list (RFC 9110, section 5.3). */
static void put_joined(const struct response *response, size_t index, struct buffer *out)
{
    const struct header *header = &response->headers[index];
    dime_text value = header->value;
    struct buffer joined;
    buffer_open(&joined, response->arena, JOINED_MAX);
    for (size_t i = index + 1; i < response->header_count; i++) {
        if (!text_equal_nocase(response->headers[i].name, header->name) || is_cookie(header))
            continue;
        buffer_put(&joined, joined.length ? TEXT("") : value);
        buffer_puts(&joined, ", ");
        buffer_put(&joined, response->headers[i].value);
        value = buffer_text(&joined);
    }
    out->failed = out->failed || joined.failed;
    json_put_text(out, NULL, value);
}

static void put_content_type(const struct response *response, bool list, struct buffer *out)
{
    if (!response->content_type)
        return;
    json_put_name(out, TEXT("Content-Type"));
    if (list)
        json_begin_array(out, NULL);
    json_put_text(out, NULL, text_of(response->content_type));
    if (list)
        json_end_array(out);
}

/*
 * Writes the name for one of several cookies. An object has each name only once, and cookies can't
 * be joined. But names that differ in case are different in JSON and the same in HTTP (RFC 9110,
 * section 5.1).
 */
static void put_cookie_name(size_t number, struct buffer *out)
{
    char name[] = "Set-Cookie";
    for (size_t i = 4; name[i]; i++) {
        if (number >> (i - 4) & 1)
            name[i] ^= 'a' ^ 'A';
    }
    json_put_name(out, text_of(name));
}

static void put_answer_headers(const struct response *response, bool list, bool cookies,
                               struct buffer *out)
{
    size_t cookie = 0;
    json_begin_object(out, list ? "multiValueHeaders" : "headers");
    put_content_type(response, list, out);
    for (size_t i = 0; i < response->header_count; i++) {
        const struct header *header = &response->headers[i];
        bool stands_alone = is_cookie(header) && !list;
        if (stands_alone ? !cookies : response_has_header(response, i, header->name))
            continue;
        if (stands_alone)
            put_cookie_name(cookie++, out);
        else
            json_put_name(out, header->name);
        (list ? put_list : put_joined)(response, i, out);
    }
    json_end_object(out);
}

/* Writes the cookies of an answer, for a gateway that has a place for them. */
static void put_answer_cookies(const struct event *event, const struct response *response,
                               struct buffer *out)
{
    size_t first = 0;
    while (first < response->header_count && !is_cookie(&response->headers[first]))
        first++;
    if (first == response->header_count)
        return;
    bool newer = event->shape == EVENT_GATEWAY_V2;
    if (!newer)
        json_begin_object(out, "multiValueHeaders");
    json_put_name(out, newer ? TEXT("cookies") : TEXT("Set-Cookie"));
    put_list(response, first, out);
    if (!newer)
        json_end_object(out);
}

static void put_answer_body(const struct event *event, const struct response *response,
                            struct buffer *out)
{
    dime_text body = TEXT("");
    if (event->request.method != DIME_HEAD && response->content_type)
        body = buffer_text(&response->body);
    bool binary = body.length && is_binary(response, body);
    (binary ? json_put_base64 : json_put_text)(out, "body", body);
    json_put_boolean(out, "isBase64Encoded", binary);
}

static void answer_http(const struct event *event, const struct response *response,
                        struct buffer *out)
{
    bool gateway = event->shape == EVENT_GATEWAY_V1 || event->shape == EVENT_GATEWAY_V2;
    char description[64];
    json_begin_object(out, NULL);
    json_put_integer(out, "statusCode", response->status);
    if (event->shape == EVENT_BALANCER || event->shape == EVENT_LATTICE) {
        snprintf(description, sizeof description, "%d %s", response->status,
                 status_phrase(response->status));
        json_put_text(out, "statusDescription", text_of(description));
    }
    put_answer_headers(response, event->multi_values, !gateway, out);
    if (gateway)
        put_answer_cookies(event, response, out);
    put_answer_body(event, response, out);
    json_end_object(out);
}

size_t event_header_bytes(const struct response *response)
{
    const size_t around = sizeof ": \r\n" - 1;
    size_t total = 0;
    if (response->content_type)
        total = sizeof "Content-Type" - 1 + strlen(response->content_type) + around;
    for (size_t i = 0; i < response->header_count; i++)
        total += response->headers[i].name.length + response->headers[i].value.length + around;
    return total;
}

struct event_limits event_limits_of(const struct event *event)
{
    struct event_limits limits = {SIZE_MAX, SIZE_MAX};
    if (event->shape == EVENT_GATEWAY_V1 || event->shape == EVENT_GATEWAY_V2)
        limits.headers = GATEWAY_HEADERS_MAX;
    if (event->shape == EVENT_BALANCER)
        limits.answer = BALANCER_ANSWER_MAX;
    return limits;
}

void event_answer(const struct event *event, const struct response *response, struct buffer *out)
{
    (event->shape == EVENT_QUEUE ? queue_answer : answer_http)(event, response, out);
}

void event_prelude(const struct event *event, const struct response *response, struct buffer *out)
{
    json_begin_object(out, NULL);
    json_put_integer(out, "statusCode", response->status);
    put_answer_headers(response, false, false, out);
    put_answer_cookies(event, response, out);
    json_end_object(out);
}
