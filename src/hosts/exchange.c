/*
 * exchange.c - turns CGI variables into a request, and a response into the bytes to send.
 *
 * One pass over the variables picks out what a request needs. The few names are distinguished by
 * their length and bytes.
 */
#include "hosts/exchange.h"

#include "base/clock.h"
#include "request/function.h"
#include "request/request.h"
#include "request/response.h"
#include "request/route.h"

/*
 * The variables that aren't headers. The tool sets those that begin with DIME_ when it passes on an
 * event. They are trusted, and decide what the sender may do: only whoever starts the program or
 * may connect to its socket can set them. No client can, since each header that a client sends
 * becomes a variable that begins with HTTP_.
 */
struct cgi_variables {
    dime_text method, query, content_type, content_length, script, path_info, scheme, https;
    dime_text client, source, request_id, deadline_ms, host, path;
};

static const struct {
    dime_text name;
    size_t offset; /* in struct cgi_variables */
} SLOTS[] = {
    {{"REQUEST_METHOD", 14}, offsetof(struct cgi_variables, method)},
    {{"QUERY_STRING", 12}, offsetof(struct cgi_variables, query)},
    {{"CONTENT_TYPE", 12}, offsetof(struct cgi_variables, content_type)},
    {{"CONTENT_LENGTH", 14}, offsetof(struct cgi_variables, content_length)},
    {{"SCRIPT_NAME", 11}, offsetof(struct cgi_variables, script)},
    {{"PATH_INFO", 9}, offsetof(struct cgi_variables, path_info)},
    {{"REQUEST_SCHEME", 14}, offsetof(struct cgi_variables, scheme)},
    {{"HTTPS", 5}, offsetof(struct cgi_variables, https)},
    {{"REMOTE_ADDR", 11}, offsetof(struct cgi_variables, client)},
    {{"DIME_SOURCE", 11}, offsetof(struct cgi_variables, source)},
    {{"DIME_REQUEST_ID", 15}, offsetof(struct cgi_variables, request_id)},
    {{"DIME_DEADLINE_MS", 16}, offsetof(struct cgi_variables, deadline_ms)},
    {{"DIME_HOST", 9}, offsetof(struct cgi_variables, host)},
    {{"DIME_PATH", 9}, offsetof(struct cgi_variables, path)},
};

/* Stores a variable that isn't a header, if it is one of those above. */
static void take_variable(struct cgi_variables *variables, const struct header *variable)
{
    for (size_t i = 0; i < sizeof SLOTS / sizeof *SLOTS; i++) {
        if (variable->name.length == SLOTS[i].name.length &&
            memcmp(variable->name.data, SLOTS[i].name.data, variable->name.length) == 0) {
            *(dime_text *)((char *)variables + SLOTS[i].offset) = variable->value;
            return;
        }
    }
}

/* Turns HTTP_X_REQUEST_ID into the header x-request-id. */
static void take_header(struct request *request, struct header *headers, struct header variable)
{
    const char *name = variable.name.data + sizeof "HTTP_" - 1;
    size_t length = variable.name.length - (sizeof "HTTP_" - 1);
    char *copy = length ? arena_alloc(request->arena, length) : NULL;
    if (!copy)
        return;
    for (size_t i = 0; i < length; i++)
        copy[i] = name[i] == '_' ? '-' : text_lower(name[i]);
    request_take_header(request, headers, (dime_text){copy, length}, variable.value);
}

/* Stores a header in place of a variable that has already been read. */
static void read_variables(struct request *request, struct header *variables, size_t count,
                           struct cgi_variables *found)
{
    request->headers = variables;
    for (size_t i = 0; i < count; i++) {
        if (text_starts(variables[i].name, TEXT("HTTP_")))
            take_header(request, variables, variables[i]);
        else
            take_variable(found, &variables[i]);
    }
}

/* The path: split by the web server, or left by the tool for us to split. */
static void split_request_path(struct exchange *exchange, const struct cgi_variables *found)
{
    const dime_function *function = exchange->function;
    dime_text *path = &exchange->request.path;
    *path = found->path.data ? found->path : found->script;
    exchange->incoming.health = text_starts(*path, TEXT("/healthz/"));
    exchange->incoming.path_info = found->path.data
                                       ? route_split(function->name, function->route_count, path)
                                       : found->path_info;
}

static void read_length(struct exchange *exchange, dime_text text)
{
    int64_t length;
    if (!text.length)
        return;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            exchange->incoming.refusal = REFUSED_BAD_LENGTH;
            return;
        }
    }
    if (!text_to_int64(text, &length))
        length = INT64_MAX; /* more than any limit */
    exchange->has_length = true;
    exchange->length = (size_t)length;
    if (exchange->length > function_body_max(exchange->function))
        exchange->incoming.refusal = REFUSED_TOO_LARGE;
}

void exchange_open(struct exchange *exchange, const dime_function *function,
                   struct header *variables, size_t count, struct arena *arena, int64_t timeout_ms)
{
    struct cgi_variables found = {0};
    exchange->function = function;
    exchange->request = (struct request){.arena = arena, .source = DIME_HTTP};
    exchange->incoming = (struct incoming){0};
    exchange->started_ns = clock_monotonic_ns();
    exchange->has_length = false;
    exchange->length = 0;
    response_open(&exchange->response, arena);
    struct request *request = &exchange->request;
    read_variables(request, variables, count, &found);
    request->method = request_method(found.method);
    request->query = found.query;
    request->client = found.client;
    request->content_type = found.content_type;
    bool secure =
        text_equal(found.scheme, TEXT("https")) || text_equal_nocase(found.https, TEXT("on"));
    request->scheme = secure ? TEXT("https") : TEXT("http");
    request->source = request_source(found.source);
    if (!text_to_int64(found.deadline_ms, &request->deadline_ms) || request->deadline_ms <= 0)
        request->deadline_ms = clock_epoch_ms() + timeout_ms;
    exchange->host = request_id_fits(found.host) ? found.host : TEXT("");
    split_request_path(exchange, &found);
    request_choose_id(request, found.request_id, exchange->id);
    read_length(exchange, found.content_length);
}

size_t exchange_room(const struct exchange *exchange)
{
    size_t most = function_body_max(exchange->function) + 1;
    bool known = exchange->has_length && exchange->length < most;
    return known ? exchange->length + 1 : most;
}

void exchange_body(struct exchange *exchange, dime_text body)
{
    exchange->request.body = body;
    if (exchange->incoming.refusal)
        return;
    if (exchange->has_length && body.length != exchange->length)
        exchange->incoming.refusal = REFUSED_SHORT;
    else if (body.length > function_body_max(exchange->function))
        exchange->incoming.refusal = REFUSED_TOO_LARGE;
}

void exchange_run(struct exchange *exchange)
{
    call_open(&exchange->call, exchange->function, &exchange->request, &exchange->response);
    run_call(&exchange->call, &exchange->incoming);
}

dime_text exchange_head(struct exchange *exchange)
{
    struct buffer head;
    /* In a buffer of its own, so that the answer has a head even if memory runs out. */
    buffer_over(&head, exchange->head, sizeof exchange->head);
    response_cgi_head(&exchange->response, &head);
    if (!head.failed)
        return buffer_text(&head);
    exchange->response.status = 500;
    exchange->response.body.length = 0;
    return TEXT("Status: 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
}

dime_text exchange_payload(const struct exchange *exchange)
{
    if (exchange->request.method == DIME_HEAD || !exchange->response.content_type)
        return TEXT("");
    return buffer_text(&exchange->response.body);
}

void exchange_log(const struct exchange *exchange, struct log *log, const char *host,
                  size_t bytes_out)
{
    log_request(log, &(struct log_entry){
                         .function = exchange->function->name,
                         .host = exchange->host.length ? exchange->host : text_of(host),
                         .request = &exchange->request,
                         .response = &exchange->response,
                         .duration_ns = clock_monotonic_ns() - exchange->started_ns,
                         .bytes_in = exchange->request.body.length,
                         .bytes_out = bytes_out,
                     });
}
