/*
 * test.c - lets a test call a function in the same process.
 *
 * This replaces the host: the request comes split and decoded, as from a web server. The answer is
 * what any host would send; the pieces of a stream are collected.
 */
#include "dime/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "request/function.h"
#include "request/log.h"
#include "request/opening.h"
#include "request/page.h"
#include "request/run.h"

enum { TEST_MEMORY = 64 * 1024 * 1024, TEST_HEADERS = 64, TEST_STATUS_BROKEN = 2 };

struct dime_test {
    const dime_function *function;
    struct opening opening;
    struct arena arena;
    struct response response;
    dime_test_answer answer;
    char *kept; /* copies of the answer's body and type: the call may have closed the originals */
    size_t memory, asked, met, missed;
    char id[33];
};

dime_test *dime_test_begin(const dime_function *function)
{
    char why[512];
    dime_test *test = calloc(1, sizeof *test);
    if (!test) {
        fprintf(stderr, "%s: out of memory\n", function->name);
        exit(TEST_STATUS_BROKEN);
    }
    if (!function_check(function, why, sizeof why) || !page_check(function, why, sizeof why)) {
        fprintf(stderr, "%s: there is a mistake in it: %s\n", function->name, why);
        free(test);
        exit(TEST_STATUS_BROKEN);
    }
    test->function = function;
    test->memory = TEST_MEMORY;
    if (!opening_try(&test->opening, function)) {
        free(test);
        exit(TEST_STATUS_BROKEN); /* the log says why */
    }
    log_least(LOG_LEVEL_ERROR);
    return test;
}

void dime_test_memory(dime_test *test, size_t bytes)
{
    test->memory = bytes;
}

/* Reads "Name: value" lines as the headers of a request. They are copied, with names in lower case.
 */
static void take_answer_headers(struct request *request, const char *lines, char *room,
                                struct header headers[TEST_HEADERS])
{
    dime_text rest = text_of(lines), line;
    while (text_cut(&rest, '\n', &line) && request->header_count < TEST_HEADERS) {
        dime_text value = text_trim(line), name;
        if (!text_cut(&value, ':', &name) || !value.data)
            continue;
        dime_text copy = {room, name.length};
        for (size_t i = 0; i < name.length; i++)
            *room++ = text_lower(name.data[i]);
        request_take_header(request, headers, copy, text_trim(value));
    }
    request->headers = headers;
}

/* Splits "GET /abc?x=1" into the method, the path and the query. */
static dime_text part_request(struct request *request, const char *line)
{
    dime_text rest = text_of(line), method, path;
    text_cut(&rest, ' ', &method);
    request->method = request_method(method);
    text_cut(&rest, '?', &path);
    request->query = rest.data ? rest : TEXT("");
    return text_equal(path, TEXT("/")) || !path.data ? TEXT("") : path;
}

/* The function's path on a web server. Empty if out of memory. */
static dime_text path_of_target(dime_test *test)
{
    struct buffer path;
    buffer_open(&path, &test->arena, 1024);
    buffer_puts(&path, "/cgi-bin/");
    buffer_puts(&path, test->function->name);
    return path.failed ? TEXT("") : buffer_text(&path);
}

static _Noreturn void break_test(const dime_test *test)
{
    fprintf(stderr, "%s: out of memory\n", test->function->name);
    exit(TEST_STATUS_BROKEN);
}

/* Keeps the answer for the test, and ends the call. */
static void take_test_answer(dime_test *test, bool has_body)
{
    const struct response *response = &test->response;
    dime_text type = text_of(response->content_type);
    dime_text body = has_body ? buffer_text(&response->body) : TEXT("");
    free(test->kept);
    test->kept = malloc(type.length + body.length + 1);
    if (!test->kept)
        break_test(test);
    if (type.length)
        memcpy(test->kept, type.data, type.length);
    if (body.length)
        memcpy(test->kept + type.length, body.data, body.length);
    test->answer = (dime_test_answer){
        response->status, {test->kept, type.length}, {test->kept + type.length, body.length}};
    arena_close_all(&test->arena);
}

const dime_test_answer *dime_test_ask(dime_test *test, const char *line, const char *headers,
                                      dime_text body)
{
    struct header room[TEST_HEADERS];
    char *names = malloc(headers ? strlen(headers) + 1 : 1);
    if (!names)
        break_test(test);
    arena_close(&test->arena);
    arena_open(&test->arena, test->memory);
    struct request request = {.arena = &test->arena,
                              .source = DIME_HTTP,
                              .scheme = TEXT("http"),
                              .client = TEXT("127.0.0.1"),
                              .path = path_of_target(test),
                              .body = body,
                              .state = test->opening.state};
    struct incoming incoming = {.path_info = part_request(&request, line)};
    take_answer_headers(&request, headers ? headers : "", names, room);
    request.content_type = request_header(&request, "content-type");
    if (body.length > function_body_max(test->function))
        incoming.refusal = REFUSED_TOO_LARGE;
    request_choose_id(&request, text_of(test->function->name), test->id);
    response_open(&test->response, &test->arena);
    run_function(test->function, &request, &incoming, &test->response);
    free(names);
    test->asked++;
    take_test_answer(test, test->response.content_type && request.method != DIME_HEAD);
    return &test->answer;
}

const dime_test_answer *dime_test_send(dime_test *test, const char *request, const char *body)
{
    return dime_test_ask(test, request, NULL, text_of(body));
}

dime_text dime_test_header(const dime_test *test, const char *name)
{
    const struct response *response = &test->response;
    for (size_t i = 0; i < response->header_count; i++) {
        if (text_equal_nocase(response->headers[i].name, text_of(name)))
            return response->headers[i].value;
    }
    return (dime_text){0};
}

bool dime_test_expect(dime_test *test, bool met, const char *what, const char *file, int line)
{
    *(met ? &test->met : &test->missed) += 1;
    if (!met)
        fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
    return met;
}

bool dime_test_expect_answer(dime_test *test, int status, const char *body, const char *file,
                             int line)
{
    const dime_test_answer *answer = &test->answer;
    bool met = test->asked && answer->status == status && text_equal(answer->body, text_of(body));
    dime_test_expect(test, met, "the answer is as expected", file, line);
    if (!met)
        fprintf(stderr, "    it is %d %.*s\nnot       %d %s\n", answer->status,
                DIME_ARG(answer->body), status, body);
    return met;
}

int dime_test_end(dime_test *test)
{
    bool fine = test->met && !test->missed;
    printf("%s: %zu requests; %zu passed, %zu failed\n", test->function->name, test->asked,
           test->met, test->missed);
    opening_close(&test->opening, test->function);
    arena_close(&test->arena);
    free(test->kept);
    free(test);
    return fine ? 0 : 1;
}
