/*
 * cgi_test.c - CGI variables into a request, the body's length, the head, and whole CGI calls.
 *
 * A whole call runs in a child with its own environment, fd 0, 1 and 2, as a web server would
 * start it; a short body and a closed stdout are played to it.
 */
#include "hosts/cgi.h"

#include <check.h>
#include <json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "request/request.h"
#include "hosts/exchange.h"
#include "request/call.h"

Suite *cgi_suite(void);

enum { BODY_MAX = 100 };

struct word {
    dime_text word;
};

static const dime_field table[] = {DIME_TEXT(struct word, word, .max = 90)};

static bool opens = true;

static bool open_state(dime_call *call, void **state)
{
    static int thing;
    *state = &thing;
    dime_problem(call, 503, "The model is missing; install it.");
    return opens;
}

static void close_state(void *state)
{
    if (write(STDERR_FILENO, state ? "closed\n" : "", state ? 7 : 0) < 0)
        abort();
}

static void handle(dime_call *call, const void *input)
{
    const struct word *given = input;
    dime_set_header(call, "X-Word", TEXT("w"));
    dime_put_text(dime_answer(call, 200), dime_state(call) ? "word" : "stateless", given->word);
}

static const dime_function function = {
    .name = "some",
    .summary = "Some",
    .methods = DIME_GET | DIME_POST,
    .body_max = BODY_MAX,
    DIME_INPUT(struct word, table),
    .open = open_state,
    .handle = handle,
    .close = close_state,
};

static struct arena arena;
static struct exchange exchange;

static void begin(void)
{
    arena_open(&arena, 1 << 20);
}

static void end(void)
{
    arena_close(&arena);
}

/* Opens an exchange from up to 8 variables. */
#define OPEN(...) open_exchange((char *[]){__VA_ARGS__, NULL})

static void open_exchange_in(struct arena *room, char **variables)
{
    static struct header split[16];
    size_t count = 0;
    for (; variables[count]; count++) {
        dime_text value = text_of(variables[count]);
        text_cut(&value, '=', &split[count].name);
        split[count].value = value;
    }
    ck_assert_uint_le(count, sizeof split / sizeof *split);
    memset(&exchange, 0xA5, sizeof exchange);
    exchange_open(&exchange, &function, split, count, room, 5000);
}

static void open_exchange(char **variables)
{
    open_exchange_in(&arena, variables);
}

static void check_header(const char *name, const char *value)
{
    dime_text found = request_header(&exchange.request, name);
    ck_assert_msg(text_equal(found, text_of(value)), "%s: %.*s", name, (int)found.length,
                  found.data ? found.data : "");
}

START_TEST(reads_variables)
{
    int64_t before = clock_epoch_ms();
    OPEN("REQUEST_METHOD=POST", "QUERY_STRING=a=b&c", "CONTENT_TYPE=text/x", "CONTENT_LENGTH=7",
         "SCRIPT_NAME=/cgi-bin/some", "PATH_INFO=/x=y", "HTTPS=on");
    const struct request *request = &exchange.request;
    ck_assert_int_eq(request->method, DIME_POST);
    ck_assert_int_eq(request->source, DIME_HTTP);
    ck_assert(text_equal(request->query, TEXT("a=b&c")));
    ck_assert(text_equal(request->content_type, TEXT("text/x")));
    ck_assert(text_equal(request->path, TEXT("/cgi-bin/some")));
    ck_assert(text_equal(exchange.incoming.path_info, TEXT("/x=y")));
    ck_assert(text_equal(request->scheme, TEXT("https")));
    ck_assert(exchange.has_length && exchange.length == 7);
    ck_assert(!exchange.incoming.health);
    ck_assert_int_eq(exchange.incoming.refusal, REFUSED_NOT);
    ck_assert_int_ge(request->deadline_ms, before + 5000);
    ck_assert_int_le(request->deadline_ms, clock_epoch_ms() + 5000);
    ck_assert_uint_eq(request->header_count, 0);
    ck_assert_ptr_null(request->state);
}
END_TEST

/* No header of a client's is taken for it. */
START_TEST(takes_the_address_of_a_client)
{
    OPEN("REMOTE_ADDR=192.0.2.1", "HTTP_REMOTE_ADDR=192.0.2.66", "HTTP_X_FORWARDED_FOR=192.0.2.66",
         "HTTP_X_REAL_IP=192.0.2.66", "HTTP_FORWARDED=for=192.0.2.66");
    ck_assert(text_equal(request_client(&exchange.request), TEXT("192.0.2.1")));
    OPEN("HTTP_REMOTE_ADDR=192.0.2.66", "HTTP_X_FORWARDED_FOR=192.0.2.66");
    ck_assert_uint_eq(request_client(&exchange.request).length, 0);
    OPEN("REMOTE_ADDR=192.0.2.1", "DIME_SOURCE=sqs");
    ck_assert_uint_eq(request_client(&exchange.request).length, 0);
}
END_TEST

static void check_split(const char *variable, bool routes, const char *path, const char *below)
{
    static const dime_route ROUTES[] = {DIME_ROUTE("GET /{a}", handle)};
    const dime_function routed = {.name = "some", DIME_ROUTES(ROUTES)};
    struct header split[] = {{TEXT("SCRIPT_NAME"), TEXT("/other")},
                             {TEXT("PATH_INFO"), TEXT("/another")},
                             {TEXT("DIME_PATH"), text_of(variable)}};
    exchange_open(&exchange, routes ? &routed : &function, split, 3, &arena, 5000);
    ck_assert(text_equal(exchange.request.path, text_of(path)));
    ck_assert(text_equal(exchange.incoming.path_info, text_of(below)));
    ck_assert_int_eq(exchange.incoming.health, strcmp(variable, "/healthz/some") == 0);
}

/* As on a Lambda: what is below the function depends on whether it has routes. */
START_TEST(splits_the_path_of_an_event)
{
    check_split("/ab", true, "", "/ab");
    check_split("/ab", false, "/ab", "");
    check_split("/", true, "", "/");
    check_split("/", false, "/", "");
    check_split("", true, "", "");
    check_split("/healthz/some", true, "/healthz/some", "");
    for (int routes = 0; routes < 2; routes++) {
        check_split("/cgi-bin/some", routes, "/cgi-bin/some", "");
        check_split("/cgi-bin/some/a/b", routes, "/cgi-bin/some", "/a/b");
        check_split("/cgi-bin/something", routes, "/cgi-bin/something", "");
    }
    OPEN("HTTP_DIME_PATH=/x", "SCRIPT_NAME=/cgi-bin/some", "PATH_INFO=/b");
    ck_assert(text_equal(exchange.incoming.path_info, TEXT("/b")));
}
END_TEST

/* What the tool says of an event; a header of a client's can't be any of it. */
START_TEST(takes_what_the_tool_says)
{
    OPEN("DIME_SOURCE=s3", "DIME_REQUEST_ID=of-the-tool", "DIME_DEADLINE_MS=1700000000000",
         "DIME_HOST=queue");
    ck_assert_int_eq(exchange.request.source, DIME_S3);
    ck_assert(text_equal(exchange.request.id, TEXT("of-the-tool")));
    ck_assert_int_eq(exchange.request.deadline_ms, 1700000000000);
    ck_assert(text_equal(exchange.host, TEXT("queue")));
    int64_t before = clock_epoch_ms();
    OPEN("HTTP_DIME_SOURCE=s3", "HTTP_DIME_REQUEST_ID=x", "HTTP_DIME_DEADLINE_MS=1",
         "HTTP_DIME_HOST=queue", "HTTP_Dime_Source=sqs", "HTTP_DIME-SOURCE=sns");
    ck_assert_int_eq(exchange.request.source, DIME_HTTP);
    ck_assert_uint_eq(exchange.request.id.length, 32);
    ck_assert_int_ge(exchange.request.deadline_ms, before + 5000);
    ck_assert_uint_eq(exchange.host.length, 0);
    ck_assert_uint_eq(exchange.request.header_count, 0);
    OPEN("DIME_SOURCE=S3", "DIME_REQUEST_ID=a b", "DIME_DEADLINE_MS=-5", "DIME_HOST=a\nb",
         "dime_source=s3", "DIME_SOURCE_=s3");
    ck_assert_int_eq(exchange.request.source, DIME_HTTP);
    ck_assert_uint_eq(exchange.request.id.length, 32);
    ck_assert_int_ge(exchange.request.deadline_ms, before + 5000);
    ck_assert_uint_eq(exchange.host.length, 0);
}
END_TEST

START_TEST(needs_no_variables)
{
    open_exchange((char *[]){NULL});
    ck_assert_int_eq(exchange.request.method, DIME_OTHER);
    ck_assert(text_equal(exchange.request.scheme, TEXT("http")));
    ck_assert_uint_eq(exchange.request.query.length, 0);
    ck_assert_uint_eq(exchange.request.id.length, 32);
    ck_assert(!exchange.has_length);
    OPEN("", "=", "=x", "NOTHING", "HTTP_", "HTTP_=x", "REQUEST_METHOD", "HTTP");
    ck_assert_int_eq(exchange.request.method, DIME_OTHER);
    ck_assert_uint_eq(exchange.request.header_count, 0);
}
END_TEST

START_TEST(knows_schemes)
{
    OPEN("REQUEST_SCHEME=https");
    ck_assert(text_equal(exchange.request.scheme, TEXT("https")));
    OPEN("HTTPS=ON");
    ck_assert(text_equal(exchange.request.scheme, TEXT("https")));
    OPEN("HTTPS=off", "REQUEST_SCHEME=http");
    ck_assert(text_equal(exchange.request.scheme, TEXT("http")));
    OPEN("REQUEST_SCHEME=javascript", "HTTPS=");
    ck_assert(text_equal(exchange.request.scheme, TEXT("http")));
}
END_TEST

START_TEST(lowers_the_names_of_headers)
{
    OPEN("HTTP_ACCEPT=a", "HTTP_X_FORWARDED_FOR=1.2.3.4", "HTTP_X_Mixed_9=b",
         "HTTP_X_EMPTY=", "HTTP_X_EQUALS=a=b=c", "NO_HTTP_X=c", "http_x=d",
         "GATEWAY_INTERFACE=CGI/1.1");
    ck_assert_uint_eq(exchange.request.header_count, 5);
    check_header("accept", "a");
    check_header("x-forwarded-for", "1.2.3.4");
    check_header("x-mixed-9", "b");
    check_header("x-empty", "");
    check_header("x-equals", "a=b=c");
}
END_TEST

START_TEST(drops_the_proxy_header)
{
    OPEN("HTTP_PROXY=http://evil", "HTTP_PROXY_AUTHORIZATION=a", "HTTP_X_PROXY=b");
    ck_assert_uint_eq(exchange.request.header_count, 2);
    ck_assert_ptr_null(request_header(&exchange.request, "proxy").data);
    check_header("proxy-authorization", "a");
}
END_TEST

/* Only what such a name is exactly; a host's own headers don't come this way. */
START_TEST(drops_what_only_hosts_say)
{
    OPEN("HTTP_LAMBDA_RUNTIME_COGNITO_IDENTITY=admin", "HTTP_LAMBDA_RUNTIME_CLIENT_CONTEXT=a",
         "HTTP_Lambda_Runtime_Aws_Tenant_Id=b", "HTTP_LAMBDA_RUNTIME_=c", "HTTP_DIME_=d",
         "HTTP_DIME_ID=e", "HTTP_LAMBDA_RUNTIMES=f", "HTTP_X_LAMBDA_RUNTIME_A=g", "HTTP_DIME=h");
    ck_assert_uint_eq(exchange.request.header_count, 3);
    check_header("lambda-runtimes", "f");
    check_header("x-lambda-runtime-a", "g");
    check_header("dime", "h");
}
END_TEST

START_TEST(takes_an_id_that_fits)
{
    OPEN("HTTP_X_REQUEST_ID=abc-1");
    ck_assert(text_equal(exchange.request.id, TEXT("abc-1")));
    OPEN("HTTP_X_REQUEST_ID=a b");
    ck_assert_uint_eq(exchange.request.id.length, 32);
    OPEN("HTTP_X_REQUEST_ID=a\r\nX: y");
    ck_assert_uint_eq(exchange.request.id.length, 32);
    OPEN("HTTP_X_REQUEST_ID=");
    ck_assert_ptr_eq(exchange.request.id.data, exchange.id);
}
END_TEST

static const struct {
    char *variable;
    enum refusal refusal;
    bool has_length;
    size_t room; /* to read */
} lengths[] = {
    {"X=", REFUSED_NOT, false, BODY_MAX + 1},
    {"CONTENT_LENGTH=", REFUSED_NOT, false, BODY_MAX + 1},
    {"CONTENT_LENGTH=0", REFUSED_NOT, true, 1},
    {"CONTENT_LENGTH=1", REFUSED_NOT, true, 2},
    {"CONTENT_LENGTH=007", REFUSED_NOT, true, 8},
    {"CONTENT_LENGTH=100", REFUSED_NOT, true, BODY_MAX + 1},
    {"CONTENT_LENGTH=101", REFUSED_TOO_LARGE, true, BODY_MAX + 1},
    {"CONTENT_LENGTH=9223372036854775807", REFUSED_TOO_LARGE, true, BODY_MAX + 1},
    {"CONTENT_LENGTH=9223372036854775808", REFUSED_TOO_LARGE, true, BODY_MAX + 1},
    {"CONTENT_LENGTH=-1", REFUSED_BAD_LENGTH, false, BODY_MAX + 1},
    {"CONTENT_LENGTH=-0", REFUSED_BAD_LENGTH, false, BODY_MAX + 1},
    {"CONTENT_LENGTH=+1", REFUSED_BAD_LENGTH, false, BODY_MAX + 1},
    {"CONTENT_LENGTH= 1", REFUSED_BAD_LENGTH, false, BODY_MAX + 1},
    {"CONTENT_LENGTH=1 ", REFUSED_BAD_LENGTH, false, BODY_MAX + 1},
    {"CONTENT_LENGTH=1,1", REFUSED_BAD_LENGTH, false, BODY_MAX + 1},
    {"CONTENT_LENGTH=0x10", REFUSED_BAD_LENGTH, false, BODY_MAX + 1},
    {"CONTENT_LENGTH=1.0", REFUSED_BAD_LENGTH, false, BODY_MAX + 1},
    {"CONTENT_LENGTH=abc", REFUSED_BAD_LENGTH, false, BODY_MAX + 1},
};

START_TEST(reads_lengths)
{
    OPEN(lengths[_i].variable);
    ck_assert_int_eq(exchange.incoming.refusal, lengths[_i].refusal);
    ck_assert_int_eq(exchange.has_length, lengths[_i].has_length);
    ck_assert_uint_eq(exchange_room(&exchange), lengths[_i].room);
}
END_TEST

static void check_body(char *length, size_t body, enum refusal refusal)
{
    static const char bytes[2 * BODY_MAX];
    OPEN(length);
    exchange_body(&exchange, (dime_text){bytes, body});
    ck_assert_int_eq(exchange.incoming.refusal, refusal);
}

START_TEST(judges_bodies)
{
    check_body("CONTENT_LENGTH=5", 5, REFUSED_NOT);
    check_body("CONTENT_LENGTH=5", 4, REFUSED_SHORT);
    check_body("CONTENT_LENGTH=5", 6, REFUSED_SHORT);
    check_body("CONTENT_LENGTH=0", 0, REFUSED_NOT);
    check_body("CONTENT_LENGTH=100", 100, REFUSED_NOT);
    check_body("CONTENT_LENGTH=101", 0, REFUSED_TOO_LARGE);
    check_body("CONTENT_LENGTH=x", 0, REFUSED_BAD_LENGTH);
    check_body("X=", 100, REFUSED_NOT);
    check_body("X=", 101, REFUSED_TOO_LARGE);
}
END_TEST

START_TEST(makes_the_head)
{
    OPEN("REQUEST_METHOD=HEAD", "SCRIPT_NAME=/cgi-bin/some");
    run_function(&function, &exchange.request, &exchange.incoming, &exchange.response);
    dime_text head = exchange_head(&exchange);
    ck_assert(text_starts(head, TEXT("Status: 200 OK\r\nContent-Type: application/json\r\n")));
    ck_assert_ptr_nonnull(memmem(head.data, head.length, "Content-Length: 16\r\n\r\n", 22));
    ck_assert_uint_eq(exchange_payload(&exchange).length, 0);
    exchange.request.method = DIME_GET;
    ck_assert(text_equal(exchange_payload(&exchange), TEXT("{\"stateless\":\"\"}")));
    exchange.response.content_type = NULL;
    ck_assert_uint_eq(exchange_payload(&exchange).length, 0);
}
END_TEST

/* With any amount of memory the bytes that go out are a whole CGI response. */
START_TEST(answers_when_memory_ends)
{
    int status = 503;
    for (size_t limit = 0; status == 503; limit += 16) {
        struct arena small;
        char *variables[] = {"REQUEST_METHOD=GET", "QUERY_STRING=word=%31", "HTTP_ACCEPT=*/*",
                             "HTTP_X_REQUEST_ID=id", NULL};
        arena_open(&small, limit);
        open_exchange_in(&small, variables);
        exchange_body(&exchange, TEXT(""));
        run_function(&function, &exchange.request, &exchange.incoming, &exchange.response);
        dime_text head = exchange_head(&exchange), body = exchange_payload(&exchange);
        status = exchange.response.status;
        ck_assert(text_starts(head, status == 503 ? TEXT("Status: 503 Service Unavailable\r\n")
                                                  : TEXT("Status: 200 OK\r\n")));
        char expected[64];
        snprintf(expected, sizeof expected, "Content-Length: %zu\r\n\r\n", body.length);
        ck_assert_ptr_nonnull(memmem(head.data, head.length, expected, strlen(expected)));
        arena_close(&small);
    }
    ck_assert_int_eq(status, 200);
}
END_TEST

/* One whole CGI call. */
struct call {
    int status; /* what the process returned; -SIGNAL where one ended it */
    char out[4096];
    char log[4096];
};

static void read_all(int fd, char *room, size_t size)
{
    size_t length = 0;
    ssize_t got;
    while (length + 1 < size && (got = read(fd, room + length, size - 1 - length)) > 0)
        length += (size_t)got;
    room[length] = '\0';
    close(fd);
}

static _Noreturn void serve(char **variables, int in[2], int out[2], int log[2])
{
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    dup2(log[1], STDERR_FILENO);
    for (int fd = 3; fd < 64; fd++)
        close(fd);
    environ = variables;
    _exit(cgi_serve(&function));
}

static void make_call(struct call *call, char **variables, const char *input)
{
    int in[2], out[2], log[2], status;
    ck_assert(pipe(in) == 0 && pipe(out) == 0 && pipe(log) == 0);
    ck_assert_int_eq(write(in[1], input, strlen(input)), (ssize_t)strlen(input));
    fflush(NULL);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        serve(variables, in, out, log);
    close(in[0]);
    close(in[1]);
    close(out[1]);
    close(log[1]);
    read_all(out[0], call->out, sizeof call->out);
    read_all(log[0], call->log, sizeof call->log);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    call->status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

#define CALL(call, input, ...) make_call(call, (char *[]){__VA_ARGS__, NULL}, input)

static const char *body_of(const struct call *call)
{
    const char *blank = strstr(call->out, "\r\n\r\n");
    ck_assert_msg(blank, "%s", call->out);
    return blank + 4;
}

static void check_call(const struct call *call, const char *status)
{
    ck_assert_msg(strncmp(call->out, status, strlen(status)) == 0, "%s", call->out);
    ck_assert_int_eq(call->status, 0);
    const char *end = strchr(call->log, '\n');
    ck_assert_msg(end && call->log[0] == '{', "%s", call->log);
}

START_TEST(serves_a_get)
{
    struct call call;
    CALL(&call, "", "REQUEST_METHOD=GET", "QUERY_STRING=word=hi", "HTTP_X_REQUEST_ID=id-7");
    check_call(&call, "Status: 200 OK\r\nContent-Type: application/json\r\nX-Word: w\r\n");
    ck_assert_str_eq(body_of(&call), "{\"word\":\"hi\"}");
    ck_assert_ptr_nonnull(strstr(call.log, "\"requestId\":\"id-7\""));
    ck_assert_ptr_nonnull(strstr(call.log, "\"bytesOut\":13}\nclosed\n"));
    CALL(&call, "", "REQUEST_METHOD=HEAD", "QUERY_STRING=word=hi");
    check_call(&call, "Status: 200 OK\r\n");
    ck_assert_ptr_nonnull(strstr(call.out, "Content-Length: 13\r\n"));
    ck_assert_str_eq(body_of(&call), "");
}
END_TEST

/* No more than Content-Length is read, and nothing where there is none. */
START_TEST(serves_a_post)
{
    struct call call;
    CALL(&call, "{\"word\":\"hi\"}and more", "REQUEST_METHOD=POST", "CONTENT_LENGTH=13",
         "CONTENT_TYPE=application/json");
    check_call(&call, "Status: 200 OK\r\n");
    ck_assert_str_eq(body_of(&call), "{\"word\":\"hi\"}");
    ck_assert_ptr_nonnull(strstr(call.log, "\"bytesIn\":13,"));
    CALL(&call, "word=hi", "REQUEST_METHOD=POST");
    check_call(&call, "Status: 200 OK\r\n");
    ck_assert_str_eq(body_of(&call), "{\"word\":\"\"}");
    CALL(&call, "", "REQUEST_METHOD=POST", "CONTENT_LENGTH=0", "CONTENT_TYPE=application/json");
    check_call(&call, "Status: 400 Bad Request\r\n");
}
END_TEST

START_TEST(refuses_bad_bodies)
{
    struct call call;
    CALL(&call, "word=h", "REQUEST_METHOD=POST", "CONTENT_LENGTH=7");
    check_call(&call, "Status: 400 Bad Request\r\nContent-Type: application/problem+json\r\n");
    CALL(&call, "word=h", "REQUEST_METHOD=POST", "CONTENT_LENGTH=seven");
    check_call(&call, "Status: 400 Bad Request\r\n");
    CALL(&call, "word=h", "REQUEST_METHOD=POST", "CONTENT_LENGTH=101");
    check_call(&call, "Status: 413 Content Too Large\r\n");
    ck_assert_ptr_nonnull(strstr(call.out, "Send at most 100 bytes."));
}
END_TEST

START_TEST(says_when_it_could_not_open)
{
    struct call call;
    opens = false;
    CALL(&call, "", "REQUEST_METHOD=GET", "QUERY_STRING=word=hi");
    opens = true;
    check_call(&call, "Status: 503 Service Unavailable\r\n");
    ck_assert_ptr_nonnull(strstr(call.out, "The model is missing; install it."));
    ck_assert_ptr_null(strstr(call.log, "closed"));
    ck_assert_ptr_nonnull(strstr(call.log, "\"level\":\"error\""));
}
END_TEST

Suite *cgi_suite(void)
{
    Suite *suite = suite_create("cgi");
    TCase *reading = tcase_create("reading");
    tcase_add_checked_fixture(reading, begin, end);
    tcase_add_test(reading, reads_variables);
    tcase_add_test(reading, takes_what_the_tool_says);
    tcase_add_test(reading, splits_the_path_of_an_event);
    tcase_add_test(reading, takes_the_address_of_a_client);
    tcase_add_test(reading, needs_no_variables);
    tcase_add_test(reading, knows_schemes);
    tcase_add_test(reading, lowers_the_names_of_headers);
    tcase_add_test(reading, drops_the_proxy_header);
    tcase_add_test(reading, drops_what_only_hosts_say);
    tcase_add_test(reading, takes_an_id_that_fits);
    tcase_add_loop_test(reading, reads_lengths, 0, sizeof lengths / sizeof *lengths);
    tcase_add_test(reading, judges_bodies);
    tcase_add_test(reading, makes_the_head);
    tcase_add_test(reading, answers_when_memory_ends);
    suite_add_tcase(suite, reading);
    TCase *serving = tcase_create("serving");
    tcase_add_test(serving, serves_a_get);
    tcase_add_test(serving, serves_a_post);
    tcase_add_test(serving, refuses_bad_bodies);
    tcase_add_test(serving, says_when_it_could_not_open);
    suite_add_tcase(suite, serving);
    return suite;
}
