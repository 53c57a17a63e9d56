/*
 * serve.c - accepts connections, and moves each from state to state.
 *
 * A connection is idle or waiting until a request has arrived. The request is then answered
 * (answering.c). While the socket is full, or the answer is a stream, the connection is writing.
 * Then it's idle again, or drained, or closed.
 */
#include "hosts/fastcgi/serve.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "hosts/fastcgi/answering.h"

enum {
    UNSENT = 32 << 20, /* bytes of unsent answers, besides the last one */
    SHORTAGE_MS = 100, /* how long to stop accepting when descriptors have run out */
    ALONE_MS = 200,    /* how long to wait for a heavy function's request before accepting more */
    SHARED_MS = 20,    /* the same while others are arriving */
};

/* Discards what still arrives after the answer. False: close the connection. */
static bool drain(struct worker *worker, struct connection *connection)
{
    worker_move(worker, connection, CONNECTION_DRAINING, clock_monotonic_ns());
    return shutdown(connection->fd, SHUT_WR) == 0;
}

/* Follows up on an answer that has been sent. Returns whether to keep the connection. */
static bool end_answer(struct worker *worker, struct connection *connection)
{
    if (connection->next_state == CONNECTION_CLOSE)
        return false;
    if (connection->next_state == CONNECTION_DRAIN)
        return drain(worker, connection);
    worker_move(worker, connection, CONNECTION_IDLE, clock_monotonic_ns());
    return true;
}

/*
 * Drops the answers that have been unsent for the longest time, if all together take too much
 * memory. The upkeep closes their connections later, since an event of this same batch may be for
 * one of them.
 */
static void limit_unsent(struct worker *worker)
{
    const struct connection *head = &worker->rings[CONNECTION_WRITING];
    struct connection *oldest = head->next;
    for (; worker->unsent > UNSENT && oldest->next != head; oldest = oldest->next) {
        worker->unsent -= oldest->unsent_capacity;
        worker_end_stream(worker, oldest);
        connection_cut(oldest);
        oldest->since_ns = 0;
    }
}

/*
 * Serves the request that has arrived. A heavy function's connections aren't kept, since a request
 * on one couldn't go to another worker.
 *
 * If the body wasn't read to its end, the socket is shut down for writing and drained: closing it
 * now could destroy the answer before the web server has read it.
 */
static bool serve_request(struct worker *worker, struct connection *connection,
                          const struct arrived *request)
{
    bool heavy = worker->settings->function->heavy;
    bool keep = connection->reader.keep && !worker->stopping && !heavy;
    connection->next_state = !request->whole ? CONNECTION_DRAIN
                             : keep          ? CONNECTION_KEEP
                                             : CONNECTION_CLOSE;
    bool open = answer_begin(worker, connection, request);
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
    worker_move(worker, connection, CONNECTION_WRITING, clock_monotonic_ns());
    limit_unsent(worker);
    return true;
}

static bool throw_away(struct worker *worker, struct connection *connection)
{
    return connection_drain(connection, worker->serving->room, sizeof worker->serving->room);
}

/* Sends or produces more of an answer. Returns whether to keep the connection. */
static bool go_on_sending(struct worker *worker, struct connection *connection)
{
    size_t held = connection->unsent_capacity;
    bool open = connection_resume(connection);
    if (open && connection->stream && !connection_is_full(connection)) {
        open = answer_more(worker, connection);
        /* Each piece has the timeout of a whole answer. */
        worker_move(worker, connection, CONNECTION_WRITING, clock_monotonic_ns());
    }
    worker->unsent += connection->unsent_capacity - held;
    if (open && (connection_is_full(connection) || connection->stream))
        return connection->next_state != CONNECTION_DRAIN || throw_away(worker, connection);
    return open && end_answer(worker, connection);
}

/* Returns whether to keep the connection. */
static bool proceed(struct worker *worker, struct connection *connection)
{
    if (connection->fd < 0)
        return false;
    if (connection->state == CONNECTION_WRITING)
        return go_on_sending(worker, connection);
    if (connection->state == CONNECTION_DRAINING)
        return throw_away(worker, connection);
    size_t held = connection->capacity;
    struct arrived request;
    enum arrival arrival = connection_take(connection, worker->serving->room,
                                           sizeof worker->serving->room, &worker->rules, &request);
    worker->gathered += connection->capacity - held;
    bool heavy = worker->settings->function->heavy;
    if (arrival == ARRIVAL_REQUEST && heavy && connection_is_gone(connection))
        return false; /* it waited so long that nobody would read the answer */
    if (arrival == ARRIVAL_REQUEST)
        return serve_request(worker, connection, &request);
    if (arrival == ARRIVAL_ANSWERED)
        return drain(worker, connection);
    if (arrival == ARRIVAL_MORE && connection->state == CONNECTION_IDLE && connection->length)
        worker_move(worker, connection, CONNECTION_WAITING, clock_monotonic_ns());
    return arrival == ARRIVAL_MORE;
}

/* A connection is added to epoll only after its first request: many don't live longer. */
void serve_ready(struct worker *worker, struct connection *connection)
{
    if (!proceed(worker, connection) || !worker_watch(worker, connection))
        worker_drop(worker, connection);
    bool paused = worker->paused_until_ns && worker->paused_until_ns < INT64_MAX;
    if (paused && worker->settings->function->heavy && worker_has_none(worker, CONNECTION_WAITING))
        worker->paused_until_ns = 1; /* accept again, since nothing is arriving */
}

bool serve_late(struct worker *worker, struct connection *connection)
{
    return proceed(worker, connection) &&
           (connection->state == CONNECTION_DRAINING || connection->length);
}

static bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}

/*
 * While a heavy function's request is arriving, the next one stays in the queue, for whichever
 * worker is free first. The wait is short if other requests are already arriving slowly, since each
 * slow client would add to it.
 */
static void pause_after(struct worker *worker, int64_t now, bool alone)
{
    if (worker->connections >= worker->responder->connections_max)
        worker_pause_listener(worker, INT64_MAX);
    else if (worker->settings->function->heavy)
        worker_pause_listener(worker, now + clock_ns_of_ms(alone ? ALONE_MS : SHARED_MS));
}

/*
 * Accepts one connection at a time: more at once would take them away from less busy threads. Most
 * new connections have a request already, and many have no second one, so a connection is served
 * before it's added to epoll.
 */
bool serve_next(struct worker *worker)
{
    int64_t now = clock_monotonic_ns();
    int fd = accept4(worker->settings->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        if (is_shortage(errno))
            worker_pause_listener(worker, now + clock_ns_of_ms(SHORTAGE_MS));
        return false;
    }
    bool alone = worker_has_none(worker, CONNECTION_WAITING);
    struct connection *connection = worker_add(worker, fd, now);
    if (!connection) {
        close(fd);
        return false;
    }
    pause_after(worker, now, alone);
    serve_ready(worker, connection);
    return true;
}
