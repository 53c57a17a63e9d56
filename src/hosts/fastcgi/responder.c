/*
 * responder.c - an epoll loop per thread decides which connection is served next.
 *
 * A loop that blocks in accept and in read, as libfcgi's, would let a connection that the web
 * server keeps open pin a thread, and a stalled one hold up all others. Here epoll decides what is
 * ready, and a connection is served (serve.c) only when a whole request is there (connection.c,
 * reader.c).
 */
#include "hosts/fastcgi/responder.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "request/function.h"
#include "request/log.h"
#include "hosts/cgi/cgi.h"
#include "hosts/fastcgi/connection.h"
#include "net/listen.h"
#include "hosts/fastcgi/threads.h"

enum {
    EVENTS = 64,
    CROWDED_MS = 1000,    /* how long a request may take to arrive where no descriptor is free */
    DRAIN_MS = 2000,      /* how long to read the rest of a body that was refused */
    STOP_MS = 5000,       /* how long half a request may hold up stopping */
    SILENT_MS = 200,      /* the same for a connection that has sent nothing */
    PAUSE_MS = 100,       /* how long to accept nothing when descriptors have run out */
    DESCRIPTORS = 16384,  /* most that are asked for */
    DESCRIPTORS_OWN = 32, /* those that aren't connections */
    GATHERED = 32 << 20,  /* bytes that requests which come in pieces may hold together, besides
                             the largest one */
    UNSENT = 32 << 20,    /* bytes of answers that may wait to be read, besides the last one */
    CROWD = 16,           /* connections of a thread that mean many requests at once */
    LOG_MS = 20,          /* how long a line may wait for others to be written with */
    SHARE_MS = 20,        /* how long a thread leaves new connections to another that has none */
    ALONE_MS = 200,       /* how long a heavy function's request may arrive with no other besides */
    HEAVY_NICENESS = 10,  /* of a heavy function's processes */
};

static atomic_bool stop_asked;
static atomic_bool queue_asked; /* there will be no next worker for what waits in the queue */
static int stop_event = -1;     /* readable once the process is to stop: wakes every thread */

static bool is_stopping(void)
{
    return atomic_load_explicit(&stop_asked, memory_order_relaxed);
}

/* Whether a worker serves what it has, and nothing new. */
static bool is_ending(const struct worker *worker)
{
    return worker->leaving || is_stopping();
}

static void ask_to_stop(int signal)
{
    int error = errno;
    uint64_t one = 1;
    if (signal == SIGINT)
        atomic_store(&queue_asked, true);
    atomic_store(&stop_asked, true);
    if (write(stop_event, &one, sizeof one) < 0)
        errno = error; /* it is full, so it's readable already */
    errno = error;
}

static bool watch(const struct worker *worker, int fd, uint32_t events, void *what)
{
    struct epoll_event event = {.events = events, .data.ptr = what};
    return epoll_ctl(worker->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* Has epoll report what the connection's state waits for: a request, or room for an answer. */
static bool watch_connection(const struct worker *worker, struct connection *connection)
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

/* The listener's events carry no pointer, the stop event's that of the worker itself. */
static void watch_listener(struct worker *worker)
{
    worker->paused_until_ns = 0;
    watch(worker, worker->settings->listener, EPOLLIN | EPOLLEXCLUSIVE, NULL);
}

static void pause_listener(struct worker *worker, int64_t until_ns)
{
    epoll_ctl(worker->epoll, EPOLL_CTL_DEL, worker->settings->listener, NULL);
    worker->paused_until_ns = until_ns;
}

/*
 * Lets the web server go first while it sends many requests at once. A thread that interrupts it
 * for each of them answers them one by one, with two changes of process for each; one that waits
 * for its turn (SCHED_BATCH) finds several. With few requests it would only wait for other
 * programs, where such keep the cores busy. Who has chosen another policy than SCHED_OTHER, or
 * forbidden this, is left alone.
 */
static void choose_policy(struct worker *worker)
{
    int policy = worker->connections > CROWD ? SCHED_BATCH : SCHED_OTHER;
    struct sched_param none = {0};
    if (worker->policy < 0 || policy == worker->policy)
        return;
    worker->policy = sched_setscheduler(0, policy, &none) == 0 ? policy : -1;
}

static void drop(struct worker *worker, struct connection *connection)
{
    worker->gathered -= connection->capacity;
    worker->unsent -= connection->unsent_capacity;
    worker->connections--;
    worker_end_stream(worker, connection);
    connection_close(connection);
    choose_policy(worker);
}

/*
 * Gives up the answers that have waited for their readers for the longest time, where all together
 * take too much memory. Their connections are closed later, in house_keeping: an event of this same
 * batch may be for one of them.
 */
static void limit_unsent(struct worker *worker)
{
    struct connection *oldest = worker->writing.next;
    for (; worker->unsent > UNSENT && oldest->next != &worker->writing; oldest = oldest->next) {
        worker->unsent -= oldest->unsent_capacity;
        connection_cut(oldest);
        oldest->since_ns = 0;
    }
}

/*
 * Serves the request that has arrived. A connection that is too many is kept no longer: the web
 * server opens another one, which a thread with less to do accepts.
 */
static bool serve(struct worker *worker, struct connection *connection,
                  const struct arrived *request)
{
    bool surplus = worker->surplus > 0, heavy = worker->settings->function->heavy;
    worker->surplus -= surplus;
    bool kept = worker_serve(worker, connection, request, surplus || heavy || is_ending(worker));
    if (worker->unsent > UNSENT)
        limit_unsent(worker);
    return kept;
}

/* Whether the connection is to be kept. */
static bool proceed(struct worker *worker, struct connection *connection)
{
    if (connection->fd < 0)
        return false;
    if (connection->state == CONNECTION_WRITING)
        return worker_resume(worker, connection);
    if (connection->state == CONNECTION_DRAINING)
        return connection_drain(connection, worker->serving->room, sizeof worker->serving->room);
    size_t held = connection->capacity;
    struct arrived request;
    enum arrival arrival = connection_take(connection, worker->serving->room,
                                           sizeof worker->serving->room, &worker->rules, &request);
    worker->gathered += connection->capacity - held;
    bool heavy = worker->settings->function->heavy;
    if (arrival == ARRIVAL_REQUEST && heavy && connection_is_gone(connection))
        return false; /* it waited too long for its turn: nobody would read the answer */
    if (arrival == ARRIVAL_REQUEST)
        return serve(worker, connection, &request);
    if (arrival == ARRIVAL_ANSWERED)
        return worker_drain(worker, connection);
    if (arrival == ARRIVAL_MORE && connection->state == CONNECTION_IDLE && connection->length)
        connection_move(connection, &worker->waiting, CONNECTION_WAITING, clock_monotonic_ns());
    return arrival == ARRIVAL_MORE;
}

/* A connection is watched only once it has outlived its first request: many never do. */
static void on_ready(struct worker *worker, struct connection *connection)
{
    if (proceed(worker, connection) && watch_connection(worker, connection))
        worker->used_ns = connection->since_ns;
    else
        drop(worker, connection);
    bool paused = worker->paused_until_ns && worker->paused_until_ns < INT64_MAX;
    if (paused && worker->settings->function->heavy && worker->waiting.next == &worker->waiting)
        worker->paused_until_ns = 1; /* over, since nothing is arriving: the next may come */
}

static bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}

/*
 * Accepts one connection: more at once would take them away from threads that have less to do. A
 * heavy function's next one stays in the queue, for whichever worker is free first, as long as this
 * one arrives in one go, but not for long where others are arriving slowly already: each of many
 * slow clients would add to what the next one waits. And its connections aren't kept, since a
 * request on one couldn't go to another worker.
 */
static bool accept_one(struct worker *worker)
{
    int64_t now = clock_monotonic_ns();
    int fd = accept4(worker->settings->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        if (is_shortage(errno))
            pause_listener(worker, now + PAUSE_MS * INT64_C(1000000));
        return false;
    }
    struct connection *connection = connection_open(fd, now);
    if (!connection) {
        close(fd);
        return false;
    }
    worker->connections++;
    worker->used_ns = now;
    atomic_store_explicit(&worker->threads->hungry, false, memory_order_relaxed);
    choose_policy(worker);
    bool alone = worker->waiting.next == &worker->waiting;
    connection_move(connection, &worker->waiting, CONNECTION_WAITING, now);
    if (worker->connections >= worker->connections_max)
        pause_listener(worker, INT64_MAX);
    else if (worker->settings->function->heavy)
        pause_listener(worker, now + (alone ? ALONE_MS : SHARE_MS) * INT64_C(1000000));
    on_ready(worker, connection);
    return true;
}

/* Drops the connections of a ring that came into their state longer than that ago. */
static void expire(struct worker *worker, struct connection *head, int64_t now, int64_t ms)
{
    while (head->next != head && now - head->next->since_ns >= ms * 1000000)
        drop(worker, head->next);
}

static void say_closed(const struct worker *worker, const char *why)
{
    log_say(LOG_LEVEL_WARN, worker->settings->function->name, 0, "closed a connection: %s", why);
}

/* The same for those that read their answers too slowly, which is said. */
static void expire_writing(struct worker *worker, int64_t now, int64_t ms)
{
    struct connection *head = &worker->writing;
    while (head->next != head && now - head->next->since_ns >= ms * 1000000) {
        say_closed(worker, head->next->fd >= 0
                               ? "its client was too slow to read the whole answer in time"
                               : "too many answers wait for slow clients to read them");
        drop(worker, head->next);
    }
}

/* Serves what has just come. Whether the connection is needed still: part of a request is there. */
static bool catch_up(struct worker *worker, struct connection *connection)
{
    return proceed(worker, connection) &&
           (connection->state == CONNECTION_DRAINING || connection->length);
}

/*
 * Makes room for newcomers, at the expense of the web server's spare connections (it opens others)
 * and of those that have been sending a request for the longest time. Never called amid a batch of
 * events, one of which might be for a connection that is dropped here.
 */
static void make_room(struct worker *worker)
{
    struct connection *spare = worker->idle.next;
    size_t most = GATHERED + 2 * function_body_max(worker->settings->function);
    if (worker->connections >= worker->connections_max && spare != &worker->idle &&
        !catch_up(worker, spare))
        drop(worker, spare);
    while (worker->gathered > most && worker->waiting.next != &worker->waiting)
        drop(worker, worker->waiting.next);
}

static int64_t until_expiry(const struct connection *head, int64_t now, int64_t ms)
{
    if (head->next == head)
        return INT64_MAX;
    int64_t left = head->next->since_ns + ms * 1000000 - now;
    return left > 0 ? left : 0;
}

static int to_epoll(int64_t left_ns)
{
    return left_ns > INT64_C(60000000000) ? 60000 : (int)(left_ns / 1000000) + 1;
}

/* How long a worker without anything to do waits for it. */
static int until_leaving(struct worker *worker)
{
    int64_t idle_ms = worker->settings->idle_ms;
    if (!idle_ms)
        return -1;
    int64_t left = worker->used_ns + idle_ms * 1000000 - clock_monotonic_ns();
    worker->leaving = left <= 0;
    return worker->leaving ? 0 : to_epoll(left);
}

/* Does what is due, and returns how many milliseconds epoll may wait, -1 for ever. */
static int house_keeping(struct worker *worker)
{
    bool calm = worker->waiting.next == &worker->waiting &&
                worker->writing.next == &worker->writing &&
                worker->draining.next == &worker->draining && !worker->paused_until_ns;
    if (calm)
        return until_leaving(worker);
    int64_t now = clock_monotonic_ns(), timeout = worker->settings->timeout_ms;
    if (worker->connections >= worker->connections_max && timeout > CROWDED_MS)
        timeout = CROWDED_MS;
    expire(worker, &worker->waiting, now, timeout);
    expire_writing(worker, now, timeout);
    expire(worker, &worker->draining, now, DRAIN_MS);
    make_room(worker);
    bool room = worker->connections < worker->connections_max;
    if (worker->paused_until_ns && room &&
        (worker->paused_until_ns == INT64_MAX || worker->paused_until_ns <= now))
        watch_listener(worker);
    int64_t left = until_expiry(&worker->waiting, now, timeout);
    left = clock_sooner(left, until_expiry(&worker->writing, now, timeout));
    left = clock_sooner(left, until_expiry(&worker->draining, now, DRAIN_MS));
    if (worker->paused_until_ns && worker->paused_until_ns - now < left)
        left = worker->paused_until_ns - now;
    return to_epoll(left);
}

/*
 * Writes the waiting lines unless some were written just now: under load a line costs a twentieth
 * of a write, which is as dear as the answer's own, and otherwise each is written at once.
 */
static void write_log(struct worker *worker)
{
    int64_t now = worker->log.length ? clock_monotonic_ns() : 0;
    if (now - worker->logged_ns < LOG_MS * INT64_C(1000000))
        return;
    log_flush(&worker->log);
    worker->logged_ns = now;
}

/*
 * Requests wait for each other. Another thread is started; once that is there, it gets half of the
 * connections.
 */
static void share(struct worker *worker)
{
    int64_t now = clock_monotonic_ns();
    worker->pressed = false;
    worker->rested_ns = now;
    if (!atomic_exchange(&worker->threads->hungry, false)) {
        threads_grow(worker->threads);
    } else if (worker->connections < worker->connections_max) {
        worker->surplus = worker->connections / 2;
        pause_listener(worker, now + SHARE_MS * INT64_C(1000000));
    }
}

/* Whether several requests are there at once, and it has been so for a while. */
static bool is_pressed(const struct worker *worker, const struct epoll_event *events, int ready)
{
    int requests = 0;
    for (int i = 0; i < ready; i++)
        requests += worker_is_request(&events[i]);
    return requests > 1 &&
           clock_monotonic_ns() - worker->rested_ns >= PRESSED_MS * INT64_C(1000000);
}

/* As epoll_wait; where there may be more threads, it's found out whether another one is needed. */
static int wait_for_events(struct worker *worker, struct epoll_event *events, int wait_ms)
{
    bool alone = threads_may_grow(worker->threads) ||
                 atomic_load_explicit(&worker->threads->hungry, memory_order_relaxed);
    if (!alone)
        return epoll_wait(worker->epoll, events, EVENTS, wait_ms);
    int ready = epoll_wait(worker->epoll, events, EVENTS, 0);
    if (worker->pressed || is_pressed(worker, events, ready))
        share(worker);
    if (ready != 0)
        return ready;
    ready = epoll_wait(worker->epoll, events, EVENTS, wait_ms);
    worker->rested_ns = clock_monotonic_ns();
    return ready;
}

static void serve_ready(struct worker *worker)
{
    struct epoll_event events[EVENTS];
    int wait_ms = house_keeping(worker);
    if (worker->log.length && (wait_ms < 0 || wait_ms > LOG_MS))
        wait_ms = LOG_MS;
    int ready = wait_for_events(worker, events, wait_ms);
    for (int i = 0; i < ready; i++) {
        if (events[i].data.ptr == worker)
            continue; /* the stop event: the loop looks at stop_asked itself */
        if (events[i].data.ptr)
            on_ready(worker, events[i].data.ptr);
        else
            accept_one(worker);
    }
    write_log(worker);
}

/*
 * Closes the connections of a ring on which nothing has arrived; the web server opens others. It
 * may be sending a request just now: so it's first barred from that, which it notices at once on a
 * unix socket, and what it had sent before is served.
 */
static void close_quiet(struct worker *worker, struct connection *head)
{
    for (struct connection *c = head->next, *next; c != head; c = next) {
        next = c->next;
        if (c->length || catch_up(worker, c))
            continue;
        bool open = c->fd >= 0 && shutdown(c->fd, SHUT_RD) == 0;
        if (!open || !catch_up(worker, c))
            drop(worker, c);
    }
}

/* Serves what waits in the listener's queue. */
static void serve_queue(struct worker *worker, int64_t end_ns)
{
    for (int left = LISTEN_BACKLOG; left && clock_monotonic_ns() < end_ns; left--) {
        if (!accept_one(worker))
            break;
        log_flush(&worker->log);
    }
    pause_listener(worker, 0);
}

/* Finishes what has begun to arrive. What still waits in the listener's queue is for the next
 * worker, if there is one. */
static void finish(struct worker *worker)
{
    const int64_t start = clock_monotonic_ns(), ms = 1000000;
    epoll_ctl(worker->epoll, EPOLL_CTL_DEL, stop_event, NULL);
    pause_listener(worker, 0);
    if (worker->settings->own_listener)
        listen_refuse(worker->settings->listener);
    if (worker->settings->own_listener || atomic_load(&queue_asked))
        serve_queue(worker, start + STOP_MS * ms);
    close_quiet(worker, &worker->idle);
    while (worker->connections && clock_monotonic_ns() - start < STOP_MS * ms) {
        struct epoll_event events[EVENTS];
        int ready = epoll_wait(worker->epoll, events, EVENTS, PAUSE_MS);
        for (int i = 0; i < ready; i++)
            on_ready(worker, events[i].data.ptr);
        close_quiet(worker, &worker->idle);
        if (clock_monotonic_ns() - start >= SILENT_MS * ms)
            close_quiet(worker, &worker->waiting);
        house_keeping(worker);
    }
    log_flush(&worker->log);
}

static void empty_ring(struct connection *head)
{
    head->next = head->previous = head;
}

static void close_worker(struct worker *worker)
{
    struct connection *rings[] = {&worker->idle, &worker->waiting, &worker->writing,
                                  &worker->draining};
    for (size_t i = 0; i < sizeof rings / sizeof *rings; i++) {
        while (rings[i]->next != rings[i])
            drop(worker, rings[i]->next);
    }
    if (worker->epoll >= 0)
        close(worker->epoll);
    serving_close(worker->serving);
}

static bool open_worker(struct worker *worker)
{
    worker->settings = worker->threads->settings;
    worker->connections_max = worker->threads->connections_max;
    worker->rules = (struct connection_rules){
        .function = worker->settings->function->name,
        .limits = {.body_max = function_body_max(worker->settings->function),
                   .connections = worker->connections_max * (size_t)worker->settings->threads}};
    worker->leaving = worker->pressed = false;
    worker->used_ns = worker->rested_ns = clock_monotonic_ns();
    worker->policy = sched_getscheduler(0) == SCHED_OTHER ? SCHED_OTHER : -1;
    empty_ring(&worker->idle);
    empty_ring(&worker->waiting);
    empty_ring(&worker->writing);
    empty_ring(&worker->draining);
    worker->serving = serving_open();
    worker->epoll = epoll_create1(EPOLL_CLOEXEC);
    return worker->serving && worker->epoll >= 0 && watch(worker, stop_event, EPOLLIN, worker);
}

static bool work(struct worker *worker)
{
    const dime_function *function = worker->threads->settings->function;
    if (!open_worker(worker)) {
        log_say(LOG_LEVEL_ERROR, function->name, errno, "can't start a thread");
        close_worker(worker);
        return false;
    }
    (void)opening_try(&worker->opening, function); /* before the thread takes part in the work */
    watch_listener(worker);
    atomic_store(&worker->threads->hungry, true);
    while (!is_ending(worker))
        serve_ready(worker);
    finish(worker);
    opening_close(&worker->opening, function);
    close_worker(worker);
    return true;
}

/* As many descriptors as the system lets us have, shared by the threads. */
static size_t connections_per_thread(int threads)
{
    struct rlimit limit = {.rlim_cur = 1024};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < DESCRIPTORS) {
        limit.rlim_cur = limit.rlim_max < DESCRIPTORS ? limit.rlim_max : DESCRIPTORS;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
            getrlimit(RLIMIT_NOFILE, &limit);
    }
    size_t most = limit.rlim_cur < DESCRIPTORS ? (size_t)limit.rlim_cur : DESCRIPTORS;
    size_t own = (size_t)threads * 4 + DESCRIPTORS_OWN;
    return most > own + (size_t)threads ? (most - own) / (size_t)threads : 1;
}

static void set_signals(void)
{
    struct sigaction stop = {.sa_handler = ask_to_stop, .sa_flags = SA_RESTART};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    const int stops[] = {SIGTERM, SIGINT, SIGHUP};
    sigset_t blocked; /* by a parent, until now */
    sigemptyset(&blocked);
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
        sigaction(stops[i], &stop, NULL);
        sigaddset(&blocked, stops[i]);
    }
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGUSR1, &ignore, NULL); /* some web servers send it to FastCGI programs */
    sigprocmask(SIG_UNBLOCK, &blocked, NULL);
}

int responder_serve(const struct responder_settings *settings)
{
    struct threads threads = {.settings = settings, .work = work};
    int flags = fcntl(settings->listener, F_GETFL);
    threads.connections_max = connections_per_thread(settings->threads);
    stop_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (stop_event < 0 || flags < 0 ||
        fcntl(settings->listener, F_SETFL, flags | O_NONBLOCK) != 0) {
        log_say(LOG_LEVEL_ERROR, settings->function->name, errno, "can't start");
        return 1;
    }
    set_signals();
    if (settings->function->heavy && getpriority(PRIO_PROCESS, 0) < HEAVY_NICENESS)
        (void)setpriority(PRIO_PROCESS, 0, HEAVY_NICENESS); /* where that's forbidden, without */
    bool started = threads_run(&threads);
    close(stop_event);
    return started ? 0 : 1;
}
