/*
 * connection.h - a connection from the web server, with the part of a request that has arrived and
 * the part of an answer that hasn't been sent yet.
 *
 * Both are kept with the connection, so that no thread waits for the rest of either. The web server
 * may be as slow as its client: Apache's proxy_fcgi passes an answer on at the client's speed.
 */
#ifndef DIME_HOSTS_FASTCGI_CONNECTION_H
#define DIME_HOSTS_FASTCGI_CONNECTION_H

#include <stdint.h>
#include <sys/uio.h>

#include "request/response.h"
#include "hosts/fastcgi/reader.h"

struct serving; /* the thread's */

enum connection_state {
    CONNECTION_IDLE,     /* kept open by the web server, between two requests */
    CONNECTION_WAITING,  /* new, or part of a request has arrived */
    CONNECTION_WRITING,  /* its socket is full, and part of an answer is unsent */
    CONNECTION_DRAINING, /* answered early: the rest of the body is read and discarded */
    CONNECTION_STATES,   /* how many there are */
};

/* What to do with a connection once its answer has been sent. */
enum connection_next { CONNECTION_CLOSE, CONNECTION_KEEP, CONNECTION_DRAIN };

/* The most unsent bytes of one answer: a body of RESPONSE_BODY_MAX, its head and its records. */
enum { CONNECTION_UNSENT_MAX = 12 * 1024 * 1024 };

/* A node of a ring of its thread, which is ordered by the time of the last change of state. */
struct connection {
    struct connection *next, *previous;
    int fd;
    uint32_t watched; /* the events that epoll reports for it; 0: it isn't in the set */
    enum connection_state state;
    enum connection_next next_state;
    int64_t since_ns; /* when it entered this state */
    struct reader reader;
    char *bytes; /* what has been read of a request that arrives in pieces */
    size_t length, capacity;
    char *unsent;                                /* the unsent part of an answer */
    size_t sent, unsent_length, unsent_capacity; /* `sent` of its bytes were sent since */
    struct serving *stream; /* produces the rest of an answer; NULL: all is there */
};

/* The rules for all connections of a program. */
struct connection_rules {
    const char *function; /* a name for the log */
    struct reader_limits limits;
};

/* A request that has arrived. */
struct arrived {
    dime_text variables; /* as reader_variable takes them */
    size_t count;        /* of them */
    dime_text body;
    bool whole; /* false: the body is longer, and the rest isn't needed */
};

/* The result of reading from a connection. */
enum arrival {
    ARRIVAL_MORE,     /* the request isn't complete yet */
    ARRIVAL_REQUEST,  /* a request is complete, or has more body than the function accepts */
    ARRIVAL_ANSWERED, /* it has been answered already: discard what else arrives */
    ARRIVAL_END,      /* the peer has closed it, or it must be closed */
};

/*
 * Returns a connection that owns FD, a non-blocking socket, and is linked to itself. NULL: out of
 * memory, and FD stays open. SIGPIPE must be ignored.
 */
struct connection *connection_open(int fd, int64_t now_ns);

/* Closes the descriptor unless it is -1 already, leaves the ring, frees. */
void connection_close(struct connection *connection);

/* Moves it to the end of the ring of HEAD, with a new state. */
void connection_move(struct connection *connection, struct connection *head,
                     enum connection_state state, int64_t now_ns);

/*
 * Reads at most ROOM_SIZE bytes from a readable connection, without blocking. After ARRIVAL_REQUEST
 * the request is in *REQUEST; its bytes are in ROOM or in the connection, and last until either is
 * used again. Sends the reader's replies.
 */
enum arrival connection_take(struct connection *connection, char *room, size_t room_size,
                             const struct connection_rules *rules, struct arrived *request);

/* Drops the request, and prepares for the next one. */
void connection_forget(struct connection *connection);

/*
 * Sends as much of COUNT parts as the socket accepts at once, and keeps a copy of the rest. False:
 * the peer has closed the connection, memory has run out, or more than CONNECTION_UNSENT_MAX bytes
 * would be left unsent.
 */
bool connection_send(struct connection *connection, const struct iovec *parts, int count);

/* Sends as much of the kept bytes as the socket accepts. False: the peer has closed it. */
bool connection_resume(struct connection *connection);

/* Whether part of an answer is unsent. */
bool connection_is_full(const struct connection *connection);

/* Closes the descriptor and frees what is kept; the connection stays in its ring, to be closed. */
void connection_cut(struct connection *connection);

/* Whether the peer has closed both directions; one that only stopped sending still reads. */
bool connection_is_gone(const struct connection *connection);

/*
 * Discards at most ROOM_SIZE bytes that have arrived, so that a peer that never stops sending
 * doesn't hold up the others. False: the peer has closed it.
 */
bool connection_drain(struct connection *connection, char *room, size_t room_size);

#endif
