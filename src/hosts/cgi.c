/*
 * cgi.c - one CGI call from start to end.
 *
 * The whole body is read before the function is called. An answer that isn't streamed is sent with
 * one writev.
 */
#include "hosts/cgi.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "hosts/exchange.h"
#include "request/log.h"
#include "request/opening.h"
#include "request/request.h"

enum { CGI_TIMEOUT_MS = 30000 };

/* How much of a refused body is read and discarded, and how long to wait for each piece. */
enum { DRAIN_MAX = 1024 * 1024, DRAIN_TIMEOUT_MS = 1000 };

/* Reads until LENGTH bytes or the end of the input. Retries a read that a signal interrupts. */
static size_t read_up_to(int fd, char *data, size_t length)
{
    size_t total = 0;
    while (total < length) {
        ssize_t got = read(fd, data + total, length - total);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        total += (size_t)got;
    }
    return total;
}

/*
 * RFC 3875, section 4.2: a program must not read more than Content-Length bytes, and nothing if the
 * length is missing. But Apache passes a chunked body on without a length, with its
 * Transfer-Encoding. Such a body ends with the input.
 */
static void read_input(struct exchange *exchange)
{
    bool chunked = request_header(&exchange->request, "transfer-encoding").length;
    if (exchange->incoming.refusal || (!exchange->has_length && !chunked))
        return;
    size_t most = exchange->has_length ? exchange->length : exchange_room(exchange);
    char *data = arena_alloc(exchange->request.arena, most + 1);
    if (data)
        exchange_body(exchange, (dime_text){data, read_up_to(STDIN_FILENO, data, most)});
}

/*
 * Reads what is left of a refused body. Apache's mod_cgid gives its programs a socket. Closing a
 * socket with unread bytes in it would destroy the answer that was written to it.
 */
static void drain_body(void)
{
    char dropped[16 * 1024];
    struct stat input;
    if (fstat(STDIN_FILENO, &input) < 0 || !S_ISSOCK(input.st_mode))
        return;
    shutdown(STDOUT_FILENO, SHUT_WR);
    for (size_t total = 0; total < DRAIN_MAX;) {
        struct pollfd readable = {.fd = STDIN_FILENO, .events = POLLIN};
        ssize_t got = poll(&readable, 1, DRAIN_TIMEOUT_MS) > 0
                          ? read(STDIN_FILENO, dropped, sizeof dropped)
                          : 0;
        if (got <= 0)
            return;
        total += (size_t)got;
    }
}

static bool write_both(dime_text head, dime_text body)
{
    while (head.length + body.length) {
        struct iovec parts[] = {{(void *)(uintptr_t)head.data, head.length},
                                {(void *)(uintptr_t)body.data, body.length}};
        ssize_t written = writev(STDOUT_FILENO, parts, 2);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        size_t from_head = (size_t)written < head.length ? (size_t)written : head.length;
        size_t from_body = (size_t)written - from_head;
        head = text_skip(head, from_head);
        body = text_skip(body, from_body);
    }
    return true;
}

static void log_call(const struct exchange *exchange, size_t bytes_out)
{
    struct log log = {.length = 0};
    exchange_log(exchange, &log, "cgi", bytes_out);
    log_flush(&log);
}

/* The variables of the process's environment. */
static struct header *split_environment(struct arena *arena, size_t *count)
{
    size_t most = 0;
    *count = 0;
    while (environ[most])
        most++;
    struct header *variables = arena_alloc(arena, most * sizeof *variables);
    for (size_t i = 0; variables && i < most; i++) {
        dime_text value = text_of(environ[i]), name;
        if (text_cut(&value, '=', &name) && value.data)
            variables[(*count)++] = (struct header){name, value};
    }
    return variables;
}

/* The output of an answer, in one piece or in many. */
struct cgi_output {
    struct stream stream;
    struct exchange *exchange;
    bool begun, failed; /* the head was sent; the reader is gone */
    size_t bytes;       /* of the body that were sent */
};

static void write_piece(struct cgi_output *output)
{
    dime_text head = output->begun ? TEXT("") : exchange_head(output->exchange);
    dime_text payload = exchange_payload(output->exchange);
    output->begun = true;
    output->bytes += payload.length;
    output->failed = output->failed || !write_both(head, payload);
}

/* A stream ends when its reader is gone, or when memory runs out. */
static void flush_piece(struct stream *stream, struct response *response)
{
    struct cgi_output *output = (struct cgi_output *)stream;
    write_piece(output);
    response->body.failed = output->failed;
}

int cgi_serve(const dime_function *function)
{
    struct exchange exchange;
    struct opening opening = {0};
    struct cgi_output output = {.stream = {.flush = flush_piece}, .exchange = &exchange};
    struct arena arena;
    signal(SIGPIPE, SIG_IGN); /* report a closed reader by exit status and log line */
    arena_open(&arena, REQUEST_MEMORY_MAX);
    size_t count;
    struct header *variables = split_environment(&arena, &count);
    exchange_open(&exchange, function, variables, count, &arena, CGI_TIMEOUT_MS);
    read_input(&exchange);
    (void)opening_try(&opening, function);
    exchange.request.state = opening.state;
    exchange.incoming.not_open = opening.not_open;
    exchange.response.stream = &output.stream;
    exchange_run(&exchange);
    if (!output.begun)
        write_piece(&output);
    log_call(&exchange, output.bytes);
    if (exchange.incoming.refusal)
        drain_body();
    arena_close(&arena); /* closing what the call has opened may need the state */
    opening_close(&opening, function);
    return output.failed ? 1 : 0;
}
