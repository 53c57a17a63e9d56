/*
 * connection.c - reads requests from the socket, and sends answers, without blocking.
 *
 * A web server that has the whole request sends it at once. One read then puts all of it into the
 * thread's buffer, and it's served from there. Only a request that arrives in pieces is kept with
 * the connection; its size is bounded by the limits on variables and body, plus a record. Likewise
 * an answer is sent without a copy, and only what the socket doesn't accept is copied.
 */
#include "hosts/fastcgi/connection.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/fastcgi_record.h"
#include "request/log.h"

enum { FIRST_CAPACITY = 4096 };

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
    connection->reader = (struct reader){0};
}

/* Grows *BYTES, which has room for *CAPACITY, to at least NEEDED. */
static bool grow_to(char **bytes, size_t *capacity, size_t needed, size_t most)
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

/* Sends what the socket accepts. Returns how many bytes that is; -1: the connection has failed. */
static ssize_t send_now(const struct connection *connection, const struct iovec *parts, int count)
{
    ssize_t sent;
    do
        sent = writev(connection->fd, parts, count);
    while (sent < 0 && errno == EINTR);
    return sent < 0 && errno == EAGAIN ? 0 : sent;
}

/* Appends a piece to the earlier ones, and makes it stand for all of them. */
static bool gather(struct connection *connection, struct reader_input *piece, size_t body_max)
{
    size_t most = RECORD_VARIABLES_MAX + body_max + RECORD_MAX + piece->length;
    if (!grow_to(&connection->bytes, &connection->capacity, connection->length + piece->length,
                 most))
        return false;
    memcpy(connection->bytes + connection->length, piece->bytes, piece->length);
    connection->length += piece->length;
    *piece = (struct reader_input){connection->bytes, connection->length};
    return true;
}

static enum arrival close_with_warning(const struct connection_rules *rules, const char *why)
{
    log_say(LOG_LEVEL_WARN, rules->function, 0, "closed a connection: %s", why);
    return ARRIVAL_END;
}

/* Logged once, since a misconfigured web server keeps sending such requests. */
static void say_refusal(const struct connection_rules *rules, const char *why)
{
    static atomic_flag said = ATOMIC_FLAG_INIT;
    if (!atomic_flag_test_and_set(&said))
        log_say(LOG_LEVEL_WARN, rules->function, 0, "refused a request: %s; this is logged once",
                why);
}

/* Reads what has arrived, and sends replies to records that aren't part of a request. */
static enum reading read_arrived(struct connection *connection, struct reader_input *input,
                                 const struct connection_rules *rules)
{
    struct reader *reader = &connection->reader;
    enum reading reading;
    do {
        struct reader_reply reply;
        reply.length = 0;
        reading = reader_read(reader, input, &rules->limits, &reply);
        if (reading == READING_BAD)
            return reading;
        if (reader->why)
            say_refusal(rules, reader->why);
        reader->why = NULL;
        const struct iovec bytes = {reply.bytes, reply.length};
        if (reply.length && send_now(connection, &bytes, 1) != (ssize_t)reply.length) {
            reader->why = "it doesn't read the replies to its records";
            return READING_BAD;
        }
    } while (reading == READING_REPLY);
    return reading;
}

enum arrival connection_take(struct connection *connection, char *room, size_t room_size,
                             const struct connection_rules *rules, struct arrived *request)
{
    static const char TOO_MUCH[] = "out of memory for its request";
    const struct reader *reader = &connection->reader;
    const bool first = !connection->length;
    const size_t body_max = rules->limits.body_max;
    ssize_t got = read(connection->fd, room, room_size);
    if (got <= 0)
        return got < 0 && (errno == EAGAIN || errno == EINTR) ? ARRIVAL_MORE : ARRIVAL_END;
    struct reader_input input = {room, (size_t)got};
    if (!first && !gather(connection, &input, body_max))
        return close_with_warning(rules, TOO_MUCH);
    enum reading reading = read_arrived(connection, &input, rules);
    if (!first)
        connection->length = input.length;
    *request = (struct arrived){.variables = {input.bytes, reader->variables},
                                .count = reader->count,
                                .body = {input.bytes + reader->variables, reader->body},
                                .whole = reading == READING_WHOLE};
    if (reading == READING_BAD)
        return close_with_warning(rules, reader->why);
    if (reading == READING_ANSWERED)
        return ARRIVAL_ANSWERED;
    if (reading != READING_MORE)
        return ARRIVAL_REQUEST;
    if (first && input.length && !gather(connection, &input, body_max))
        return close_with_warning(rules, TOO_MUCH);
    return ARRIVAL_MORE;
}

bool connection_is_full(const struct connection *connection)
{
    return connection->unsent_length > connection->sent;
}

/* Copies bytes that the socket hasn't accepted. */
static bool keep_unsent(struct connection *connection, const char *bytes, size_t length)
{
    if (!grow_to(&connection->unsent, &connection->unsent_capacity,
                 connection->unsent_length + length, CONNECTION_UNSENT_MAX))
        return false;
    memcpy(connection->unsent + connection->unsent_length, bytes, length);
    connection->unsent_length += length;
    return true;
}

bool connection_send(struct connection *connection, const struct iovec *parts, int count)
{
    ssize_t taken = connection_is_full(connection) ? 0 : send_now(connection, parts, count);
    if (taken < 0)
        return false;
    size_t sent = (size_t)taken;
    for (int i = 0; i < count; i++) {
        size_t of_part = sent < parts[i].iov_len ? sent : parts[i].iov_len;
        size_t left = parts[i].iov_len - of_part;
        sent -= of_part;
        if (left && !keep_unsent(connection, (const char *)parts[i].iov_base + of_part, left))
            return false;
    }
    return true;
}

bool connection_resume(struct connection *connection)
{
    if (!connection_is_full(connection))
        return true;
    const struct iovec left = {connection->unsent + connection->sent,
                               connection->unsent_length - connection->sent};
    ssize_t sent = send_now(connection, &left, 1);
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
    ssize_t got = read(connection->fd, room, room_size);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}
