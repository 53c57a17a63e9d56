/*
 * connection.c - takes requests that come in pieces out of the socket, whole ones not.
 *
 * A web server that has the whole request sends it at once, so a look at the socket (MSG_PEEK)
 * finds all of it and libfcgi reads it from there. What comes in pieces must be taken out, since a
 * socket's buffer fills up after some hundred small writes, however few bytes they hold. The bytes
 * are bounded by the variables' limit, the function's body limit and what the records add to it.
 */
#include "hosts/connection.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/log.h"

/* Each byte of a body may come in a record of its own, with a header and padding: 16 bytes. */
enum { RECORDS_MAX = 256 * 1024, FIRST_CAPACITY = 4096 };

/* Bytes of answers that fit into any socket's buffer. */
enum { UNSEEN_MAX = 16 * 1024 };

struct connection *connection_open(int fd, int64_t now_ns)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection)
        return NULL;
    connection->next = connection->previous = connection;
    connection->fd = fd;
    connection->state = CONNECTION_WAITING;
    connection->since_ns = now_ns;
    return connection;
}

static void leave_ring(struct connection *connection)
{
    connection->next->previous = connection->previous;
    connection->previous->next = connection->next;
    connection->next = connection->previous = connection;
}

void connection_close(struct connection *connection)
{
    leave_ring(connection);
    if (connection->fd >= 0)
        close(connection->fd);
    free(connection->bytes);
    free(connection);
}

void connection_move(struct connection *connection, struct connection *head,
                     enum connection_state state, int64_t now_ns)
{
    leave_ring(connection);
    connection->previous = head->previous;
    connection->next = head;
    head->previous->next = connection;
    head->previous = connection;
    connection->state = state;
    connection->since_ns = now_ns;
}

void connection_forget(struct connection *connection)
{
    free(connection->bytes);
    connection->bytes = NULL;
    connection->length = connection->capacity = 0;
    connection->guard = (struct guard){0};
}

static bool make_room(struct connection *connection, size_t more, size_t most)
{
    size_t needed = connection->length + more;
    if (needed <= connection->capacity)
        return true;
    size_t capacity = connection->capacity ? connection->capacity : FIRST_CAPACITY;
    while (capacity < needed)
        capacity *= 2;
    char *bytes = needed <= most ? realloc(connection->bytes, capacity) : NULL;
    if (!bytes)
        return false;
    connection->bytes = bytes;
    connection->capacity = capacity;
    return true;
}

/* Takes what lies in the socket into the bytes. */
static enum arrival gather(struct connection *connection, struct text seen, size_t body_max,
                           const char *function)
{
    size_t most = GUARD_VARIABLES_MAX + RECORDS_MAX + 2 * body_max;
    if (!make_room(connection, seen.length, most)) {
        log_say(LOG_LEVEL_WARN, function, 0,
                "closed a connection: its request has too many pieces, or memory has ended");
        return ARRIVAL_END;
    }
    ssize_t got =
        recv(connection->fd, connection->bytes + connection->length, seen.length, MSG_DONTWAIT);
    if (got <= 0)
        return got < 0 && errno == EAGAIN ? ARRIVAL_MORE : ARRIVAL_END;
    connection->length += (size_t)got;
    struct text bytes = {connection->bytes, connection->length};
    switch (guard_judge(&connection->guard, bytes, body_max)) {
    case GUARD_MORE:
        return ARRIVAL_MORE;
    case GUARD_WHOLE:
    case GUARD_LONG:
        return ARRIVAL_BYTES;
    case GUARD_BAD:
        break;
    }
    log_say(LOG_LEVEL_WARN, function, 0, "closed a connection: it isn't a web server's request");
    return ARRIVAL_END;
}

enum arrival connection_look(struct connection *connection, char *room, size_t room_size,
                             size_t body_max, const char *function)
{
    ssize_t got = recv(connection->fd, room, room_size, MSG_PEEK | MSG_DONTWAIT);
    if (got <= 0)
        return got < 0 && (errno == EAGAIN || errno == EINTR) ? ARRIVAL_MORE : ARRIVAL_END;
    struct text seen = {room, (size_t)got};
    struct guard guard = {0};
    if (!connection->length && guard_judge(&guard, seen, body_max) == GUARD_WHOLE)
        return ARRIVAL_SOCKET;
    return gather(connection, seen, body_max, function);
}

bool connection_is_deaf(struct connection *connection)
{
    int unread = 0;
    if (connection->answered < UNSEEN_MAX)
        return false;
    connection->answered = 0;
    return ioctl(connection->fd, SIOCOUTQ, &unread) == 0 && unread > 0;
}

bool connection_drain(struct connection *connection, char *room, size_t room_size)
{
    ssize_t got = recv(connection->fd, room, room_size, MSG_DONTWAIT);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}
