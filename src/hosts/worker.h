/*
 * worker.h - what one thread of the responder has, and how it serves a request.
 *
 * Shared by responder.c, which decides what is served and when, and serve.c, which does it. Nothing
 * of a worker is shared with another one, so there are no locks.
 */
#ifndef DIME_HOSTS_WORKER_H
#define DIME_HOSTS_WORKER_H

#include <fcgiapp.h>
#include <pthread.h>

#include "core/arena.h"
#include "core/log.h"
#include "hosts/connection.h"
#include "hosts/responder.h"

struct worker {
    const struct responder_settings *settings;
    pthread_t thread;
    int epoll;
    size_t connections, connections_max;
    size_t gathered;                           /* bytes that the connections hold */
    struct connection idle, waiting, draining; /* heads of rings, the oldest first */
    int64_t paused_until_ns;                   /* 0: the listener is watched */
    void *state;                               /* of the function */
    bool open;                                 /* the function's `open` succeeded */
    const char *why;                           /* or why it didn't, or NULL */
    struct arena arena;
    FCGX_Request fcgi;
    struct log log;
    int64_t logged_ns;    /* when lines were last written */
    int policy;           /* of scheduling, that the thread has chosen; -1: it may choose none */
    char room[64 * 1024]; /* for what comes from a connection */
};

/*
 * Serves the REQUEST that has arrived on the connection. With STOPPING the web server is told to
 * close the connection. Returns false when the connection is done with; its descriptor is -1 then
 * if it's closed already.
 */
bool worker_serve(struct worker *worker, struct connection *connection, struct text request,
                  bool stopping);

/*
 * What libfcgi reads with: the linker puts it in the place of libfcgi's own OS_Read (fcgios.h).
 * Copies at most SIZE bytes of the request that this thread serves to BUFFER, and returns how many;
 * 0 at its end.
 */
int worker_read(int fd, char *buffer, size_t size);

#endif
