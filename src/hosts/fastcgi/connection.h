/*
 * connection.h - a connection from the web server, the part of a request that it has sent, and the
 * part of an answer that it has yet to take.
 *
 * Both stay with the connection, so that no thread waits for the rest of either. The web server may
 * be as slow as its client: Apache's proxy_fcgi passes an answer on at the client's speed.
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
    CONNECTION_WAITING,  /* new, or part of a request has come */
    CONNECTION_WRITING,  /* its socket is full, and part of an answer has yet to go */
    CONNECTION_DRAINING, /* answered early: the rest of the body is read and thrown away */
    CONNECTION_STATES,   /* how many there are */
};

/* What becomes of a connection once its answer has gone. */
enum connection_next { CONNECTION_CLOSE, CONNECTION_KEEP, CONNECTION_DRAIN };

/* Most bytes of one answer that may wait: a body of RESPONSE_BODY_MAX, its head and its records. */
enum { CONNECTION_UNSENT_MAX = 12 * 1024 * 1024 };

/* A node of a ring that its thread keeps, by the time of its last change of state. */
struct connection {
    struct connection *next, *previous;
    int fd;
    uint32_t watched; /* the events that epoll reports of it; 0: it isn't in the set */
    enum connection_state state;
    enum connection_next next_state;
    int64_t since_ns; /* when it came into this state */
    struct reader reader;
    char *bytes; /* what has been taken out of the socket, of a request that came in pieces */
    size_t length, capacity;
    char *unsent;                                /* what the socket hasn't taken of an answer */
    size_t sent, unsent_length, unsent_capacity; /* `sent` of its bytes have gone since */
    struct serving *stream; /* makes the rest of an answer, piece by piece; NULL: all is made */
};

/* What holds for all connections of a program. */
struct connection_rules {
    const char *function; /* a name for the log */
    struct reader_limits limits;
};

/* A request that has arrived. */
struct arrived {
    dime_text variables; /* as reader_variable takes them */
    size_t count;        /* of them */
    dime_text body;
    bool whole; /* false: there is more body, which isn't needed */
};

/* What came of reading from a connection. */
enum arrival {
    ARRIVAL_MORE,     /* not all of a request is there */
    ARRIVAL_REQUEST,  /* a request is: whole, or with more body than the function takes */
    ARRIVAL_ANSWERED, /* one was, and was answered: what else comes is to be thrown away */
    ARRIVAL_END,      /* the peer has closed it, or it must be closed */
};

/*
 * Returns a connection that owns FD, a non-blocking socket, and is linked to itself; or NULL where
 * there is no memory (FD stays open then). SIGPIPE has to be ignored.
 */
struct connection *connection_open(int fd, int64_t now_ns);

/* Closes the descriptor unless it is -1 already, leaves the ring, frees. */
void connection_close(struct connection *connection);

/* Puts it at the end of the ring of HEAD with a new state. */
void connection_move(struct connection *connection, struct connection *head,
                     enum connection_state state, int64_t now_ns);

/*
 * Takes what a readable connection holds, at most ROOM_SIZE bytes, without blocking. After
 * ARRIVAL_REQUEST it is *REQUEST, whose bytes are part of the ROOM or of the connection's and last
 * until either is used again. What the reader has to reply is sent.
 */
enum arrival connection_take(struct connection *connection, char *room, size_t room_size,
                             const struct connection_rules *rules, struct arrived *request);

/* Forgets the request, so that the next one can come. */
void connection_forget(struct connection *connection);

/*
 * Sends COUNT parts as far as the socket takes them at once, and keeps a copy of the rest. False:
 * the peer has closed the connection, memory has run out, or more than CONNECTION_UNSENT_MAX bytes
 * would wait.
 */
bool connection_send(struct connection *connection, const struct iovec *parts, int count);

/* Sends as much as the socket takes of what is kept. False: the peer has closed the connection. */
bool connection_resume(struct connection *connection);

/* Whether part of an answer has yet to go. */
bool connection_is_full(const struct connection *connection);

/* Closes the descriptor and frees what is kept; the connection stays in its ring, to be closed. */
void connection_cut(struct connection *connection);

/* Whether the peer has closed its end for good; one that only sends no more still reads. */
bool connection_is_gone(const struct connection *connection);

/*
 * Throws away what has come, at most ROOM_SIZE bytes, so that one who sends without end holds up
 * nobody. False: the peer has closed it.
 */
bool connection_drain(struct connection *connection, char *room, size_t room_size);

#endif
