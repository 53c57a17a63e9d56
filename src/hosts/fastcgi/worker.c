/*
 * worker.c - the connections of a thread, by state and by time, and the epoll set that waits for
 * them.
 *
 * Each state has a ring, ordered by the time at which connections entered it. So finding the next
 * timeout takes four lookups, whatever the number of connections.
 */
#include "hosts/fastcgi/worker.h"

#include <errno.h>
#include <sched.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "request/function.h"

enum { CROWD = 16 }; /* with so many connections, a thread expects many requests at once */

bool worker_open(struct worker *worker)
{
    const struct responder *responder = worker->responder;
    const struct responder_settings *settings = worker->settings = responder->settings;
    struct epoll_event stop = {.events = EPOLLIN, .data.ptr = worker};
    worker->rules = (struct connection_rules){
        .function = settings->function->name,
        .limits = {.body_max = function_body_max(settings->function),
                   .connections = responder->connections_max * (size_t)settings->threads}};
    worker->used_ns = clock_monotonic_ns();
    worker->policy = sched_getscheduler(0) == SCHED_OTHER ? SCHED_OTHER : -1;
    for (size_t i = 0; i < CONNECTION_STATES; i++)
        worker->rings[i].next = worker->rings[i].previous = &worker->rings[i];
    worker->serving = serving_open();
    worker->epoll = epoll_create1(EPOLL_CLOEXEC);
    return worker->serving && worker->epoll >= 0 &&
           epoll_ctl(worker->epoll, EPOLL_CTL_ADD, responder->signals, &stop) == 0;
}

void worker_close(struct worker *worker)
{
    if (worker->epoll >= 0)
        close(worker->epoll);
    serving_close(worker->serving);
}

/*
 * Lets the web server go first while it sends many requests at once. A thread that interrupts it
 * for each request answers them one by one, with two context switches each. A thread that waits for
 * its turn (SCHED_BATCH) finds several: without it sixteen clients cost a fifth more CPU time. With
 * few requests SCHED_BATCH would only make it wait for other programs on busy cores. A policy other
 * than SCHED_OTHER is left as it is.
 */
static void choose_policy(struct worker *worker)
{
    int policy = worker->connections > CROWD ? SCHED_BATCH : SCHED_OTHER;
    struct sched_param none = {0};
    if (worker->policy < 0 || policy == worker->policy)
        return;
    worker->policy = sched_setscheduler(0, policy, &none) == 0 ? policy : -1;
}

struct connection *worker_add(struct worker *worker, int fd, int64_t now_ns)
{
    struct connection *connection = connection_open(fd, now_ns);
    if (!connection)
        return NULL;
    worker->connections++;
    choose_policy(worker);
    worker_move(worker, connection, CONNECTION_WAITING, now_ns);
    return connection;
}

void worker_end_stream(struct worker *worker, struct connection *connection)
{
    struct serving *stream = connection->stream;
    if (!stream)
        return;
    exchange_log(&stream->exchange, &worker->log, "fastcgi", stream->bytes);
    serving_close(stream);
    connection->stream = NULL;
    worker->streams--;
    worker->gathered -= connection->capacity;
    connection_forget(connection);
}

void worker_drop(struct worker *worker, struct connection *connection)
{
    worker_end_stream(worker, connection);
    worker->gathered -= connection->capacity;
    worker->unsent -= connection->unsent_capacity;
    worker->connections--;
    connection_close(connection);
    choose_policy(worker);
}

void worker_move(struct worker *worker, struct connection *connection, enum connection_state state,
                 int64_t now_ns)
{
    connection_move(connection, &worker->rings[state], state, now_ns);
}

bool worker_watch(const struct worker *worker, struct connection *connection)
{
    bool writing = connection->state == CONNECTION_WRITING;
    bool reading = !writing || connection->next_state == CONNECTION_DRAIN;
    struct epoll_event event = {.events = (writing ? EPOLLOUT : 0U) |
                                          (reading ? EPOLLIN | EPOLLRDHUP : 0U),
                                .data.ptr = connection};
    if (connection->watched == event.events)
        return true;
    int how = connection->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    connection->watched = event.events;
    return epoll_ctl(worker->epoll, how, connection->fd, &event) == 0;
}

void worker_watch_listener(struct worker *worker)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE};
    worker->paused_until_ns = 0;
    epoll_ctl(worker->epoll, EPOLL_CTL_ADD, worker->settings->listener, &event);
}

void worker_pause_listener(struct worker *worker, int64_t until_ns)
{
    epoll_ctl(worker->epoll, EPOLL_CTL_DEL, worker->settings->listener, NULL);
    worker->paused_until_ns = until_ns;
}
