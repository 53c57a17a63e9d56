/*
 * serve.c - one FastCGI request from its variables to its answer.
 *
 * It's only begun once the whole request is there, and its bytes stay where they arrived until it
 * has been answered. The answer goes to the socket from where it is, in one call as a rule, and
 * what the socket doesn't take is kept with the connection: so nothing here waits.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "hosts/cgi/cgi.h"
#include "net/fastcgi_record.h"
#include "hosts/fastcgi/worker.h"

enum {
    CONTENT_MAX = 65535, /* of a record */
    PIECES_AT_ONCE = 4,  /* of a stream */
};

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

/* Sends part of an answer to a request as STDOUT records. With LAST the answer ends behind it: its
 * last record is empty, and the request's end follows. */
static bool send_records(struct connection *connection, dime_text head, dime_text payload,
                         bool last)
{
    const unsigned id = connection->reader.id;
    struct {
        FCGI_Header out;
        FCGI_EndRequestRecord request;
    } end = {record_header(FCGI_STDOUT, id, 0), record_end(id, FCGI_REQUEST_COMPLETE)};
    bool sent = true;
    for (bool all = false; sent && !all; head.length = 0) {
        size_t room = CONTENT_MAX - head.length;
        all = payload.length <= room;
        dime_text piece = {payload.data, all ? payload.length : room};
        payload = (dime_text){payload.data + piece.length, payload.length - piece.length};
        FCGI_Header header = record_header(FCGI_STDOUT, id, head.length + piece.length);
        bool empty = !(head.length + piece.length); /* which would end the stream */
        const struct iovec parts[] = {{&header, empty ? 0 : sizeof header},
                                      part(head),
                                      part(piece),
                                      {&end, all && last ? sizeof end : 0}};
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

struct serving *serving_open(void)
{
    struct serving *serving = malloc(sizeof *serving);
    if (serving)
        arena_open(&serving->arena, REQUEST_MEMORY_MAX);
    return serving;
}

void serving_close(struct serving *serving)
{
    if (serving)
        arena_close(&serving->arena);
    free(serving);
}

/* Has the function answer. */
static void run(struct worker *worker, const struct arrived *request)
{
    const struct responder_settings *settings = worker->settings;
    struct serving *serving = worker->serving;
    struct exchange *exchange = &serving->exchange;
    size_t count;
    struct header *variables = split(request->variables, &serving->arena, &count);
    exchange_open(exchange, settings->function, variables, count, &serving->arena,
                  settings->timeout_ms);
    (void)opening_try(&worker->opening, settings->function);
    exchange->request.state = worker->opening.state;
    exchange->incoming.not_open = worker->opening.not_open;
    exchange->response.pulled = true;
    exchange_body(exchange, request->body);
    exchange_run(exchange);
}

/* Leaves an answer that is streamed to its connection. False: there can't be another one now, and
 * the answer says so. */
static bool begin_stream(struct worker *worker, struct connection *connection)
{
    struct exchange *exchange = &worker->serving->exchange;
    struct serving *other = worker->streams < STREAMS_MAX ? serving_open() : NULL;
    if (!other) {
        exchange->response.next = NULL;
        run_out_of_memory(&exchange->request, &exchange->response);
        return false;
    }
    connection->stream = worker->serving;
    worker->serving = other;
    worker->streams++;
    return true;
}

/*
 * Returns false when the connection is done with. Where it is closed though the web server would
 * keep it, that could be quicker to send the next request: so it's barred from that before it gets
 * the answer, which on a unix socket it notices at once.
 */
static bool answer(struct worker *worker, struct connection *connection,
                   const struct arrived *request)
{
    struct serving *serving = worker->serving;
    struct exchange *exchange = &serving->exchange;
    run(worker, request);
    bool streams = exchange->response.next && begin_stream(worker, connection);
    dime_text head = exchange_head(exchange), payload = exchange_payload(exchange);
    serving->bytes = payload.length;
    int64_t took_ns = clock_monotonic_ns() - exchange->started_ns;
    if (!streams)
        took_ns = exchange_log(exchange, &worker->log, "fastcgi", payload.length);
    if (took_ns >= PRESSED_MS * INT64_C(1000000) && is_awaited(worker))
        worker->pressed = true;
    if (connection->next_state == CONNECTION_CLOSE && connection->reader.keep)
        shutdown(connection->fd, SHUT_RD);
    bool sent = send_records(connection, head, payload, !streams);
    if (streams)
        run_forget_piece(&exchange->call);
    return sent;
}

void worker_end_stream(struct worker *worker, struct connection *connection)
{
    if (!connection->stream)
        return;
    exchange_log(&connection->stream->exchange, &worker->log, "fastcgi", connection->stream->bytes);
    serving_close(connection->stream);
    connection->stream = NULL;
    worker->streams--;
    worker->gathered -= connection->capacity;
    connection_forget(connection);
}

/*
 * Makes more of an answer while the socket takes it, but not so much at once that others wait. A
 * stream that breaks off ends without the request's end, so that the web server notices. False: the
 * connection is done with.
 */
static bool continue_stream(struct worker *worker, struct connection *connection)
{
    struct serving *stream = connection->stream;
    struct dime_call *call = &stream->exchange.call;
    bool more = true;
    for (int i = 0; i < PIECES_AT_ONCE && more && !connection_is_full(connection); i++) {
        more = run_next(call);
        dime_text payload = exchange_payload(&stream->exchange);
        if (run_broke(call) || !send_records(connection, TEXT(""), payload, !more))
            return false;
        stream->bytes += payload.length;
        run_forget_piece(call);
    }
    if (!more)
        worker_end_stream(worker, connection);
    return true;
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

/* What comes after some of an answer has been sent. Returns whether the connection is to be kept.
 */
static bool go_on(struct worker *worker, struct connection *connection)
{
    if (connection_is_full(connection) || connection->stream)
        return connection->next_state != CONNECTION_DRAIN ||
               connection_drain(connection, worker->serving->room, sizeof worker->serving->room);
    return end_answer(worker, connection);
}

bool worker_resume(struct worker *worker, struct connection *connection)
{
    size_t held = connection->unsent_capacity;
    bool open = connection_resume(connection);
    if (open && connection->stream && !connection_is_full(connection)) {
        open = continue_stream(worker, connection);
        /* Each piece has the time that a whole answer has. */
        connection_move(connection, &worker->writing, CONNECTION_WRITING, clock_monotonic_ns());
    }
    worker->unsent += connection->unsent_capacity - held;
    return open && go_on(worker, connection);
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
    if (!connection->stream) {
        arena_reset(&worker->serving->arena);
        worker->gathered -= connection->capacity;
        connection_forget(connection);
    }
    worker->unsent += connection->unsent_capacity;
    if (!open)
        return false;
    if (!connection_is_full(connection) && !connection->stream)
        return end_answer(worker, connection);
    connection_move(connection, &worker->writing, CONNECTION_WRITING, clock_monotonic_ns());
    return true;
}
