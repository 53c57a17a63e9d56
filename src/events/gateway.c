/*
 * gateway.c - the HTTP request inside of an event from API Gateway, a function URL or a balancer.
 *
 * They treat the query differently: the newer gateway passes it on as it came, the older one
 * decodes it, and a balancer splits it without decoding it. Here it becomes the text that a web
 * server would pass on, since the fields are read from that. Some senders write a map twice, once
 * with one value for each name and once with all values. The latter counts unless it is empty. VPC
 * Lattice writes one value as text and several as a list, in the same map.
 */
#include "events/members.h"

#include "base/base64.h"
#include "base/uri.h"
#include "request/request.h"

/* A query while its parts are joined. */
struct query {
    struct buffer text;
    bool encoded; /* the parts are encoded already */
};

static void take_request_header(struct event *event, void *context, dime_text name, dime_text value)
{
    struct request *request = &event->request;
    struct header *headers = context;
    char *copy = arena_alloc(request->arena, name.length + 1);
    if (!copy)
        return;
    if (request->header_count == EVENT_HEADERS_MAX) {
        event_refuse(event, 422, "The request has more than %d headers; send fewer.",
                     EVENT_HEADERS_MAX);
        return;
    }
    for (size_t i = 0; i < name.length; i++)
        copy[i] = text_lower(name.data[i]);
    request_take_header(request, headers, (dime_text){copy, name.length}, value);
}

static void take_parameter(struct event *event, void *context, dime_text name, dime_text value)
{
    struct query *query = context;
    (void)event;
    void (*put)(struct buffer *, dime_text) = query->encoded ? buffer_put : buffer_percent;
    if (query->text.length)
        buffer_put(&query->text, TEXT("&"));
    put(&query->text, name);
    buffer_put(&query->text, TEXT("="));
    put(&query->text, value);
}

/* What to do with each value of a map or a list. */
struct visit {
    struct event *event;
    const char *name; /* of the member */
    void (*take)(struct event *event, void *context, dime_text name, dime_text value);
    void *context;
};

/* Handles one value; null is skipped. False: stop. */
static bool visit_value(const struct visit *visit, dime_text name, struct json_value value)
{
    dime_text text;
    if (value.kind == JSON_NULL)
        return true;
    if (!member_text(visit->event, visit->name, value, &text))
        return false;
    visit->take(visit->event, visit->context, name, text);
    return !visit->event->status && !visit->event->request.arena->failed;
}

/* Handles a list of values; null is an empty list. */
static bool visit_list(const struct visit *visit, dime_text name, struct json_value value)
{
    struct json_cursor items = json_members(value, visit->event->request.arena);
    struct json_member item;
    if (value.kind != JSON_NULL && value.kind != JSON_ARRAY) {
        event_refuse(visit->event, 422, "The event's %s must be a list.", visit->name);
        return false;
    }
    while (json_next(&items, &item)) {
        if (!visit_value(visit, name, item.value))
            return false;
    }
    return true;
}

/* Handles one value or a list of them. */
static bool visit_any(const struct visit *visit, dime_text name, struct json_value value)
{
    return (value.kind == JSON_ARRAY ? visit_list : visit_value)(visit, name, value);
}

/* What a map's values may be. */
enum values { VALUES_SINGLE, VALUES_LISTS, VALUES_ANY };

/* Handles every value of a map. */
static void visit_map(const struct visit *visit, struct json_value map, enum values values)
{
    static bool (*const VISITS[])(const struct visit *, dime_text,
                                  struct json_value) = {visit_value, visit_list, visit_any};
    struct json_cursor members = json_members(map, visit->event->request.arena);
    struct json_member member;
    if (map.kind != JSON_NULL && map.kind != JSON_OBJECT) {
        event_refuse(visit->event, 422, "The event's %s must be an object.", visit->name);
        return;
    }
    while (json_next(&members, &member)) {
        if (!VISITS[values](visit, member.name, member.value))
            return;
    }
}

/* Whether a value is absent, or holds only empty lists. */
static bool is_empty(struct event *event, struct json_value value)
{
    struct json_cursor members = json_members(value, event->request.arena);
    struct json_member member, item;
    while (json_next(&members, &member)) {
        struct json_cursor items = json_members(member.value, event->request.arena);
        if (member.value.kind != JSON_NULL &&
            (member.value.kind != JSON_ARRAY || json_next(&items, &item)))
            return false;
    }
    return value.kind == JSON_NULL || value.kind == JSON_OBJECT;
}

/* Handles every value of the map ALL, or of ONE if ALL is empty. */
static void visit_either(struct visit visit, struct json_value all, struct json_value one,
                         const char *name_of_one)
{
    if (!is_empty(visit.event, all)) {
        visit_map(&visit, all, VALUES_LISTS);
        return;
    }
    visit.name = name_of_one;
    visit_map(&visit, one, visit.event->shape == EVENT_LATTICE ? VALUES_ANY : VALUES_SINGLE);
}

static void take_cookie(struct event *event, void *context, dime_text name, dime_text value)
{
    struct buffer *joined = context;
    (void)event, (void)name;
    if (joined->length)
        buffer_put(joined, TEXT("; "));
    buffer_put(joined, value);
}

/* The newer gateway moves cookies out of the headers, so they are put back. A function URL doesn't.
 */
static void read_request_cookies(struct event *event, struct json_value cookies,
                                 struct header *headers)
{
    struct buffer joined;
    buffer_open(&joined, event->request.arena, EVENT_COOKIES_MAX);
    visit_list(&(struct visit){event, "cookies", take_cookie, &joined}, TEXT(""), cookies);
    if (joined.failed && !event->request.arena->failed)
        event_refuse(event, 422, "The cookies are longer than %d bytes.", EVENT_COOKIES_MAX);
    if (joined.length && !request_header(&event->request, "cookie").data)
        take_request_header(event, headers, TEXT("cookie"), buffer_text(&joined));
}

static void read_request_headers(struct event *event, const struct members *members)
{
    struct request *request = &event->request;
    struct header *headers = arena_alloc(request->arena, EVENT_HEADERS_MAX * sizeof *headers);
    if (!headers)
        return;
    request->headers = headers;
    visit_either((struct visit){event, "multiValueHeaders", take_request_header, headers},
                 members->multi_headers, members->headers, "headers");
    if (event->shape == EVENT_GATEWAY_V2)
        read_request_cookies(event, members->cookies, headers);
    request->content_type = request_header(request, "content-type");
    dime_text scheme = request_header(request, "x-forwarded-proto");
    request->scheme = text_equal(scheme, TEXT("http")) ? TEXT("http") : TEXT("https");
}

static void refuse_query(struct event *event)
{
    event->request.query = TEXT("");
    event_refuse(event, 422, "The query is longer than %d bytes.", EVENT_QUERY_MAX);
}

/* The raw query counts if there is one. For a test people write only the map. */
static void read_request_query(struct event *event, const struct members *members)
{
    struct query query = {.encoded = event->shape == EVENT_BALANCER};
    if (event->shape == EVENT_GATEWAY_V2)
        member_text(event, "rawQueryString", members->raw_query, &event->request.query);
    if (event->request.query.length > EVENT_QUERY_MAX)
        refuse_query(event);
    if (event->request.query.length || event->status)
        return;
    buffer_open(&query.text, event->request.arena, EVENT_QUERY_MAX);
    visit_either((struct visit){event, "multiValueQueryStringParameters", take_parameter, &query},
                 members->multi_query, members->query, "queryStringParameters");
    event->request.query = buffer_text(&query.text);
    if (query.text.failed && !event->request.arena->failed)
        refuse_query(event);
}

/* HTTP APIs put the stage before the path. A function shouldn't know how it was deployed. */
static void drop_stage(struct event *event, const struct members *members)
{
    struct json_value value;
    dime_text stage = TEXT(""), *path = &event->request.path;
    if (!json_find(members->context, TEXT("stage"), &value) ||
        !member_text(event, "requestContext.stage", value, &stage) ||
        path->length < stage.length + 1)
        return;
    dime_text rest = text_skip(*path, 1);
    if (!text_starts(*path, TEXT("/")) || !stage.length || !text_starts(rest, stage))
        return;
    rest = text_skip(rest, stage.length);
    if (!rest.length)
        *path = TEXT("/");
    else if (*rest.data == '/')
        *path = rest;
}

/* A web server passes a path on decoded, a gateway mostly as the client wrote it. A path that can't
 * be decoded stays as it is, and is answered with 404. */
static void decode_path(struct request *request)
{
    dime_text path = request->path;
    if (!path.length || !memchr(path.data, '%', path.length))
        return;
    char *room = arena_alloc(request->arena, path.length + 1);
    if (room)
        (void)path_decode(path, room, path.length + 1, &request->path);
}

static void read_path_as_written(struct event *event, const struct members *members)
{
    bool newer = event->shape == EVENT_GATEWAY_V2;
    member_text(event, newer ? "rawPath" : "path", newer ? members->raw_path : members->path,
                &event->request.path);
    if (event->shape == EVENT_LATTICE) { /* followed by the raw query */
        dime_text rest = event->request.path;
        if (text_cut(&rest, '?', &event->request.path) && rest.data)
            event->request.query = rest;
        return;
    }
    /* Among the older events only those of an HTTP API have a version. */
    dime_text version = TEXT("");
    if (member_text(event, "version", members->version, &version) &&
        (newer || text_equal(version, TEXT("1.0"))))
        drop_stage(event, members);
}

static void read_request_path(struct event *event, const struct members *members)
{
    read_path_as_written(event, members);
    decode_path(&event->request);
}

/* The last value of a header that is a list. A client may have sent the earlier ones. */
static dime_text last_in_header(const struct request *request, const char *name)
{
    dime_text last = {0}, rest = {0};
    for (size_t i = 0; i < request->header_count; i++) {
        if (text_equal(request->headers[i].name, text_of(name)))
            rest = request->headers[i].value;
    }
    while (text_cut(&rest, ',', &last))
        continue;
    return text_trim(last);
}

/* API Gateway gives the client's address in the context. Balancers append it to a header. */
static void read_client(struct event *event, const struct members *members)
{
    struct request *request = &event->request;
    if (event->shape == EVENT_GATEWAY_V2)
        request->client = json_text_at(members->context, "http.sourceIp", request->arena);
    else if (event->shape == EVENT_GATEWAY_V1)
        request->client = json_text_at(members->context, "identity.sourceIp", request->arena);
    else
        request->client = last_in_header(request, "x-forwarded-for");
}

static void read_request_body(struct event *event, const struct members *members)
{
    struct request *request = &event->request;
    dime_text encoded = TEXT("");
    if (members->is_base64.kind != JSON_NULL && members->is_base64.kind != JSON_BOOLEAN)
        event_refuse(event, 422, "The event's isBase64Encoded must be true or false.");
    if (!member_text(event, "body", members->body, &encoded))
        return;
    request->body = encoded;
    if (!json_true(members->is_base64))
        return;
    if (!base64_decode(encoded, request->arena, &request->body) && !request->arena->failed)
        event_refuse(event, 400, "The event's body isn't base64, though isBase64Encoded is true.");
}

void gateway_read(struct event *event, const struct members *members)
{
    dime_text method = TEXT("POST");
    event->request.source = DIME_HTTP;
    event->request.content_type = event->request.body = TEXT("");
    event->multi_values =
        event->shape == EVENT_BALANCER &&
        (!is_empty(event, members->multi_headers) ||
         (members->multi_headers.kind != JSON_NULL && is_empty(event, members->headers)));
    const char *name = event->shape == EVENT_GATEWAY_V2 ? "requestContext.http.method"
                       : event->shape == EVENT_LATTICE  ? "method"
                                                        : "httpMethod";
    if (member_text(event, name, members->method, &method))
        event->request.method = request_method(method);
    read_request_path(event, members);
    read_request_headers(event, members);
    read_client(event, members);
    read_request_query(event, members);
    read_request_body(event, members);
}
