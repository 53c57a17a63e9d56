/*
 * serve.c - one FastCGI request from its parsing to its answer; libfcgi parses and writes.
 *
 * libfcgi is driven through the public fields of FCGX_Request: ipcFd, keepConnection and detached,
 * and only once the whole request is there. It gets the very bytes that the guard has judged, from
 * worker_read, so it never waits and nothing is read twice. What libfcgi 2.4.2 does with these
 * fields is pinned by tests/unit and tests/hosts.
 */
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "hosts/cgi.h"
#include "hosts/worker.h"

enum { ANSWER_COST = 1024 }; /* bytes that a socket's buffer spends on an answer besides its own */

static _Thread_local struct text unread; /* of the request that this thread serves */

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

/* libfcgi closes the connection of a request that it can't parse. */
static bool parse(struct worker *worker, struct connection *connection, struct text request)
{
    FCGX_Request *fcgi = &worker->fcgi;
    unread = request;
    fcgi->ipcFd = connection->fd;
    fcgi->keepConnection = 1; /* else the Finish within Accept would close it */
    fcgi->detached = 1;       /* a close is at once: nothing is unread */
    if (FCGX_Accept_r(fcgi) >= 0)
        return true;
    fcgi->ipcFd = connection->fd = -1;
    return false;
}

static struct text read_body(struct worker *worker, size_t room)
{
    char *data = room && room <= INT32_MAX ? arena_alloc(&worker->arena, room) : NULL;
    int got = data ? FCGX_GetStr(data, (int)room, worker->fcgi.in) : 0;
    return (struct text){data ? data : "", got > 0 ? (size_t)got : 0};
}

static void put(FCGX_Stream *out, struct text text)
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
    while (ready > 0 && events[ready - 1].events & EPOLLRDHUP)
        ready--;
    return ready > 0;
}

/*
 * Answers the request that libfcgi has parsed; the answer goes to the socket when it's finished.
 * Returns how much of a socket's buffer it takes.
 */
static size_t answer(struct worker *worker)
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
    struct text head = exchange_head(&exchange), payload = exchange_payload(&exchange);
    put(fcgi->out, head);
    put(fcgi->out, payload);
    int64_t took_ns = exchange_log(&exchange, &worker->log, "fastcgi", payload.length);
    if (took_ns >= PRESSED_MS * INT64_C(1000000) && is_awaited(worker))
        worker->pressed = true;
    return head.length + payload.length + ANSWER_COST;
}

/*
 * With a connection that is closed after its answer the web server could be quicker to send the
 * next request: so it's barred from that beforehand, which on a unix socket it notices at once.
 *
 * Where the body wasn't read to its end the socket stays open for writing no longer, but is
 * drained: closing it now could destroy the answer before the web server has read it.
 */
bool worker_serve(struct worker *worker, struct connection *connection, struct text request,
                  bool stopping)
{
    FCGX_Request *fcgi = &worker->fcgi;
    if (connection_is_deaf(connection)) {
        log_say(LOG_LEVEL_WARN, worker->settings->function->name, 0,
                "closed a connection: its peer asks and doesn't read");
        return false;
    }
    if (!parse(worker, connection, request))
        return false;
    connection->answered += answer(worker);
    bool whole = FCGX_HasSeenEOF(fcgi->in) == EOF;
    if (stopping || !whole)
        fcgi->keepConnection = whole ? 0 : 1;
    if (stopping && whole)
        shutdown(connection->fd, SHUT_RD);
    FCGX_Finish_r(fcgi);
    connection->fd = fcgi->ipcFd;
    fcgi->ipcFd = -1;
    arena_reset(&worker->arena);
    worker->gathered -= connection->capacity;
    connection_forget(connection);
    if (connection->fd < 0)
        return false;
    bool draining = !whole && shutdown(connection->fd, SHUT_WR) == 0;
    connection_move(connection, draining ? &worker->draining : &worker->idle,
                    draining ? CONNECTION_DRAINING : CONNECTION_IDLE, clock_monotonic_ns());
    return whole || draining;
}
