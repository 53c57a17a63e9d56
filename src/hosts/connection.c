/*
 * connection.c - takes requests out of the socket, as they come.
 *
 * A web server that has the whole request sends it at once: one read finds all of it in the
 * thread's room, and it's served from there. Only what comes in pieces is kept with the connection,
 * bounded by the variables' limit, the function's body limit and what the records add to it.
 */
#include "hosts/connection.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
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

/* Puts a piece behind those that came before it, and makes it all of them. */
static bool gather(struct connection *connection, struct text *piece, size_t body_max)
{
    size_t most = GUARD_VARIABLES_MAX + RECORDS_MAX + 2 * body_max;
    if (!make_room(connection, piece->length, most))
        return false;
    memcpy(connection->bytes + connection->length, piece->data, piece->length);
    connection->length += piece->length;
    *piece = (struct text){connection->bytes, connection->length};
    return true;
}

static enum arrival give_up(const char *function, const char *why)
{
    log_say(LOG_LEVEL_WARN, function, 0, "closed a connection: %s", why);
    return ARRIVAL_END;
}

enum arrival connection_take(struct connection *connection, char *room, size_t room_size,
                             const struct function *function, struct text *request)
{
    static const char TOO_MUCH[] = "its request has too many pieces, or memory has ended";
    const bool first = !connection->length;
    ssize_t got = recv(connection->fd, room, room_size, MSG_DONTWAIT);
    if (got <= 0)
        return got < 0 && (errno == EAGAIN || errno == EINTR) ? ARRIVAL_MORE : ARRIVAL_END;
    *request = (struct text){room, (size_t)got};
    if (!first && !gather(connection, request, function->body_max))
        return give_up(function->name, TOO_MUCH);
    enum guard_verdict verdict = guard_judge(&connection->guard, *request, function->body_max);
    if (verdict == GUARD_BAD)
        return give_up(function->name, "it isn't a web server's request");
    if (verdict != GUARD_MORE)
        return ARRIVAL_REQUEST;
    if (first && !gather(connection, request, function->body_max))
        return give_up(function->name, TOO_MUCH);
    return ARRIVAL_MORE;
}

bool connection_is_deaf(struct connection *connection)
{
    int unread = 0;
    if (connection->answered < UNSEEN_MAX)
        return false;
    connection->answered = 0;
    return ioctl(connection->fd, SIOCOUTQ, &unread) == 0 && unread > 0;
}

bool connection_is_gone(const struct connection *connection)
{
    struct pollfd peer = {.fd = connection->fd};
    return poll(&peer, 1, 0) > 0 && peer.revents & (POLLHUP | POLLERR);
}

bool connection_drain(struct connection *connection, char *room, size_t room_size)
{
    ssize_t got = recv(connection->fd, room, room_size, MSG_DONTWAIT);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}
