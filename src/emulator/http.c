/*
 * http.c - libmicrohttpd, kept in one place.
 *
 * Its handler is called when a request's head is there, for each piece of the body, and when all of
 * it is there; then once more for an exchange that was suspended and has its answer. A body that is
 * too long is read to its end and dropped: a client that still writes wouldn't see the answer.
 */
#include "emulator/http.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "emulator/flow.h"
#include "emulator/guard.h"

enum { HEAD_MAX = 128 * 1024, CHUNK = 16 * 1024, CONNECTIONS_MAX = 8192 };

void body_add(struct body *body, const char *data, size_t size, size_t limit)
{
    body->total += size;
    if (size > limit - body->length)
        size = limit - body->length;
    if (!body->data || body->capacity - body->length < size) {
        size_t capacity = body->capacity ? body->capacity * 2 : 4096;
        while (capacity - body->length < size)
            capacity *= 2;
        char *more = realloc(body->data, capacity);
        if (!more) {
            body->failed = true;
            return;
        }
        body->data = more;
        body->capacity = capacity;
    }
    if (size)
        memcpy(body->data + body->length, data, size);
    body->length += size;
}

dime_text body_text(const struct body *body)
{
    return (dime_text){body->data ? body->data : "", body->length};
}

void body_free(struct body *body)
{
    free(body->data);
    *body = (struct body){0};
}

static void *begin(void *owner, const char *uri, struct MHD_Connection *connection)
{
    struct endpoint *endpoint = owner;
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (!exchange)
        return NULL;
    exchange->uri = strdup(uri);
    exchange->endpoint = endpoint;
    exchange->connection = connection;
    exchange->after = endpoint->exchanges;
    if (exchange->after)
        exchange->after->before = exchange;
    endpoint->exchanges = exchange;
    return exchange;
}

static void end(void *owner, struct MHD_Connection *connection, void **context,
                enum MHD_RequestTerminationCode code)
{
    struct endpoint *endpoint = owner;
    struct exchange *exchange = *context;
    (void)connection;
    endpoint->activity++;
    if (!exchange)
        return;
    if (exchange->ended)
        exchange->ended(exchange, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    *(exchange->before ? &exchange->before->after : &endpoint->exchanges) = exchange->after;
    if (exchange->after)
        exchange->after->before = exchange->before;
    if (exchange->response)
        MHD_destroy_response(exchange->response);
    if (exchange->held)
        MHD_destroy_response(exchange->held);
    body_free(&exchange->body);
    free(exchange->uri);
    free(exchange);
    *context = NULL;
}

static enum MHD_Result send_reply(struct exchange *exchange)
{
    if (!exchange->response)
        return MHD_NO;
    enum MHD_Result result =
        MHD_queue_response(exchange->connection, exchange->status, exchange->response);
    MHD_destroy_response(exchange->response);
    exchange->response = NULL;
    return result;
}

/* All of the request is there: an answer may be there at once, or the exchange waits for it. */
static enum MHD_Result dispatch(struct exchange *exchange)
{
    if (!exchange->status)
        exchange->endpoint->route(exchange);
    if (exchange->status)
        return send_reply(exchange);
    exchange->waiting = true;
    MHD_suspend_connection(exchange->connection);
    return MHD_YES;
}

static enum MHD_Result handle(void *owner, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *size, void **context)
{
    struct endpoint *endpoint = owner;
    struct exchange *exchange = *context;
    (void)connection;
    (void)url;
    endpoint->activity++;
    if (!exchange || !exchange->uri)
        return MHD_NO;
    if (!exchange->begun) {
        exchange->begun = true;
        exchange->method = method;
        if (!guard_is_clear(exchange, version))
            return send_reply(exchange);
        if (guard_admits(exchange))
            exchange->limit = endpoint->begin(exchange);
        return MHD_YES;
    }
    if (!*size)
        return dispatch(exchange);
    body_add(&exchange->body, data, *size, exchange->limit);
    *size = 0;
    if (exchange->arrived && !exchange->body.failed)
        exchange->arrived(exchange);
    return exchange->body.failed ? MHD_NO : MHD_YES;
}

/* Paths and queries are handed on as they came. */
static size_t leave_escaped(void *owner, struct MHD_Connection *connection, char *string)
{
    (void)owner;
    (void)connection;
    return strlen(string);
}

bool endpoint_open(struct endpoint *endpoint, int listener, unsigned timeout)
{
    endpoint->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, handle, endpoint,
        MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_URI_LOG_CALLBACK, begin, endpoint,
        MHD_OPTION_NOTIFY_COMPLETED, end, endpoint, MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped,
        NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_MAX, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS_MAX, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_TIMEOUT,
        timeout, MHD_OPTION_END);
    return endpoint->daemon;
}

int endpoint_fd(const struct endpoint *endpoint)
{
    return MHD_get_daemon_info(endpoint->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

void endpoint_run(struct endpoint *endpoint)
{
    endpoint->resumed = false;
    MHD_run(endpoint->daemon);
}

int endpoint_timeout(const struct endpoint *endpoint)
{
    MHD_UNSIGNED_LONG_LONG timeout;
    if (endpoint->resumed)
        return 0;
    if (MHD_get_timeout(endpoint->daemon, &timeout) != MHD_YES)
        return -1;
    return timeout > 60000 ? 60000 : (int)timeout;
}

void endpoint_close(struct endpoint *endpoint)
{
    if (!endpoint->daemon)
        return;
    for (struct exchange *exchange = endpoint->exchanges; exchange; exchange = exchange->after) {
        exchange_reply(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, NULL);
        if (exchange->flow)
            flow_break(exchange->flow);
    }
    MHD_stop_daemon(endpoint->daemon);
    endpoint->daemon = NULL;
}

const char *exchange_header(const struct exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

const char *exchange_trailer(const struct exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_FOOTER_KIND, name);
}

bool exchange_is_gone(const struct exchange *exchange)
{
    char byte;
    int fd = MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD)
                 ->connect_fd;
    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void exchange_reply(struct exchange *exchange, unsigned status, struct MHD_Response *response)
{
    if (exchange->response)
        MHD_destroy_response(exchange->response);
    exchange->status = status;
    exchange->response = response;
    if (exchange->waiting) {
        exchange->waiting = false;
        exchange->endpoint->resumed = true;
        MHD_resume_connection(exchange->connection);
    }
}

static struct MHD_Response *with_type(struct MHD_Response *response, const char *content_type)
{
    if (response)
        reply_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    return response;
}

struct MHD_Response *reply_make(dime_text body, const char *content_type)
{
    /* The copy is made before this returns: the cast takes nothing from anybody. */
    return with_type(
        MHD_create_response_from_buffer(body.length, (void *)body.data, MHD_RESPMEM_MUST_COPY),
        content_type);
}

static ssize_t read_chunk(void *owner, uint64_t position, char *room, size_t size)
{
    const struct body *body = owner;
    if (position >= body->length)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (size > body->length - position)
        size = body->length - (size_t)position;
    memcpy(room, body->data + position, size);
    return (ssize_t)size;
}

static void free_chunks(void *owner)
{
    struct body *body = owner;
    body_free(body);
    free(body);
}

struct MHD_Response *reply_make_chunked(dime_text text, const char *content_type)
{
    struct body *body = calloc(1, sizeof *body);
    if (!body)
        return NULL;
    body_add(body, text.data, text.length, text.length);
    struct MHD_Response *response =
        body->failed ? NULL
                     : MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, CHUNK, read_chunk, body,
                                                         free_chunks);
    if (!response)
        free_chunks(body);
    return with_type(response, content_type);
}

void reply_header(struct MHD_Response *response, const char *name, const char *value)
{
    if (response && value && *value)
        (void)MHD_add_response_header(response, name, value);
}
