/*
 * url_event.c - writes a request as the event of a function URL, payload 2.0.
 *
 * Path and query go into the event undecoded. Header names are in lower case, and repeated headers
 * are joined by commas; cookies are also in a list of their own. The headers that a proxy adds are
 * set here, as AWS does; only X-Forwarded-For keeps its earlier value. A body is in base64 unless
 * its media type is text and its bytes are UTF-8.
 */
#include "emulator/url_event.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/json_put.h"
#include "emulator/guard.h"
#include "base/uri.h"

enum {
    EVENT_MEMORY_MAX = 3 * (8 * EMU_REQUEST_MAX),
    PARAMETERS_MAX = 256,
    ADDED = 4, /* headers that a proxy adds */
    PAIRS_MAX = EMU_HEADERS_MAX + ADDED,
};

_Static_assert(PAIRS_MAX >= PARAMETERS_MAX + 1, "one parameter too many must be noticed");

struct pair {
    dime_text name, value;
};

struct pairs {
    struct pair list[PAIRS_MAX];
    size_t count;
    struct arena *arena;
};

static void add_pair(struct pairs *pairs, dime_text name, dime_text value)
{
    if (pairs->count < PAIRS_MAX)
        pairs->list[pairs->count++] = (struct pair){name, value};
}

static dime_text in_lower_case(dime_text name, struct arena *arena)
{
    char *copy = arena_alloc(arena, name.length + 1);
    for (size_t i = 0; copy && i < name.length; i++)
        copy[i] = text_lower(name.data[i]);
    return (dime_text){copy ? copy : "", copy ? name.length : 0};
}

static enum MHD_Result add_sent_header(void *owner, enum MHD_ValueKind kind, const char *name,
                                       const char *value)
{
    static const char *const OURS[] = {"x-forwarded-proto", "x-forwarded-port", "x-amzn-trace-id"};
    struct pairs *pairs = owner;
    dime_text lower = in_lower_case(text_of(name), pairs->arena);
    (void)kind;
    for (size_t i = 0; i < sizeof OURS / sizeof *OURS; i++) {
        if (text_equal(lower, text_of(OURS[i])))
            return MHD_YES;
    }
    add_pair(pairs, lower, text_of(value));
    return MHD_YES;
}

/* Decodes a part of a query, in which '+' is a blank. An invalid escape is left unchanged. */
static dime_text decode(dime_text part, struct arena *arena)
{
    char *room = arena_alloc(arena, part.length + 1);
    if (!room)
        return part;
    for (size_t i = 0; i < part.length; i++)
        room[i] = part.data[i] == '+' ? ' ' : part.data[i];
    dime_text blanks = {room, part.length}, decoded;
    char *more = arena_alloc(arena, part.length + 1);
    return more && path_decode(blanks, more, part.length, &decoded) ? decoded : blanks;
}

static void take_query(struct pairs *pairs, dime_text query)
{
    dime_text part, name;
    while (text_cut(&query, '&', &part)) {
        if (part.length == 0 || !text_cut(&part, '=', &name))
            continue;
        add_pair(pairs, decode(name, pairs->arena),
                 part.data ? decode(part, pairs->arena) : TEXT(""));
    }
}

/* Writes all values of the name in pair FIRST, joined by commas, and marks them as written. */
static void put_all_values(struct buffer *out, struct pairs *pairs, size_t first)
{
    struct buffer joined;
    dime_text name = pairs->list[first].name;
    const char *between = text_equal(name, TEXT("cookie"))            ? "; "
                          : text_equal(name, TEXT("x-forwarded-for")) ? ", "
                                                                      : ",";
    buffer_open(&joined, pairs->arena, EVENT_MEMORY_MAX);
    buffer_put(&joined, pairs->list[first].value);
    for (size_t i = first + 1; i < pairs->count; i++) {
        if (!pairs->list[i].name.data || !text_equal(pairs->list[i].name, name))
            continue;
        buffer_puts(&joined, between);
        buffer_put(&joined, pairs->list[i].value);
        pairs->list[i].name.data = NULL;
    }
    json_put_text(out, NULL, buffer_text(&joined));
    out->failed |= joined.failed;
}

static void put_map(struct buffer *out, const char *name, struct pairs *pairs)
{
    json_begin_object(out, name);
    for (size_t i = 0; i < pairs->count; i++) {
        if (!pairs->list[i].name.data)
            continue;
        json_put_name(out, pairs->list[i].name);
        put_all_values(out, pairs, i);
    }
    json_end_object(out);
}

/* All cookies of all Cookie headers, if there are any. */
static void put_cookies(struct buffer *out, const struct pairs *pairs)
{
    bool any = false;
    for (size_t i = 0; i < pairs->count; i++) {
        dime_text rest = pairs->list[i].value, one;
        if (!text_equal(pairs->list[i].name, TEXT("cookie")))
            continue;
        while (text_cut(&rest, ';', &one)) {
            if (!text_trim(one).length)
                continue;
            if (!any)
                json_begin_array(out, "cookies");
            json_put_text(out, NULL, text_trim(one));
            any = true;
        }
    }
    if (any)
        json_end_array(out);
}

static bool is_text(const struct emu_exchange *exchange, dime_text body)
{
    dime_text type =
        text_media_type(text_of(emu_exchange_header(exchange, MHD_HTTP_HEADER_CONTENT_TYPE)));
    bool said = text_starts_nocase(type, TEXT("text/")) || text_ends_nocase(type, TEXT("json")) ||
                text_ends_nocase(type, TEXT("xml")) || text_ends_nocase(type, TEXT("javascript"));
    return said && text_is_utf8(body);
}

static void put_body(struct buffer *out, const struct emu_exchange *exchange)
{
    dime_text body = emu_body_text(&exchange->body);
    bool plain = body.length == 0 || is_text(exchange, body);
    if (body.length)
        (plain ? json_put_text : json_put_base64)(out, "body", body);
    json_put_boolean(out, "isBase64Encoded", !plain);
}

/* Writes the client's address into ROOM. */
static const char *peer_of(const struct emu_exchange *exchange, char room[INET6_ADDRSTRLEN])
{
    const struct sockaddr *peer =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
            ->client_addr;
    snprintf(room, INET6_ADDRSTRLEN, "127.0.0.1");
    if (peer->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)peer)->sin6_addr, room,
                  INET6_ADDRSTRLEN);
    else if (peer->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)peer)->sin_addr, room, INET6_ADDRSTRLEN);
    return room;
}

/* The trace header: only the root, unless the caller has sent more, as for a function URL. */
static dime_text trace_of(const struct emu_exchange *exchange, const struct emu_call *call)
{
    const char *given = emu_exchange_header(exchange, "X-Amzn-Trace-Id");
    dime_text rest = text_of(call->trace), root = rest;
    if (!given || strcmp(given, call->trace) != 0)
        (void)text_cut(&rest, ';', &root);
    return root;
}

/* The time of a request in the format of web servers' logs, as AWS writes it; and in ms. */
static void put_time(struct buffer *out)
{
    char room[32];
    struct tm parts;
    int64_t now_ms = clock_epoch_ms();
    time_t seconds = (time_t)(now_ms / 1000);
    gmtime_r(&seconds, &parts);
    strftime(room, sizeof room, "%d/%b/%Y:%H:%M:%S +0000", &parts);
    json_put_text(out, "time", text_of(room));
    json_put_integer(out, "timeEpoch", now_ms);
}

static void put_context(struct buffer *out, const struct emu_exchange *exchange,
                        const struct emu_call *call)
{
    char peer[INET6_ADDRSTRLEN];
    json_begin_object(out, "requestContext");
    json_put_text(out, "accountId", TEXT("anonymous"));
    json_put_text(out, "apiId", text_of(call->lambda->name));
    json_put_text(out, "domainName", text_of(emu_exchange_header(exchange, MHD_HTTP_HEADER_HOST)));
    json_put_text(out, "domainPrefix", text_of(call->lambda->name));
    json_begin_object(out, "http");
    json_put_text(out, "method", text_of(exchange->method));
    json_put_text(out, "path", path_of(exchange->uri));
    json_put_text(out, "protocol", TEXT("HTTP/1.1"));
    json_put_text(out, "sourceIp", text_of(peer_of(exchange, peer)));
    json_put_text(out, "userAgent",
                  text_of(emu_exchange_header(exchange, MHD_HTTP_HEADER_USER_AGENT)));
    json_end_object(out);
    json_put_text(out, "requestId", text_of(call->id));
    json_put_text(out, "routeKey", TEXT("$default"));
    json_put_text(out, "stage", TEXT("$default"));
    put_time(out);
    json_end_object(out);
}

/* The headers of the request, and those that a proxy would add. */
static void take_headers(struct pairs *pairs, const struct emu_exchange *exchange,
                         const struct emu_call *call, char peer[INET6_ADDRSTRLEN])
{
    const char *port = strrchr(call->lambda->emulator->address, ':');
    MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, add_sent_header, pairs);
    add_pair(pairs, TEXT("x-amzn-trace-id"), trace_of(exchange, call));
    add_pair(pairs, TEXT("x-forwarded-for"), text_of(peer_of(exchange, peer)));
    add_pair(pairs, TEXT("x-forwarded-port"), text_of(port ? port + 1 : ""));
    add_pair(pairs, TEXT("x-forwarded-proto"), TEXT("http"));
}

/* False: there are too many parameters. */
static bool put_request(struct buffer *out, struct emu_exchange *exchange,
                        const struct emu_call *call, struct arena *arena)
{
    struct pairs pairs = {.arena = arena};
    char peer[INET6_ADDRSTRLEN];
    take_headers(&pairs, exchange, call, peer);
    json_begin_object(out, NULL);
    json_put_text(out, "version", TEXT("2.0"));
    json_put_text(out, "routeKey", TEXT("$default"));
    json_put_text(out, "rawPath", path_of(exchange->uri));
    json_put_text(out, "rawQueryString", query_of(exchange->uri));
    put_cookies(out, &pairs);
    put_map(out, "headers", &pairs);
    pairs.count = 0;
    take_query(&pairs, query_of(exchange->uri));
    bool fits = pairs.count <= PARAMETERS_MAX;
    if (pairs.count)
        put_map(out, "queryStringParameters", &pairs);
    put_context(out, exchange, call);
    put_body(out, exchange);
    json_end_object(out);
    return fits;
}

enum emu_url_wrapped emu_url_wrap(struct emu_exchange *exchange, struct emu_call *call)
{
    struct arena arena;
    struct buffer out;
    arena_open(&arena, EVENT_MEMORY_MAX);
    buffer_open(&out, &arena, EMU_REQUEST_MAX);
    bool fits = put_request(&out, exchange, call, &arena);
    if (!out.failed)
        emu_body_add(&call->event, out.data, out.length, EMU_REQUEST_MAX);
    bool whole = !out.failed && !arena.failed && !call->event.failed;
    arena_close(&arena);
    return !fits ? EMU_URL_TOO_MANY : whole ? EMU_URL_WRAPPED : EMU_URL_TOO_LARGE;
}
