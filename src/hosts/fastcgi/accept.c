/*
 * accept.c - accepts one connection at a time: more at once would take them away from threads that
 * have less to do.
 *
 * Most newcomers have sent their request already, and many have no second one, so a connection is
 * served before epoll hears of it.
 */
#include "hosts/fastcgi/accept.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "hosts/fastcgi/serve.h"

enum {
    SHORTAGE_MS = 100, /* how long to accept nothing when descriptors have run out */
    ALONE_MS = 200,    /* how long a heavy function's request may arrive with no other besides */
    SHARED_MS = 20,    /* the same where others are arriving */
};

static bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}

/*
 * A heavy function's next request stays in the queue, for whichever worker is free first, as long
 * as this one arrives in one go, but not for long where others are arriving slowly already: each of
 * many slow clients would add to what the next one waits.
 */
static void pause_after(struct worker *worker, int64_t now, bool alone)
{
    if (worker->connections >= worker->responder->connections_max)
        worker_pause_listener(worker, INT64_MAX);
    else if (worker->settings->function->heavy)
        worker_pause_listener(worker, now + (alone ? ALONE_MS : SHARED_MS) * INT64_C(1000000));
}

bool accept_next(struct worker *worker)
{
    int64_t now = clock_monotonic_ns();
    int fd = accept4(worker->settings->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        if (is_shortage(errno))
            worker_pause_listener(worker, now + SHORTAGE_MS * INT64_C(1000000));
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
