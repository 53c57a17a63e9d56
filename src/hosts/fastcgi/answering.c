/*
 * answering.c - one FastCGI request from its variables to its answer.
 *
 * A request is handled only once all of it has arrived. Its bytes stay where they arrived until it
 * has been answered. The answer is sent without being copied, usually with one call.
 */
#include "hosts/fastcgi/answering.h"

#include <stdint.h>
#include <sys/socket.h>

#include "net/fastcgi_record.h"

enum {
    PIECES_AT_ONCE = 4, /* of a stream */
    STREAMS_MAX = 256,  /* of a thread at once: each keeps what serving a request takes */
};

/* Splits the variables. NULL: out of memory. */
static struct header *split_variables(const struct arrived *request, struct arena *arena)
{
    struct header *headers = arena_alloc(arena, request->count * sizeof *headers);
    dime_text left = request->variables;
    for (size_t i = 0; headers && i < request->count; i++)
        (void)reader_variable(&left, &headers[i].name, &headers[i].value);
    return headers;
}

static struct iovec part(dime_text text)
{
    return (struct iovec){(void *)(uintptr_t)text.data, text.length};
}

/* Sends part of an answer as STDOUT records. LAST: the answer ends with it, so an empty record and
 * the request's end follow. */
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
        size_t room = FCGI_MAX_LENGTH - head.length;
        all = payload.length <= room;
        dime_text piece = {payload.data, all ? payload.length : room};
        payload = text_skip(payload, piece.length);
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

/* Calls the function. */
static void run_exchange(struct worker *worker, const struct arrived *request)
{
    const struct responder_settings *settings = worker->settings;
    struct serving *serving = worker->serving;
    struct exchange *exchange = &serving->exchange;
    struct header *variables = split_variables(request, &serving->arena);
    exchange_open(exchange, settings->function, variables, variables ? request->count : 0,
                  &serving->arena, settings->timeout_ms);
    (void)opening_try(&worker->opening, settings->function);
    exchange->request.state = worker->opening.state;
    exchange->incoming.not_open = worker->opening.not_open;
    exchange->response.pulled = true;
    exchange_body(exchange, request->body);
    exchange_run(exchange);
}

/* Hands a streamed answer over to its connection. False: there are too many streams, and the answer
 * says so. */
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
 * If we close a connection that the web server would keep, the web server might send its next
 * request before it notices. So we stop reading before it gets the answer. On a unix socket it
 * notices that at once.
 */
bool answer_begin(struct worker *worker, struct connection *connection,
                  const struct arrived *request)
{
    struct serving *serving = worker->serving;
    struct exchange *exchange = &serving->exchange;
    run_exchange(worker, request);
    bool streams = exchange->response.next && begin_stream(worker, connection);
    dime_text head = exchange_head(exchange), payload = exchange_payload(exchange);
    serving->bytes = payload.length;
    if (!streams)
        exchange_log(exchange, &worker->log, "fastcgi", payload.length);
    if (connection->next_state == CONNECTION_CLOSE && connection->reader.keep)
        shutdown(connection->fd, SHUT_RD);
    bool sent = send_records(connection, head, payload, !streams);
    if (streams)
        run_forget_piece(&exchange->call);
    return sent;
}

/*
 * Produces more of an answer while the socket accepts it, but not so much at once that other
 * connections wait. A stream that fails ends without the request's end, so that the web server
 * notices. False: close the connection.
 */
bool answer_more(struct worker *worker, struct connection *connection)
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
