/*
 * cgi.c - CGI variables into a request, and one CGI call from start to end.
 *
 * One pass over the variables picks out what a request needs; the few names are told apart by their
 * length and bytes. The answer leaves in one writev.
 */
#include "hosts/cgi/cgi.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "request/function.h"
#include "request/log.h"
#include "request/opening.h"
#include "request/request.h"
#include "request/response.h"

enum { CGI_TIMEOUT_MS = 30000 };

/* How much of a refused body is read and dropped, and how long each piece of it is waited for. */
enum { DRAIN_MAX = 1024 * 1024, DRAIN_TIMEOUT_MS = 1000 };

/*
 * The variables that aren't headers. Those that begin with DIME_ are the tool's, which hands over
 * events. They count for what the function lets a sender do, so they're believed: who can set them
 * is who starts the program, or who may connect to its socket, and no client can, since each header
 * of a client's is a variable that begins with HTTP_.
 */
struct variables {
    dime_text method, query, content_type, content_length, script, path_info, scheme, https;
    dime_text source, request_id, deadline_ms, host;
};

static const struct {
    dime_text name;
    size_t offset; /* in struct variables */
} SLOTS[] = {
    {{"REQUEST_METHOD", 14}, offsetof(struct variables, method)},
    {{"QUERY_STRING", 12}, offsetof(struct variables, query)},
    {{"CONTENT_TYPE", 12}, offsetof(struct variables, content_type)},
    {{"CONTENT_LENGTH", 14}, offsetof(struct variables, content_length)},
    {{"SCRIPT_NAME", 11}, offsetof(struct variables, script)},
    {{"PATH_INFO", 9}, offsetof(struct variables, path_info)},
    {{"REQUEST_SCHEME", 14}, offsetof(struct variables, scheme)},
    {{"HTTPS", 5}, offsetof(struct variables, https)},
    {{"DIME_SOURCE", 11}, offsetof(struct variables, source)},
    {{"DIME_REQUEST_ID", 15}, offsetof(struct variables, request_id)},
    {{"DIME_DEADLINE_MS", 16}, offsetof(struct variables, deadline_ms)},
    {{"DIME_HOST", 9}, offsetof(struct variables, host)},
};

/* Takes a variable that isn't a header, if it is one of those that count. */
static void take_variable(struct variables *variables, const struct header *variable)
{
    for (size_t i = 0; i < sizeof SLOTS / sizeof *SLOTS; i++) {
        if (text_equal(variable->name, SLOTS[i].name)) {
            *(dime_text *)((char *)variables + SLOTS[i].offset) = variable->value;
            return;
        }
    }
}

/* Takes HTTP_X_REQUEST_ID as the header x-request-id. */
static void take_header(struct request *request, struct header *headers, struct header variable)
{
    const char *name = variable.name.data + sizeof "HTTP_" - 1;
    size_t length = variable.name.length - (sizeof "HTTP_" - 1);
    char *copy = length ? arena_alloc(request->arena, length) : NULL;
    if (!copy)
        return;
    for (size_t i = 0; i < length; i++)
        copy[i] = name[i] == '_' ? '-' : text_lower(name[i]);
    request_take_header(request, headers, (dime_text){copy, length}, variable.value);
}

/* A header takes the place of a variable that has been read. */
static void read_variables(struct request *request, struct header *variables, size_t count,
                           struct variables *found)
{
    request->headers = variables;
    for (size_t i = 0; i < count; i++) {
        if (text_starts(variables[i].name, TEXT("HTTP_")))
            take_header(request, variables, variables[i]);
        else
            take_variable(found, &variables[i]);
    }
}

static void read_length(struct exchange *exchange, dime_text text)
{
    int64_t length;
    if (!text.length)
        return;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            exchange->incoming.refusal = REFUSED_BAD_LENGTH;
            return;
        }
    }
    if (!text_to_int64(text, &length))
        length = INT64_MAX; /* more than any limit */
    exchange->has_length = true;
    exchange->length = (size_t)length;
    if (exchange->length > function_body_max(exchange->function))
        exchange->incoming.refusal = REFUSED_TOO_LARGE;
}

void exchange_open(struct exchange *exchange, const dime_function *function,
                   struct header *variables, size_t count, struct arena *arena, int64_t timeout_ms)
{
    struct variables found = {0};
    exchange->function = function;
    exchange->request = (struct request){.arena = arena, .source = DIME_HTTP};
    exchange->incoming = (struct incoming){0};
    exchange->started_ns = clock_monotonic_ns();
    exchange->has_length = false;
    exchange->length = 0;
    response_open(&exchange->response, arena);
    struct request *request = &exchange->request;
    read_variables(request, variables, count, &found);
    request->method = request_method(found.method);
    request->query = found.query;
    request->content_type = found.content_type;
    request->path = found.script;
    bool secure =
        text_equal(found.scheme, TEXT("https")) || text_equal_nocase(found.https, TEXT("on"));
    request->scheme = secure ? TEXT("https") : TEXT("http");
    request->source = request_source(found.source);
    if (!text_to_int64(found.deadline_ms, &request->deadline_ms) || request->deadline_ms <= 0)
        request->deadline_ms = clock_epoch_ms() + timeout_ms;
    exchange->host = request_id_fits(found.host) ? found.host : TEXT("");
    exchange->incoming.path_info = found.path_info;
    exchange->incoming.health = text_starts(found.script, TEXT("/healthz/"));
    request_choose_id(request, found.request_id, exchange->id);
    read_length(exchange, found.content_length);
}

size_t exchange_room(const struct exchange *exchange)
{
    size_t most = function_body_max(exchange->function) + 1;
    bool known = exchange->has_length && exchange->length < most;
    return known ? exchange->length + 1 : most;
}

void exchange_body(struct exchange *exchange, dime_text body)
{
    exchange->request.body = body;
    if (exchange->incoming.refusal)
        return;
    if (exchange->has_length && body.length != exchange->length)
        exchange->incoming.refusal = REFUSED_SHORT;
    else if (body.length > function_body_max(exchange->function))
        exchange->incoming.refusal = REFUSED_TOO_LARGE;
}

void exchange_run(struct exchange *exchange)
{
    call_open(&exchange->call, exchange->function, &exchange->request, &exchange->response);
    run_call(&exchange->call, &exchange->incoming);
}

dime_text exchange_head(struct exchange *exchange)
{
    struct buffer head;
    /* In room of its own: an answer that memory has ended still has a head. */
    buffer_over(&head, exchange->head, sizeof exchange->head);
    response_cgi_head(&exchange->response, &head);
    if (!head.failed)
        return buffer_text(&head);
    exchange->response.status = 500;
    exchange->response.body.length = 0;
    return TEXT("Status: 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
}

dime_text exchange_payload(const struct exchange *exchange)
{
    if (exchange->request.method == DIME_HEAD || !exchange->response.content_type)
        return TEXT("");
    return buffer_text(&exchange->response.body);
}

/* Reads until LENGTH bytes or the end; what a signal interrupts goes on. */
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
 * RFC 3875, section 4.2: no more than Content-Length may be read, and nothing where there is none.
 * But Apache hands on a chunked body as it comes, with no length and with its Transfer-Encoding:
 * that one ends with the input.
 */
static void read_body(struct exchange *exchange)
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
 * Reads what is left of a refused body. Apache's mod_cgid gives its programs a socket, and a socket
 * that is closed with something unread in it takes the answer along that was written to it.
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
        head = (dime_text){head.data + from_head, head.length - from_head};
        body = (dime_text){body.data + from_body, body.length - from_body};
    }
    return true;
}

void exchange_log(const struct exchange *exchange, struct log *log, const char *host,
                  size_t bytes_out)
{
    log_request(log, &(struct log_entry){
                         .function = exchange->function->name,
                         .host = exchange->host.length ? exchange->host : text_of(host),
                         .request = &exchange->request,
                         .response = &exchange->response,
                         .duration_ns = clock_monotonic_ns() - exchange->started_ns,
                         .bytes_in = exchange->request.body.length,
                         .bytes_out = bytes_out,
                     });
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

/* Where an answer goes, in one piece or in many. */
struct cgi_output {
    struct stream stream;
    struct exchange *exchange;
    bool begun, failed; /* the head has gone; its reader has */
    size_t bytes;       /* of the body that have gone */
};

static void write_piece(struct cgi_output *output)
{
    dime_text head = output->begun ? TEXT("") : exchange_head(output->exchange);
    dime_text payload = exchange_payload(output->exchange);
    output->begun = true;
    output->bytes += payload.length;
    output->failed = output->failed || !write_both(head, payload);
}

/* A reader that has gone ends a stream, as memory does that is out. */
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
    signal(SIGPIPE, SIG_IGN); /* a reader that has gone is an exit status and a log line */
    arena_open(&arena, REQUEST_MEMORY_MAX);
    size_t count;
    struct header *variables = split_environment(&arena, &count);
    exchange_open(&exchange, function, variables, count, &arena, CGI_TIMEOUT_MS);
    read_body(&exchange);
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
    opening_close(&opening, function);
    arena_close(&arena);
    return output.failed ? 1 : 0;
}
