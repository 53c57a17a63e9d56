/*
 * endpoint.c - what libmicrohttpd calls.
 *
 * The handler is called when a request's head has arrived, for each piece of the body, and when the
 * request is complete; and once more for a suspended exchange that has its answer. A body that is
 * too long is read to its end and discarded, since a client that is still writing wouldn't see the
 * answer.
 */
#include "emulator/endpoint.h"

#include <stdlib.h>

#include "emulator/flow.h"
#include "emulator/guard.h"

enum { REQUEST_HEAD_MAX = 128 * 1024, CONNECTIONS_MAX = 8192 };

static void *begin_exchange(void *owner, const char *uri, struct MHD_Connection *connection)
{
    struct emu_endpoint *endpoint = owner;
    struct emu_exchange *exchange = calloc(1, sizeof *exchange);
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

static void end_exchange(void *owner, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code)
{
    struct emu_endpoint *endpoint = owner;
    struct emu_exchange *exchange = *context;
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
    emu_body_free(&exchange->body);
    free(exchange->uri);
    free(exchange);
    *context = NULL;
}

static enum MHD_Result send_reply(struct emu_exchange *exchange)
{
    if (!exchange->response)
        return MHD_NO;
    enum MHD_Result result =
        MHD_queue_response(exchange->connection, exchange->status, exchange->response);
    MHD_destroy_response(exchange->response);
    exchange->response = NULL;
    return result;
}

/* The request is complete: it's answered at once, or the exchange waits for an answer. */
static enum MHD_Result dispatch(struct emu_exchange *exchange)
{
    if (!exchange->status)
        exchange->endpoint->route(exchange);
    if (exchange->status)
        return send_reply(exchange);
    exchange->waiting = true;
    MHD_suspend_connection(exchange->connection);
    return MHD_YES;
}

static enum MHD_Result handle_request(void *owner, struct MHD_Connection *connection,
                                      const char *url, const char *method, const char *version,
                                      const char *data, size_t *size, void **context)
{
    struct emu_endpoint *endpoint = owner;
    struct emu_exchange *exchange = *context;
    (void)connection;
    (void)url;
    endpoint->activity++;
    if (!exchange || !exchange->uri)
        return MHD_NO;
    if (!exchange->begun) {
        exchange->begun = true;
        exchange->method = method;
        if (!emu_guard_is_clear(exchange, version))
            return send_reply(exchange);
        if (emu_guard_admits(exchange))
            exchange->limit = endpoint->begin(exchange);
        return MHD_YES;
    }
    if (!*size)
        return dispatch(exchange);
    emu_body_add(&exchange->body, data, *size, exchange->limit);
    *size = 0;
    if (exchange->arrived && !exchange->body.failed)
        exchange->arrived(exchange);
    return exchange->body.failed ? MHD_NO : MHD_YES;
}

/* Paths and queries are passed on without decoding. */
static size_t leave_escaped(void *owner, struct MHD_Connection *connection, char *string)
{
    (void)owner;
    (void)connection;
    return strlen(string);
}

bool emu_endpoint_open(struct emu_endpoint *endpoint, int listener, unsigned timeout)
{
    endpoint->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, handle_request, endpoint,
        MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_URI_LOG_CALLBACK, begin_exchange, endpoint,
        MHD_OPTION_NOTIFY_COMPLETED, end_exchange, endpoint, MHD_OPTION_UNESCAPE_CALLBACK,
        leave_escaped, NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_HEAD_MAX,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_CONNECTION_TIMEOUT, timeout, MHD_OPTION_END);
    return endpoint->daemon;
}

int emu_endpoint_fd(const struct emu_endpoint *endpoint)
{
    return MHD_get_daemon_info(endpoint->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

void emu_endpoint_run(struct emu_endpoint *endpoint)
{
    endpoint->resumed = false;
    MHD_run(endpoint->daemon);
}

int emu_endpoint_timeout(const struct emu_endpoint *endpoint)
{
    MHD_UNSIGNED_LONG_LONG timeout;
    if (endpoint->resumed)
        return 0;
    if (MHD_get_timeout(endpoint->daemon, &timeout) != MHD_YES)
        return -1;
    return timeout > 60000 ? 60000 : (int)timeout;
}

void emu_endpoint_close(struct emu_endpoint *endpoint)
{
    if (!endpoint->daemon)
        return;
    for (struct emu_exchange *exchange = endpoint->exchanges; exchange;
         exchange = exchange->after) {
        emu_exchange_reply(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, NULL);
        if (exchange->flow)
            emu_flow_break(exchange->flow);
    }
    MHD_stop_daemon(endpoint->daemon);
    endpoint->daemon = NULL;
}
