/*
 * connection.c - takes requests out of the socket as they come, and sends answers as they go.
 *
 * A web server that has the whole request sends it at once: one read finds all of it in the
 * thread's room, and it's served from there. Only what comes in pieces is kept with the connection,
 * bounded by the variables' limit, the function's body limit and what the records add to it. In the
 * same way an answer goes to the socket from where it is, and only what the socket can't take is
 * copied.
 */
#include "hosts/fastcgi/connection.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "request/log.h"

/* Each byte of a body may come in a record of its own, with a header and padding: 16 bytes. */
enum { RECORDS_MAX = 256 * 1024, FIRST_CAPACITY = 4096 };

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
    connection_cut(connection);
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

static void forget_unsent(struct connection *connection)
{
    free(connection->unsent);
    connection->unsent = NULL;
    connection->sent = connection->unsent_length = connection->unsent_capacity = 0;
}

void connection_cut(struct connection *connection)
{
    if (connection->fd >= 0)
        close(connection->fd);
    connection->fd = -1;
    forget_unsent(connection);
    connection_forget(connection);
}

void connection_forget(struct connection *connection)
{
    free(connection->bytes);
    connection->bytes = NULL;
    connection->length = connection->capacity = 0;
    connection->guard = (struct guard){0};
}

/* Makes *BYTES, which has room for *CAPACITY, at least NEEDED long. */
static bool make_room(char **bytes, size_t *capacity, size_t needed, size_t most)
{
    if (needed <= *capacity)
        return true;
    size_t larger = *capacity ? *capacity : FIRST_CAPACITY;
    while (larger < needed)
        larger *= 2;
    char *moved = needed <= most ? realloc(*bytes, larger) : NULL;
    if (!moved)
        return false;
    *bytes = moved;
    *capacity = larger;
    return true;
}

/* How many bytes the socket takes at once, or -1 where the connection has failed. */
static ssize_t send_now(const struct connection *connection, dime_text bytes)
{
    ssize_t sent;
    do
        sent = send(connection->fd, bytes.data, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 && errno == EAGAIN ? 0 : sent;
}

/* Puts a piece behind those that came before it, and makes it all of them. */
static bool gather(struct connection *connection, struct guard_input *piece, size_t body_max)
{
    size_t most = GUARD_VARIABLES_MAX + RECORDS_MAX + 2 * body_max;
    if (!make_room(&connection->bytes, &connection->capacity, connection->length + piece->length,
                   most))
        return false;
    memcpy(connection->bytes + connection->length, piece->bytes, piece->length);
    connection->length += piece->length;
    *piece = (struct guard_input){connection->bytes, connection->length};
    return true;
}

static enum arrival give_up(const struct connection_rules *rules, const char *why)
{
    log_say(LOG_LEVEL_WARN, rules->function, 0, "closed a connection: %s", why);
    return ARRIVAL_END;
}

/* Why a request was refused is said once: a web server that is set up wrong goes on asking. */
static void say_refusal(const struct connection_rules *rules, const char *why)
{
    static atomic_flag said = ATOMIC_FLAG_INIT;
    if (!atomic_flag_test_and_set(&said))
        log_say(LOG_LEVEL_WARN, rules->function, 0, "refused a request: %s; this is said once",
                why);
}

/* Judges what has come and sends the replies to what is no request. */
static enum guard_verdict judge(struct connection *connection, struct guard_input *input,
                                const struct connection_rules *rules)
{
    enum guard_verdict verdict;
    do {
        struct guard_reply reply;
        reply.length = 0;
        verdict = guard_judge(&connection->guard, input, &rules->limits, &reply);
        if (verdict == GUARD_BAD)
            return verdict;
        if (connection->guard.why)
            say_refusal(rules, connection->guard.why);
        connection->guard.why = NULL;
        dime_text bytes = {reply.bytes, reply.length};
        if (bytes.length && send_now(connection, bytes) != (ssize_t)bytes.length) {
            connection->guard.why = "it doesn't read the replies to what it asks";
            return GUARD_BAD;
        }
    } while (verdict == GUARD_REPLY);
    return verdict;
}

enum arrival connection_take(struct connection *connection, char *room, size_t room_size,
                             const struct connection_rules *rules, dime_text *request)
{
    static const char TOO_MUCH[] = "its request has too many pieces, or memory has run out";
    const bool first = !connection->length;
    const size_t body_max = rules->limits.body_max;
    ssize_t got = recv(connection->fd, room, room_size, MSG_DONTWAIT);
    if (got <= 0)
        return got < 0 && (errno == EAGAIN || errno == EINTR) ? ARRIVAL_MORE : ARRIVAL_END;
    struct guard_input input = {room, (size_t)got};
    if (!first && !gather(connection, &input, body_max))
        return give_up(rules, TOO_MUCH);
    enum guard_verdict verdict = judge(connection, &input, rules);
    if (!first)
        connection->length = input.length;
    *request = (dime_text){input.bytes, connection->guard.at};
    if (verdict == GUARD_BAD)
        return give_up(rules, connection->guard.why);
    if (verdict == GUARD_ANSWERED)
        return ARRIVAL_ANSWERED;
    if (verdict != GUARD_MORE)
        return ARRIVAL_REQUEST;
    if (first && input.length && !gather(connection, &input, body_max))
        return give_up(rules, TOO_MUCH);
    return ARRIVAL_MORE;
}

bool connection_is_full(const struct connection *connection)
{
    return connection->unsent_length > connection->sent;
}

bool connection_send(struct connection *connection, dime_text bytes)
{
    ssize_t sent = connection_is_full(connection) ? 0 : send_now(connection, bytes);
    if (sent < 0)
        return false;
    size_t left = bytes.length - (size_t)sent;
    if (!left)
        return true;
    if (!make_room(&connection->unsent, &connection->unsent_capacity,
                   connection->unsent_length + left, CONNECTION_UNSENT_MAX))
        return false;
    memcpy(connection->unsent + connection->unsent_length, bytes.data + sent, left);
    connection->unsent_length += left;
    return true;
}

bool connection_resume(struct connection *connection)
{
    dime_text left = {connection->unsent + connection->sent,
                      connection->unsent_length - connection->sent};
    ssize_t sent = left.length ? send_now(connection, left) : 0;
    if (sent < 0)
        return false;
    connection->sent += (size_t)sent;
    if (!connection_is_full(connection))
        forget_unsent(connection);
    return true;
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
