/*
 * ask.c - sends a request as CGI variables, over FastCGI, to a program that may fail.
 *
 * What the tool knows about an event is passed in DIME_SOURCE, DIME_REQUEST_ID, DIME_DEADLINE_MS,
 * DIME_HOST and DIME_PATH. No client's header can set these, since headers become HTTP_ variables.
 * DIME_PATH is the event's path, which a function of dime splits by its routes; other programs use
 * SCRIPT_NAME and PATH_INFO, which are split without the routes. A program whose answer isn't valid
 * is killed: its next output couldn't be told apart from the answer to another request.
 */
#include "tool/ask/ask.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "config.h"
#include "request/log.h"
#include "request/problem.h"
#include "request/request.h"
#include "request/response.h"
#include "request/route.h"
#include "tool/ask/cgi_answer.h"

enum {
    CRASH_MS = 500, /* for a program that has closed the connection to end */
    SLACK_MS = 500, /* for a program to answer by itself that the deadline has passed */
    FOREVER_MS = 24 * 60 * 60 * 1000, /* for a request without a deadline */
    CONNECTIONS = 2,                  /* tried for one request: the kept one, and a new one */
    READY_MS = 30000,                 /* for a function to become ready */
    READY_MEMORY = 1024 * 1024,
    ANSWER_MAX = RESPONSE_BODY_MAX + CGI_ANSWER_HEAD_MAX,
    VARIABLE_NAME_MAX = 256,
};

/* Variables that are the same for every request. */
static const struct {
    dime_text name, value;
} CONSTANT[] = {
    {{"GATEWAY_INTERFACE", 17}, {"CGI/1.1", 7}},
    {{"SERVER_PROTOCOL", 15}, {"HTTP/1.1", 8}},
    {{"SERVER_SOFTWARE", 15}, {"dime/" PACKAGE_VERSION, sizeof "dime/" PACKAGE_VERSION - 1}},
    {{"SERVER_NAME", 11}, {"localhost", 9}},
    {{"SERVER_PORT", 11}, {"80", 2}},
};

void ask_open(struct ask *ask, const struct callee *callee, const char *host)
{
    ask->callee = callee;
    ask->host = host;
    program_open(&ask->program, callee->path);
    fastcgi_client_open(&ask->client);
}

void ask_close(struct ask *ask)
{
    fastcgi_client_close(&ask->client);
    program_stop(&ask->program);
}

static void put_number(struct buffer *variables, dime_text name, int64_t number)
{
    char room[24];
    struct buffer digits;
    buffer_over(&digits, room, sizeof room);
    buffer_int64(&digits, number);
    fastcgi_put_variable(variables, name, buffer_text(&digits));
}

/* Whether the text has a NUL, at which a program would cut it. */
static bool holds_nul(dime_text text)
{
    return text.length && memchr(text.data, '\0', text.length);
}

/* Makes a variable of a client's header. False: the header can't be one, and is left out. */
static bool header_variable(dime_text name, char room[VARIABLE_NAME_MAX], dime_text *variable)
{
    const dime_text prefix = TEXT("HTTP_");
    if (!name.length || name.length > VARIABLE_NAME_MAX - prefix.length ||
        text_equal(name, TEXT("content-type")) || text_equal(name, TEXT("content-length")))
        return false;
    memcpy(room, prefix.data, prefix.length);
    for (size_t i = 0; i < name.length; i++) {
        char c = name.data[i];
        if (!text_alphanumeric(c) && c != '-' && c != '_')
            return false;
        room[prefix.length + i] = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c == '-' ? '_' : c);
    }
    *variable = (dime_text){room, prefix.length + name.length};
    return true;
}

/* Joins the values of the header at INDEX and of later ones with its name (RFC 9110, section 5.3;
 * RFC 6265, section 5.4). False: they are too long. */
static bool join_values(const struct request *request, size_t index, dime_text *value)
{
    const struct header *header = &request->headers[index];
    bool cookies = text_equal(header->name, TEXT("cookie"));
    struct buffer joined;
    *value = header->value;
    buffer_open(&joined, request->arena, RECORD_VARIABLES_MAX);
    for (size_t i = index + 1; i < request->header_count; i++) {
        if (!text_equal(request->headers[i].name, header->name))
            continue;
        buffer_put(&joined, joined.length ? TEXT("") : header->value);
        buffer_put(&joined, cookies ? TEXT("; ") : TEXT(", "));
        buffer_put(&joined, request->headers[i].value);
        *value = buffer_text(&joined);
    }
    return !joined.failed;
}

static bool stands_before(const struct request *request, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (text_equal(request->headers[i].name, request->headers[index].name))
            return true;
    }
    return false;
}

static void put_headers(struct buffer *variables, const struct request *request)
{
    char room[VARIABLE_NAME_MAX];
    dime_text name, value;
    for (size_t i = 0; i < request->header_count; i++) {
        if (!header_variable(request->headers[i].name, room, &name) || stands_before(request, i))
            continue;
        if (!join_values(request, i, &value))
            variables->failed = true;
        else if (!holds_nul(value))
            fastcgi_put_variable(variables, name, value);
    }
}

static void put_event_variables(struct buffer *variables, const struct ask *ask,
                                const struct request *request)
{
    if (request->source != DIME_HTTP)
        fastcgi_put_variable(variables, TEXT("DIME_SOURCE"), request_source_name(request->source));
    fastcgi_put_variable(variables, TEXT("DIME_REQUEST_ID"), request->id);
    fastcgi_put_variable(variables, TEXT("DIME_PATH"), request->path);
    if (ask->host)
        fastcgi_put_variable(variables, TEXT("DIME_HOST"), text_of(ask->host));
    if (request->deadline_ms)
        put_number(variables, TEXT("DIME_DEADLINE_MS"), request->deadline_ms);
}

static void put_variables(struct buffer *variables, const struct ask *ask,
                          const struct request *request)
{
    dime_text script = request->path;
    dime_text path_info = route_split(ask->callee->name, false, &script);
    for (size_t i = 0; i < sizeof CONSTANT / sizeof *CONSTANT; i++)
        fastcgi_put_variable(variables, CONSTANT[i].name, CONSTANT[i].value);
    /* An event that isn't an HTTP request comes from this machine. */
    fastcgi_put_variable(variables, TEXT("REMOTE_ADDR"),
                         request->source == DIME_HTTP ? request_client(request)
                                                      : TEXT("127.0.0.1"));
    fastcgi_put_variable(variables, TEXT("REQUEST_METHOD"), request_method_name(request->method));
    fastcgi_put_variable(variables, TEXT("REQUEST_SCHEME"), request->scheme);
    fastcgi_put_variable(variables, TEXT("SCRIPT_NAME"), script);
    fastcgi_put_variable(variables, TEXT("SCRIPT_FILENAME"), text_of(ask->callee->path));
    if (path_info.length)
        fastcgi_put_variable(variables, TEXT("PATH_INFO"), path_info);
    fastcgi_put_variable(variables, TEXT("QUERY_STRING"), request->query);
    if (request->content_type.length)
        fastcgi_put_variable(variables, TEXT("CONTENT_TYPE"), request->content_type);
    put_number(variables, TEXT("CONTENT_LENGTH"), (int64_t)request->body.length);
    put_headers(variables, request);
    put_event_variables(variables, ask, request);
}

/* Answers with a problem instead of the program. */
__attribute__((format(printf, 4, 5))) static void answer_problem(const struct request *request,
                                                                 struct response *response,
                                                                 int status, const char *format,
                                                                 ...)
{
    char why[2 * PROGRAM_WHY];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    response_open(response, request->arena);
    response_problem(response, status, "%s", why);
    problem_write_json(response, request->id);
    run_add_headers(request, response);
    if (response->body.failed)
        run_out_of_memory(request, response);
}

/* Connects to the program, and sets *STARTED if that had to start it. False: WHY is the reason. */
static bool connect_to_program(struct ask *ask, bool *started, char why[PROGRAM_WHY])
{
    char how[PROGRAM_WHY];
    *started = false;
    if (ask->client.fd < 0 && ask->program.pid > 0)
        ask->client.fd = program_connect(&ask->program);
    if (ask->client.fd >= 0)
        return true;
    program_end(&ask->program, 0, how);
    ask->client.fd = program_start(&ask->program, NULL, -1, why);
    *started = ask->client.fd >= 0;
    return *started;
}

/*
 * Sends the request on the kept connection. If the program has closed that meanwhile, it hasn't
 * read any of the request, so a new connection is tried. False: there is no connection.
 */
static bool ask_program(struct ask *ask, dime_text variables, const struct request *request,
                        struct buffer *answer, enum fastcgi_outcome *outcome, char why[PROGRAM_WHY])
{
    int64_t left_ms =
        request->deadline_ms ? request->deadline_ms - clock_epoch_ms() + SLACK_MS : FOREVER_MS;
    int64_t end_ns = clock_monotonic_ns() + left_ms * 1000000;
    bool started = false;
    char how[PROGRAM_WHY];
    *outcome = FASTCGI_UNSENT;
    for (int i = 0; *outcome == FASTCGI_UNSENT && !started; i++) {
        if (i == CONNECTIONS) /* it closes each of them */
            program_end(&ask->program, 0, how);
        if (!connect_to_program(ask, &started, why))
            return false;
        *outcome = fastcgi_ask(&ask->client, variables, request->body, end_ns, answer);
    }
    return true;
}

/* Kills a program that has failed, and answers in its place. If memory ran out before anything was
 * sent, the program can still be used. */
static void answer_failure(struct ask *ask, const struct request *request,
                           struct response *response, enum fastcgi_outcome outcome)
{
    char how[PROGRAM_WHY] = "";
    bool closed = outcome == FASTCGI_CLOSED || outcome == FASTCGI_UNSENT;
    if (ask->client.fd < 0)
        program_end(&ask->program, closed ? CRASH_MS : 0, how);
    if (closed)
        answer_problem(request, response, 502,
                       "The function's program %s before it had answered; its log may say why.",
                       how);
    else if (outcome == FASTCGI_LATE)
        answer_problem(request, response, 504,
                       "The function didn't answer in time, and its program was killed.");
    else if (outcome == FASTCGI_NO_MEMORY)
        run_out_of_memory(request, response);
    else if (outcome == FASTCGI_TOO_LONG)
        answer_problem(request, response, 502,
                       "The function's answer is too long: at most %d bytes are accepted.",
                       RESPONSE_BODY_MAX);
    else if (outcome == FASTCGI_REFUSED)
        answer_problem(request, response, 503, "The function's program accepts no more requests.");
    else
        answer_problem(request, response, 502,
                       "What the function's program has written isn't FastCGI.");
}

/* Writes the variables of a request. False: it can't be sent, and the response says why. */
static bool write_variables(const struct ask *ask, const struct request *request,
                            struct buffer *variables, struct response *response)
{
    put_variables(variables, ask, request);
    if (request->arena->failed)
        run_out_of_memory(request, response);
    else if (variables->failed)
        answer_problem(request, response, 422,
                       "The path, the query and the headers have more than %d bytes; send less, or "
                       "in the body.",
                       RECORD_VARIABLES_MAX);
    else if (holds_nul(request->path) || holds_nul(request->query) ||
             holds_nul(request->content_type))
        answer_problem(request, response, 422,
                       "The path, the query and the content type can't hold a NUL; leave it out.");
    else
        return true;
    return false;
}

/* Sends the request to the program. False: it hasn't answered, and the response is ours. */
static bool answer_by_program(struct ask *ask, const struct request *request,
                              struct response *response)
{
    enum fastcgi_outcome outcome;
    struct buffer variables, answer;
    char why[PROGRAM_WHY];
    buffer_open(&variables, request->arena, RECORD_VARIABLES_MAX);
    buffer_open(&answer, request->arena, ANSWER_MAX);
    if (!write_variables(ask, request, &variables, response))
        return false;
    if (!ask_program(ask, buffer_text(&variables), request, &answer, &outcome, why)) {
        answer_problem(request, response, 503, "The function can't be started: %s.", why);
        return false;
    }
    if (outcome != FASTCGI_ANSWERED) {
        answer_failure(ask, request, response, outcome);
        return false;
    }
    const char *fault = cgi_answer_read(&answer, request->method, response);
    if (fault)
        answer_problem(request, response, 502,
                       "What the function's program has written isn't an answer: %s.", fault);
    return !fault;
}

static void log_own(const struct ask *ask, const struct request *request,
                    const struct response *response, int64_t started_ns)
{
    struct log log = {.length = 0};
    log_request(&log, &(struct log_entry){.function = ask->callee->name,
                                          .host = text_of(ask->host),
                                          .request = request,
                                          .response = response,
                                          .duration_ns = clock_monotonic_ns() - started_ns,
                                          .bytes_in = request->body.length,
                                          .bytes_out = response->body.length});
    log_flush(&log);
}

void ask_function(void *context, struct request *request, const struct incoming *incoming,
                  struct response *response)
{
    struct ask *ask = context;
    int64_t started_ns = clock_monotonic_ns();
    bool logged = false;
    if (request->arena->failed)
        run_out_of_memory(request, response);
    else if (incoming->refusal == REFUSED_EVENT)
        answer_problem(request, response, incoming->status, "%s", incoming->why);
    else
        logged = answer_by_program(ask, request, response);
    if (!logged)
        log_own(ask, request, response, started_ns);
}

/* Requests the path at which every function of dime reports whether it is ready. */
static bool is_healthy(struct ask *ask, struct arena *arena, char why[PROGRAM_WHY])
{
    struct response response;
    struct buffer path;
    char id[33];
    request_make_id(id);
    buffer_open(&path, arena, PATH_MAX);
    buffer_puts(&path, "/healthz/");
    buffer_puts(&path, ask->callee->name);
    struct request request = {.arena = arena,
                              .id = text_of(id),
                              .method = DIME_GET,
                              .scheme = TEXT("http"),
                              .path = buffer_text(&path),
                              .query = TEXT(""),
                              .body = TEXT(""),
                              .deadline_ms = clock_epoch_ms() + READY_MS};
    response_open(&response, arena);
    (void)answer_by_program(ask, &request, &response);
    dime_text detail = problem_detail(&response);
    snprintf(why, PROGRAM_WHY, "%.*s", (int)detail.length, detail.data);
    return response.status == 200;
}

bool ask_is_ready(struct ask *ask, bool own, char why[PROGRAM_WHY])
{
    const char *host = ask->host;
    struct arena arena;
    bool started;
    if (!connect_to_program(ask, &started, why))
        return false;
    if (!own)
        return true;
    arena_open(&arena, READY_MEMORY);
    ask->host = NULL; /* neither a message nor a file */
    bool ready = is_healthy(ask, &arena, why);
    ask->host = host;
    arena_close(&arena);
    return ready;
}
