/*
 * lambda_floor.c - the least that a Lambda runtime can be: raw sockets and no HTTP library.
 *
 * It does what a bootstrap of dime does on the wire, call for call: it registers an internal
 * extension and leaves that waiting, asks for events over one kept connection, reads them whole,
 * chunked or not, and answers each by the same function, with the same log line. It trusts its peer
 * entirely and can't be stopped: what a bootstrap costs beyond it is the price of libcurl and of
 * care. As `constant` (the name that it's called by) it never looks at an event, and answers with
 * a constant.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "events/invoke.h"

enum { ROOM = 2 * 1024 * 1024 + 65536 };

static const char ANSWER[] =
    "{\"statusCode\":200,\"headers\":{\"Content-Type\":\"application/json\",\"X-Request-Id\":"
    "\"7e5d3a7c\",\"Cache-Control\":\"no-store\",\"Vary\":\"Accept\",\"X-Content-Type-Options\":"
    "\"nosniff\"},\"body\":\"{\\\"res\\\":[{\\\"7\\\":\\\"quarters\\\"},{\\\"1\\\":\\\"dimes\\\"},"
    "{\\\"4\\\":\\\"pennies\\\"}]}\",\"isBase64Encoded\":false}";

extern const dime_function dime_function_change;

/* What has been read and not yet used. */
struct stream {
    int fd;
    size_t begin, end;
    char *room;
};

static char event[ROOM];
static size_t event_length;
static bool constant;
static struct arena arena;
static struct invocation invocation;
static struct invoker invoker = {.function = &dime_function_change};

static void fail(const char *what)
{
    fprintf(stderr, "lambda_floor: %s\n", what);
    exit(1);
}

static struct stream connect_to(const char *host, const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((unsigned short)strtol(port, NULL, 10))};
    struct stream stream = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    int one = 1;
    stream.room = malloc(ROOM);
    if (!stream.room || inet_pton(AF_INET, host, &address.sin_addr) != 1 ||
        connect(stream.fd, (struct sockaddr *)&address, sizeof address) != 0)
        fail("can't connect");
    setsockopt(stream.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return stream;
}

/* Reads more; what has been used makes place first where that is needed. */
static void fill(struct stream *stream)
{
    if (stream->begin == stream->end)
        stream->begin = stream->end = 0;
    if (stream->end == ROOM) {
        memmove(stream->room, stream->room + stream->begin, stream->end - stream->begin);
        stream->end -= stream->begin;
        stream->begin = 0;
    }
    ssize_t got = read(stream->fd, stream->room + stream->end, ROOM - stream->end);
    if (got <= 0)
        exit(0); /* the server has seen enough */
    stream->end += (size_t)got;
}

/* The next line, without its CR LF, with a NUL in their place. */
static char *line_of(struct stream *stream)
{
    for (;;) {
        char *begin = stream->room + stream->begin;
        char *end = memchr(begin, '\n', stream->end - stream->begin);
        if (end) {
            end[-1] = '\0';
            stream->begin = (size_t)(end + 1 - stream->room);
            return begin;
        }
        fill(stream);
    }
}

static size_t take(struct stream *stream, char *to, size_t length)
{
    for (size_t done = 0; done < length;) {
        size_t there = stream->end - stream->begin;
        size_t part = there < length - done ? there : length - done;
        if (to)
            memcpy(to + done, stream->room + stream->begin, part);
        stream->begin += part;
        done += part;
        if (done < length)
            fill(stream);
    }
    return length;
}

static size_t take_chunks(struct stream *stream)
{
    size_t total = 0, length;
    while ((length = strtoul(line_of(stream), NULL, 16)) > 0) {
        if (length > sizeof event - total)
            fail("the event is too long");
        total += take(stream, event + total, length);
        line_of(stream);
    }
    line_of(stream);
    return total;
}

/* Reads a whole answer, its body to `event`, and the value of one header. */
static void read_answer(struct stream *stream, const char *name, char value[256])
{
    size_t length = 0;
    bool chunked = false;
    for (char *line = line_of(stream); *line; line = line_of(stream)) {
        char *colon = strchr(line, ':');
        if (!colon)
            continue;
        *colon = '\0';
        if (strcasecmp(line, "Content-Length") == 0)
            length = strtoul(colon + 1, NULL, 10);
        else if (strcasecmp(line, "Transfer-Encoding") == 0)
            chunked = true;
        else if (name && strcasecmp(line, name) == 0)
            snprintf(value, 256, "%s", colon + 2);
    }
    event_length = chunked ? take_chunks(stream) : take(stream, event, length);
}

static void send_all(int fd, const char *head, size_t head_length, const char *body,
                     size_t body_length)
{
    struct iovec parts[2] = {{(void *)(size_t)head, head_length},
                             {(void *)(size_t)body, body_length}};
    if (writev(fd, parts, 2) != (ssize_t)(head_length + body_length))
        fail("can't send");
}

static void extend(const char *host, const char *port)
{
    struct stream stream = connect_to(host, port);
    char head[512], id[256] = "";
    int length = snprintf(head, sizeof head,
                          "POST /2020-01-01/extension/register HTTP/1.1\r\nHost: %s:%s\r\n"
                          "Lambda-Extension-Name: floor\r\nContent-Type: application/json\r\n"
                          "Content-Length: 13\r\n\r\n",
                          host, port);
    send_all(stream.fd, head, (size_t)length, "{\"events\":[]}", 13);
    read_answer(&stream, "Lambda-Extension-Identifier", id);
    length = snprintf(head, sizeof head,
                      "GET /2020-01-01/extension/event/next HTTP/1.1\r\nHost: %s:%s\r\n"
                      "Lambda-Extension-Identifier: %s\r\n\r\n",
                      host, port, id);
    send_all(stream.fd, head, (size_t)length, "", 0);
}

static void answer(int fd, const char *address, const char *id)
{
    char head[1024];
    dime_text text = {ANSWER, sizeof ANSWER - 1};
    invoker.id = text_of(id);
    invoker.deadline_ms = clock_epoch_ms() + 30000;
    if (!constant)
        text = invoke(&invocation, &invoker, (dime_text){event, event_length}, &arena);
    int length = snprintf(head, sizeof head,
                          "POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\n"
                          "Host: %s\r\nContent-Type: application/json\r\n"
                          "Content-Length: %zu\r\n\r\n",
                          id, address, text.length);
    send_all(fd, head, (size_t)length, text.data, text.length);
    if (!constant)
        invoke_log(&invocation, &invoker, "lambda", event_length, text.length);
    arena_reset(&arena);
}

int main(int argc, char **argv)
{
    static char host[256];
    const char *address = getenv("AWS_LAMBDA_RUNTIME_API");
    char head[1024], id[256] = "";
    if (argc < 1 || !address || !strchr(address, ':') || strlen(address) >= sizeof host)
        fail("AWS_LAMBDA_RUNTIME_API must name a host and a port");
    memcpy(host, address, strlen(address));
    char *port = strchr(host, ':');
    *port++ = '\0';
    constant = strstr(argv[0], "constant") != NULL;
    arena_open(&arena, INVOKE_MEMORY_MAX);
    extend(host, port);
    struct stream stream = connect_to(host, port);
    int length =
        snprintf(head, sizeof head,
                 "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: %s\r\n\r\n", address);
    for (;;) {
        send_all(stream.fd, head, (size_t)length, "", 0);
        read_answer(&stream, "Lambda-Runtime-Aws-Request-Id", id);
        answer(stream.fd, address, id);
        read_answer(&stream, NULL, NULL);
    }
}
