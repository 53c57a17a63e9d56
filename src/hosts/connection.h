/*
 * connection.h - a connection from the web server, and the part of a request that it has sent.
 *
 * What has been read stays with the connection, so that no thread has to wait for the rest of it.
 */
#ifndef DIME_HOSTS_CONNECTION_H
#define DIME_HOSTS_CONNECTION_H

#include <stdint.h>

#include "function.h"
#include "hosts/guard.h"

enum connection_state {
    CONNECTION_IDLE,     /* kept open by the web server, between two requests */
    CONNECTION_WAITING,  /* new, or part of a request has come */
    CONNECTION_DRAINING, /* answered early: the rest of the body is read and thrown away */
};

/* A node of a ring that its thread keeps, by the time of its last change of state. */
struct connection {
    struct connection *next, *previous;
    int fd;
    bool watched; /* it's in the epoll set */
    enum connection_state state;
    int64_t since_ns; /* when it came into this state */
    struct guard guard;
    size_t answered; /* bytes of answers since the peer was last seen to read them */
    char *bytes;     /* what has been taken out of the socket, of a request that came in pieces */
    size_t length, capacity;
};

/* What came of reading from a connection. */
enum arrival {
    ARRIVAL_MORE,    /* not all of a request is there */
    ARRIVAL_REQUEST, /* a request is: whole, or with more body than the function takes */
    ARRIVAL_END,     /* the peer has closed it, or it must be closed */
};

/* Returns a connection that owns FD, linked to itself, or NULL where memory ends (FD stays open).
 */
struct connection *connection_open(int fd, int64_t now_ns);

/* Closes the descriptor unless it is -1 already, leaves the ring, frees. */
void connection_close(struct connection *connection);

/* Puts it at the end of the ring of HEAD with a new state. */
void connection_move(struct connection *connection, struct connection *head,
                     enum connection_state state, int64_t now_ns);

/*
 * Takes what a readable connection holds, at most ROOM_SIZE bytes, without blocking. After
 * ARRIVAL_REQUEST the request lies in *REQUEST, which is part of the ROOM or of the connection's
 * bytes and lasts until either is used again.
 */
enum arrival connection_take(struct connection *connection, char *room, size_t room_size,
                             const struct function *function, struct text *request);

/* Forgets the request, so that the next one can come. */
void connection_forget(struct connection *connection);

/*
 * Whether the peer has left answers unread. A web server asks again only when it has read all of
 * the last one; writing to one that doesn't read would block once the socket's buffer is full. So
 * the system is asked only when that many bytes have been `answered`, and they are counted anew
 * then.
 */
bool connection_is_deaf(struct connection *connection);

/* Whether the peer has closed its end for good; one that only sends no more still reads. */
bool connection_is_gone(const struct connection *connection);

/*
 * Throws away what has come, at most ROOM_SIZE bytes, so that one who sends without end holds up
 * nobody. False: the peer has closed it.
 */
bool connection_drain(struct connection *connection, char *room, size_t room_size);

#endif
