/*
 * upkeep.c - closes connections that take too long, or whose room new connections need.
 *
 * The first connection of each ring has been in its state for the longest time, so only that one is
 * checked. Without any connection the only task is to end the program after its idle timeout.
 */
#include "hosts/fastcgi/upkeep.h"

#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/number.h"
#include "hosts/fastcgi/serve.h"
#include "request/function.h"

enum {
    CROWDED_MS = 1000,   /* how long a request may take to arrive while no descriptor is free */
    DRAIN_MS = 2000,     /* how long to read the rest of a body that was refused */
    GATHERED = 32 << 20, /* bytes that requests arriving in pieces may hold together, besides
                            the largest one */
};

/* Whether the first connection in this state has been in it for that long. */
static bool is_expired(const struct worker *worker, enum connection_state state, int64_t now,
                       int64_t ms)
{
    return !worker_has_none(worker, state) &&
           now - worker->rings[state].next->since_ns >= clock_ns_of_ms(ms);
}

static void expire(struct worker *worker, enum connection_state state, int64_t now, int64_t ms)
{
    while (is_expired(worker, state, now, ms))
        worker_drop(worker, worker->rings[state].next);
}

/* The same for connections that read their answers too slowly; these are logged. */
static void expire_writing(struct worker *worker, int64_t now, int64_t ms)
{
    while (is_expired(worker, CONNECTION_WRITING, now, ms)) {
        struct connection *connection = worker->rings[CONNECTION_WRITING].next;
        log_say(LOG_LEVEL_WARN, worker->settings->function->name, 0, "closed a connection: %s",
                connection->fd >= 0 ? "its client was too slow to read the whole answer in time"
                                    : "too many answers wait for slow clients to read them");
        worker_drop(worker, connection);
    }
}

/*
 * Makes room for new connections. Closes the web server's idle connections, since it can open
 * others, and those that have been sending a request for the longest time.
 */
static void make_way(struct worker *worker)
{
    size_t most = GATHERED + 2 * function_body_max(worker->settings->function);
    if (worker->connections >= worker->responder->connections_max &&
        !worker_has_none(worker, CONNECTION_IDLE)) {
        struct connection *spare = worker->rings[CONNECTION_IDLE].next;
        if (!serve_late(worker, spare))
            worker_drop(worker, spare);
    }
    while (worker->gathered > most && !worker_has_none(worker, CONNECTION_WAITING))
        worker_drop(worker, worker->rings[CONNECTION_WAITING].next);
}

static int64_t until_expiry(const struct worker *worker, enum connection_state state, int64_t now,
                            int64_t ms)
{
    if (worker_has_none(worker, state))
        return INT64_MAX;
    int64_t left = worker->rings[state].next->since_ns + clock_ns_of_ms(ms) - now;
    return larger(0, left);
}

static int to_epoll(int64_t left_ns)
{
    return left_ns > INT64_C(60000000000) ? 60000 : (int)(left_ns / 1000000) + 1;
}

/*
 * How long a worker without work waits. Once all of them have been idle for the configured time,
 * the process is signalled to stop.
 */
static int until_idle_end(const struct worker *worker)
{
    const struct responder *responder = worker->responder;
    if (!worker->settings->idle_ms)
        return -1;
    int64_t used = 0;
    for (int i = 0; i < worker->settings->threads; i++) {
        int64_t at = atomic_load_explicit(&responder->workers[i].used_ns, memory_order_relaxed);
        used = larger(used, at);
    }
    int64_t now = clock_monotonic_ns();
    int64_t left = (used < now ? used - now : 0) + clock_ns_of_ms(worker->settings->idle_ms);
    if (left > 0)
        return to_epoll(left);
    kill(getpid(), SIGTERM);
    return -1;
}

int upkeep(struct worker *worker)
{
    bool calm = worker_has_none(worker, CONNECTION_WAITING) &&
                worker_has_none(worker, CONNECTION_WRITING) &&
                worker_has_none(worker, CONNECTION_DRAINING) && !worker->paused_until_ns;
    if (calm)
        return until_idle_end(worker);
    int64_t now = clock_monotonic_ns(), timeout = worker->settings->timeout_ms;
    size_t most = worker->responder->connections_max;
    if (worker->connections >= most && timeout > CROWDED_MS)
        timeout = CROWDED_MS;
    expire(worker, CONNECTION_WAITING, now, timeout);
    expire_writing(worker, now, timeout);
    expire(worker, CONNECTION_DRAINING, now, DRAIN_MS);
    make_way(worker);
    if (worker->paused_until_ns && worker->connections < most &&
        (worker->paused_until_ns == INT64_MAX || worker->paused_until_ns <= now))
        worker_watch_listener(worker);
    int64_t left = until_expiry(worker, CONNECTION_WAITING, now, timeout);
    left = smaller(left, until_expiry(worker, CONNECTION_WRITING, now, timeout));
    left = smaller(left, until_expiry(worker, CONNECTION_DRAINING, now, DRAIN_MS));
    if (worker->paused_until_ns)
        left = smaller(left, worker->paused_until_ns - now);
    return to_epoll(left);
}
