/*
 * serve.c - one FastCGI request from its variables to its answer.
 *
 * It's only begun once the whole request is there, and its bytes stay where they arrived until it
 * has been answered. The answer goes to the socket from where it is, in one call as a rule, and
 * what the socket doesn't take is kept with the connection: so nothing here waits.
 */
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "hosts/cgi/cgi.h"
#include "net/fastcgi_record.h"
#include "hosts/fastcgi/worker.h"

enum { CONTENT_MAX = 65535 }; /* of a record */

/* Splits the variables. NULL: there is no memory for them. */
static struct header *split(dime_text variables, struct arena *arena, size_t *count)
{
    dime_text left = variables, name, value;
    for (*count = 0; reader_variable(&left, &name, &value); ++*count)
        continue;
    struct header *headers = arena_alloc(arena, *count * sizeof *headers);
    *count = headers ? *count : 0;
    for (size_t i = 0; i < *count && reader_variable(&variables, &name, &value); i++)
        headers[i] = (struct header){name, value};
    return headers;
}

static struct iovec part(dime_text text)
{
    return (struct iovec){(void *)(uintptr_t)text.data, text.length};
}

/* Sends the answer to a request: STDOUT records, of which the last is empty, and its end. */
static bool send_answer(struct connection *connection, dime_text head, dime_text payload)
{
    const unsigned id = connection->reader.id;
    struct {
        FCGI_Header out;
        FCGI_EndRequestRecord request;
    } end = {record_header(FCGI_STDOUT, id, 0), record_end(id, FCGI_REQUEST_COMPLETE)};
    bool sent = true;
    for (bool last = false; sent && !last; head.length = 0) {
        size_t room = CONTENT_MAX - head.length;
        last = payload.length <= room;
        dime_text piece = {payload.data, last ? payload.length : room};
        payload = (dime_text){payload.data + piece.length, payload.length - piece.length};
        FCGI_Header header = record_header(FCGI_STDOUT, id, head.length + piece.length);
        const struct iovec parts[] = {
            {&header, sizeof header}, part(head), part(piece), {&end, last ? sizeof end : 0}};
        sent = connection_send(connection, parts, 4);
    }
    return sent;
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

/*
 * Returns false when the connection is done with. Where it is closed though the web server would
 * keep it, that could be quicker to send the next request: so it's barred from that before it gets
 * the answer, which on a unix socket it notices at once.
 */
static bool answer(struct worker *worker, struct connection *connection,
                   const struct arrived *request)
{
    const struct responder_settings *settings = worker->settings;
    struct exchange exchange;
    size_t count;
    struct header *variables = split(request->variables, &worker->arena, &count);
    exchange_open(&exchange, settings->function, variables, count, &worker->arena,
                  settings->timeout_ms);
    (void)opening_try(&worker->opening, settings->function);
    exchange.request.state = worker->opening.state;
    exchange.incoming.not_open = worker->opening.not_open;
    exchange_body(&exchange, request->body);
    run_function(settings->function, &exchange.request, &exchange.incoming, &exchange.response);
    dime_text head = exchange_head(&exchange), payload = exchange_payload(&exchange);
    int64_t took_ns = exchange_log(&exchange, &worker->log, "fastcgi", payload.length);
    if (took_ns >= PRESSED_MS * INT64_C(1000000) && is_awaited(worker))
        worker->pressed = true;
    if (connection->next_state == CONNECTION_CLOSE && connection->reader.keep)
        shutdown(connection->fd, SHUT_RD);
    return send_answer(connection, head, payload);
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
 * Where the body wasn't read to its end the socket stays open for writing no longer, but is
 * drained: closing it now could destroy the answer before the web server has read it.
 */
bool worker_serve(struct worker *worker, struct connection *connection,
                  const struct arrived *request, bool stopping)
{
    bool keep = connection->reader.keep && !stopping;
    connection->next_state = !request->whole ? CONNECTION_DRAIN
                             : keep          ? CONNECTION_KEEP
                                             : CONNECTION_CLOSE;
    bool open = answer(worker, connection, request);
    arena_reset(&worker->arena);
    worker->gathered -= connection->capacity;
    connection_forget(connection);
    worker->unsent += connection->unsent_capacity;
    if (!open)
        return false;
    if (!connection_is_full(connection))
        return end_answer(worker, connection);
    connection_move(connection, &worker->writing, CONNECTION_WRITING, clock_monotonic_ns());
    return true;
}
