/*
 * serve.c - one FastCGI request from its parsing to its answer; libfcgi parses and writes.
 *
 * libfcgi is driven through the public fields of FCGX_Request: ipcFd, keepConnection and detached,
 * and only once the whole request is there. It gets the very bytes that the guard has judged, from
 * worker_read, so it never waits and nothing is read twice; and it writes with worker_write, which
 * never waits either. Closing is done here, since part of an answer may have yet to go. What
 * libfcgi 2.4.2 does with these fields is pinned by tests/unit and tests/hosts.
 */
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "hosts/cgi/cgi.h"
#include "hosts/fastcgi/worker.h"

static _Thread_local dime_text unread; /* of the request that this thread serves */
static _Thread_local struct connection *served;

int worker_read(int fd, char *buffer, size_t size)
{
    (void)fd;
    size_t length = size < unread.length ? size : unread.length;
    if (length)
        memcpy(buffer, unread.data, length);
    unread.data += length;
    unread.length -= length;
    return (int)length;
}

int worker_write(int fd, char *buffer, size_t size)
{
    (void)fd;
    bool taken = connection_send(served, (dime_text){buffer, size});
    return taken ? (int)size : -1;
}

/* libfcgi closes the connection of a request that it can't parse. */
static bool parse(struct worker *worker, struct connection *connection, dime_text request)
{
    FCGX_Request *fcgi = &worker->fcgi;
    unread = request;
    served = connection;
    fcgi->ipcFd = connection->fd;
    fcgi->keepConnection = 1; /* else the Finish within Accept would close it */
    fcgi->detached = 1;       /* a close is at once: nothing is unread */
    if (FCGX_Accept_r(fcgi) >= 0)
        return true;
    fcgi->ipcFd = connection->fd = -1;
    return false;
}

static dime_text read_body(struct worker *worker, size_t room)
{
    char *data = room && room <= INT32_MAX ? arena_alloc(&worker->arena, room) : NULL;
    int got = data ? FCGX_GetStr(data, (int)room, worker->fcgi.in) : 0;
    return (dime_text){data ? data : "", got > 0 ? (size_t)got : 0};
}

static void put(FCGX_Stream *out, dime_text text)
{
    if (text.length)
        FCGX_PutStr(text.data, (int)text.length, out);
}

/*
 * Whether another request waits. Asked before the answer goes out, so that it can't be the next one
 * of whoever gets this answer. A connection that has been closed is no request.
 */
static bool is_awaited(const struct worker *worker)
{
    struct epoll_event events[16];
    int ready = epoll_wait(worker->epoll, events, sizeof events / sizeof *events, 0);
    while (ready > 0 && !worker_is_request(&events[ready - 1]))
        ready--;
    return ready > 0;
}

/* Answers the request that libfcgi has parsed; the answer goes to the socket when it's finished. */
static void answer(struct worker *worker)
{
    const struct responder_settings *settings = worker->settings;
    FCGX_Request *fcgi = &worker->fcgi;
    struct exchange exchange;
    exchange_open(&exchange, settings->function, fcgi->envp, &worker->arena, settings->timeout_ms);
    (void)opening_try(&worker->opening, settings->function);
    exchange.request.state = worker->opening.state;
    exchange.incoming.not_open = worker->opening.not_open;
    exchange_body(&exchange, read_body(worker, exchange_room(&exchange)));
    run_function(settings->function, &exchange.request, &exchange.incoming, &exchange.response);
    dime_text head = exchange_head(&exchange), payload = exchange_payload(&exchange);
    put(fcgi->out, head);
    put(fcgi->out, payload);
    int64_t took_ns = exchange_log(&exchange, &worker->log, "fastcgi", payload.length);
    if (took_ns >= PRESSED_MS * INT64_C(1000000) && is_awaited(worker))
        worker->pressed = true;
}

bool worker_drain(struct worker *worker, struct connection *connection)
{
    connection_move(connection, &worker->draining, CONNECTION_DRAINING, clock_monotonic_ns());
    return shutdown(connection->fd, SHUT_WR) == 0;
}

/* Does what is to be done once the answer has gone. Whether the connection is to be kept. */
static bool end_answer(struct worker *worker, struct connection *connection)
{
    int64_t now = clock_monotonic_ns();
    if (connection->next_state == CONNECTION_CLOSE)
        return false;
    if (connection->next_state == CONNECTION_KEEP) {
        connection_move(connection, &worker->idle, CONNECTION_IDLE, now);
        return true;
    }
    return worker_drain(worker, connection);
}

bool worker_resume(struct worker *worker, struct connection *connection)
{
    size_t held = connection->unsent_capacity;
    bool open = connection_resume(connection);
    worker->unsent += connection->unsent_capacity - held;
    if (open && connection_is_full(connection))
        return connection->next_state != CONNECTION_DRAIN ||
               connection_drain(connection, worker->room, sizeof worker->room);
    return open && end_answer(worker, connection);
}

/*
 * With a connection that is closed after its answer the web server could be quicker to send the
 * next request: so it's barred from that beforehand, which on a unix socket it notices at once.
 *
 * Where the body wasn't read to its end the socket stays open for writing no longer, but is
 * drained: closing it now could destroy the answer before the web server has read it.
 */
bool worker_serve(struct worker *worker, struct connection *connection, dime_text request,
                  bool stopping)
{
    FCGX_Request *fcgi = &worker->fcgi;
    if (!parse(worker, connection, request))
        return false;
    answer(worker);
    bool whole = FCGX_HasSeenEOF(fcgi->in) == EOF;
    bool keep = fcgi->keepConnection && !stopping;
    connection->next_state = !whole ? CONNECTION_DRAIN : keep ? CONNECTION_KEEP : CONNECTION_CLOSE;
    if (stopping && whole)
        shutdown(connection->fd, SHUT_RD);
    fcgi->keepConnection = 1; /* else Finish would close it, whatever has yet to go */
    FCGX_Finish_r(fcgi);
    connection->fd = fcgi->ipcFd;
    fcgi->ipcFd = -1;
    arena_reset(&worker->arena);
    worker->gathered -= connection->capacity;
    connection_forget(connection);
    worker->unsent += connection->unsent_capacity;
    if (connection->fd < 0)
        return false;
    if (!connection_is_full(connection))
        return end_answer(worker, connection);
    connection_move(connection, &worker->writing, CONNECTION_WRITING, clock_monotonic_ns());
    return true;
}
