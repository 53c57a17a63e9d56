/*
 * fastcgi_client.c - writes a request as records, and reads the records of the answer.
 *
 * A program may answer before it has read the whole body, so both directions are served at once.
 * Each request has a new id, so that the rest of an earlier answer is never taken for this one's. A
 * connection is reused only if all of the request was sent, and nothing followed the end of the
 * answer.
 */
#include "tool/ask/fastcgi_client.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "request/log.h"

enum { IDS = 65535, LONG_LENGTH = 128, WAIT_MS_MAX = 60000 };

/* A request in progress. */
struct transfer {
    struct fastcgi_client *client;
    dime_text unsent;
    bool cut; /* the program has stopped reading the request */
    struct buffer *answer;
};

void fastcgi_client_open(struct fastcgi_client *client)
{
    client->fd = -1;
    client->id = 0;
    client->length = 0;
}

void fastcgi_client_close(struct fastcgi_client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
    client->length = 0;
}

static void put_length(struct buffer *variables, size_t length)
{
    const unsigned char bytes[] = {(unsigned char)(length >> 24 | 0x80),
                                   (unsigned char)(length >> 16), (unsigned char)(length >> 8),
                                   (unsigned char)length};
    const char *data = (const char *)bytes;
    buffer_put(variables, length < LONG_LENGTH ? (dime_text){data + 3, 1} : (dime_text){data, 4});
}

void fastcgi_put_variable(struct buffer *variables, dime_text name, dime_text value)
{
    put_length(variables, name.length);
    put_length(variables, value.length);
    buffer_put(variables, name);
    buffer_put(variables, value);
}

static void put_record(struct buffer *wire, unsigned type, unsigned id, dime_text content)
{
    const FCGI_Header header = record_header(type, id, content.length);
    buffer_put(wire, (dime_text){(const char *)&header, sizeof header});
    buffer_put(wire, content);
}

/* Writes a stream: as many records as it needs, and an empty one at its end. */
static void put_stream(struct buffer *wire, unsigned type, unsigned id, dime_text bytes)
{
    while (bytes.length) {
        size_t length = bytes.length < FCGI_MAX_LENGTH ? bytes.length : FCGI_MAX_LENGTH;
        put_record(wire, type, id, (dime_text){bytes.data, length});
        bytes = text_skip(bytes, length);
    }
    put_record(wire, type, id, TEXT(""));
}

static void put_request_records(struct buffer *wire, unsigned id, dime_text variables,
                                dime_text body)
{
    const FCGI_BeginRequestBody begin = {.roleB0 = FCGI_RESPONDER, .flags = FCGI_KEEP_CONN};
    put_record(wire, FCGI_BEGIN_REQUEST, id, (dime_text){(const char *)&begin, sizeof begin});
    put_stream(wire, FCGI_PARAMS, id, variables);
    put_stream(wire, FCGI_STDIN, id, body);
}

/* The size of a stream with its records' headers. */
static size_t stream_size(dime_text bytes)
{
    return bytes.length + (bytes.length / FCGI_MAX_LENGTH + 2) * FCGI_HEADER_LEN;
}

/*
 * Sends what the socket accepts at once. A program that has closed the connection may still have
 * answered, for instance that the body is too long. The reader finds out.
 */
static void send_more(struct transfer *transfer)
{
    while (transfer->unsent.length) {
        ssize_t sent = send(transfer->client->fd, transfer->unsent.data, transfer->unsent.length,
                            MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno == EAGAIN)
            return;
        if (sent < 0) {
            transfer->cut = true;
            return;
        }
        transfer->unsent = text_skip(transfer->unsent, (size_t)sent);
    }
}

/* Handles one complete record. *ENDED: it was the last of the answer. */
static enum fastcgi_outcome take_record(struct transfer *transfer, const struct record *record,
                                        bool *ended)
{
    dime_text content = {record->content, record->length};
    FCGI_EndRequestBody end;
    if (record->version != FCGI_VERSION_1 || record->id != transfer->client->id)
        return FASTCGI_MALFORMED;
    switch (record->type) {
    case FCGI_STDOUT:
        buffer_put(transfer->answer, content);
        if (!transfer->answer->failed)
            return FASTCGI_ANSWERED;
        return transfer->answer->arena->failed ? FASTCGI_NO_MEMORY : FASTCGI_TOO_LONG;
    case FCGI_STDERR:
        log_pass_on(content);
        return FASTCGI_ANSWERED;
    case FCGI_END_REQUEST:
        *ended = true;
        if (content.length < sizeof end)
            return FASTCGI_MALFORMED;
        memcpy(&end, content.data, sizeof end);
        return end.protocolStatus == FCGI_REQUEST_COMPLETE ? FASTCGI_ANSWERED : FASTCGI_REFUSED;
    default:
        return FASTCGI_MALFORMED;
    }
}

/* Handles the complete records in the buffer, and moves the rest to its beginning. */
static enum fastcgi_outcome take_records(struct transfer *transfer, bool *ended)
{
    struct fastcgi_client *client = transfer->client;
    enum fastcgi_outcome outcome = FASTCGI_ANSWERED;
    size_t at = 0;
    while (outcome == FASTCGI_ANSWERED && !*ended && client->length - at >= FCGI_HEADER_LEN) {
        struct record record = record_read(client->room + at);
        size_t size = FCGI_HEADER_LEN + record.length + record.padding;
        if (record.version != FCGI_VERSION_1)
            return FASTCGI_MALFORMED;
        if (client->length - at < size)
            break;
        outcome = take_record(transfer, &record, ended);
        at += size;
    }
    client->length -= at;
    memmove(client->room, client->room + at, client->length);
    return outcome;
}

/* Reads what has arrived: part of an answer, or its end. */
static enum fastcgi_outcome receive_more(struct transfer *transfer, bool *ended)
{
    struct fastcgi_client *client = transfer->client;
    ssize_t got = recv(client->fd, client->room + client->length,
                       sizeof client->room - client->length, MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return FASTCGI_ANSWERED;
    if (got <= 0)
        return FASTCGI_CLOSED;
    client->length += (size_t)got;
    return take_records(transfer, ended);
}

/* Waits until the socket is readable or writable. False: timed out. */
static bool wait_for_program(const struct transfer *transfer, int64_t end_ns, short *events)
{
    bool writing = transfer->unsent.length && !transfer->cut;
    struct pollfd fd = {.fd = transfer->client->fd,
                        .events = (short)(writing ? POLLIN | POLLOUT : POLLIN)};
    int64_t left_ms = (end_ns - clock_monotonic_ns() + 999999) / 1000000;
    if (left_ms <= 0)
        return false;
    *events = poll(&fd, 1, left_ms < WAIT_MS_MAX ? (int)left_ms : WAIT_MS_MAX) > 0 ? fd.revents : 0;
    return true;
}

static enum fastcgi_outcome exchange_records(struct transfer *transfer, int64_t end_ns)
{
    enum fastcgi_outcome outcome = FASTCGI_ANSWERED;
    bool ended = false;
    size_t whole = transfer->unsent.length;
    send_more(transfer);
    if (transfer->cut && transfer->unsent.length == whole)
        return FASTCGI_UNSENT;
    while (outcome == FASTCGI_ANSWERED && !ended) {
        short events;
        if (!wait_for_program(transfer, end_ns, &events))
            return FASTCGI_LATE;
        if (events & POLLOUT)
            send_more(transfer);
        if (events & ~POLLOUT)
            outcome = receive_more(transfer, &ended);
    }
    return outcome;
}

enum fastcgi_outcome fastcgi_ask(struct fastcgi_client *client, dime_text variables, dime_text body,
                                 int64_t end_ns, struct buffer *answer)
{
    struct buffer wire;
    size_t size = sizeof(FCGI_BeginRequestRecord) + stream_size(variables) + stream_size(body);
    char *room = arena_alloc(answer->arena, size);
    if (!room)
        return FASTCGI_NO_MEMORY;
    client->id = client->id % IDS + 1;
    client->length = 0;
    buffer_over(&wire, room, size);
    put_request_records(&wire, client->id, variables, body);
    struct transfer transfer = {.client = client, .unsent = buffer_text(&wire), .answer = answer};
    enum fastcgi_outcome outcome = exchange_records(&transfer, end_ns);
    if (outcome != FASTCGI_ANSWERED || transfer.unsent.length || client->length)
        fastcgi_client_close(client);
    return outcome;
}
