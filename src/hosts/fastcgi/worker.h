/*
 * worker.h - what one thread of the responder has, and how it serves a request.
 *
 * Shared by responder.c, which decides what is served and when, and serve.c, which does it. Nothing
 * of a worker is shared with another one, so there are no locks.
 */
#ifndef DIME_HOSTS_FASTCGI_WORKER_H
#define DIME_HOSTS_FASTCGI_WORKER_H

#include <pthread.h>
#include <sys/epoll.h>

#include "base/arena.h"
#include "request/log.h"
#include "hosts/cgi/cgi.h"
#include "hosts/fastcgi/connection.h"
#include "request/opening.h"
#include "hosts/fastcgi/responder.h"

/* How long requests may wait for each other, or one may take while others wait, before that makes a
 * thread start another one. */
enum { PRESSED_MS = 5 };

struct threads;

/* What has become of a worker's place among the threads. */
enum place { PLACE_FREE, PLACE_RUNNING, PLACE_ENDED };

/*
 * What serving one request takes. A thread has one for all of them; an answer that is streamed
 * keeps it until its last piece, and the thread gets another.
 */
struct serving {
    struct arena arena;
    struct exchange exchange;
    size_t bytes;         /* of the body that have been sent */
    char room[64 * 1024]; /* for what comes from a connection */
};

/* Most answers that a thread streams at once: each keeps what serving a request takes. */
enum { STREAMS_MAX = 256 };

struct worker {
    const struct responder_settings *settings;
    struct threads *threads;
    pthread_t thread;
    enum place place;
    bool leaving; /* it has had nothing to do for so long that it ends */
    int epoll;
    size_t connections, connections_max;
    struct connection_rules rules;
    size_t gathered;                 /* bytes of requests that the connections hold */
    size_t unsent;                   /* bytes of answers that they hold */
    struct connection idle, waiting; /* heads of rings, the oldest first */
    struct connection writing;
    struct connection draining;
    int64_t paused_until_ns; /* 0: the listener is watched */
    int64_t used_ns;         /* when there was last something to do */
    int64_t rested_ns;       /* when it last had to wait for that */
    bool pressed;            /* one request took long while others waited */
    size_t surplus;          /* connections to give up to other threads */
    struct opening opening;  /* of the function */
    struct serving *serving;
    size_t streams; /* answers that are being streamed */
    struct log log;
    int64_t logged_ns; /* when lines were last written */
    int policy;        /* of scheduling, that the thread has chosen; -1: it may choose none */
};

/* Whether what epoll reports is (part of) a request, rather than room in a socket or an end. */
static inline bool worker_is_request(const struct epoll_event *event)
{
    return (event->events & (EPOLLIN | EPOLLRDHUP)) == EPOLLIN;
}

/*
 * Serves the REQUEST that has arrived on the connection. With STOPPING the web server is told to
 * close the connection. Never waits: what the socket doesn't take of the answer is kept with the
 * connection. Returns false when the connection is done with.
 */
bool worker_serve(struct worker *worker, struct connection *connection,
                  const struct arrived *request, bool stopping);

/* Throws away what still comes, since all has been answered. False: the connection is done with. */
bool worker_drain(struct worker *worker, struct connection *connection);

/* Sends more of an answer that the socket couldn't take at once, or makes more of it. Returns the
 * same. */
bool worker_resume(struct worker *worker, struct connection *connection);

/* Gives up what is left of a streamed answer, if one is. */
void worker_end_stream(struct worker *worker, struct connection *connection);

/* What a thread serves with. The caller closes it. NULL: there is no memory. */
struct serving *serving_open(void);

/* Gives its memory back. SERVING may be NULL. */
void serving_close(struct serving *serving);

#endif
