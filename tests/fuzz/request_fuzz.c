/*
 * request_fuzz.c - a whole request against hostile bytes: its fields, the function, the answer.
 *
 * The first line of the input is the method, the second the query, then come headers, an empty line
 * and the body. Whatever arrives, the status is one that dime sends, headers have no line ends,
 * and the body is JSON that passes our own gate, or a page that is UTF-8 and has its end.
 */
#include <stdlib.h>

#include "base/json.h"
#include "request/request.h"
#include "request/response.h"
#include "functions.h"
#include "hosts/exchange.h"
#include "request/run.h"

enum { HEADERS_MOST = 16, NAME_MOST = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
    if (!held)
        abort();
}

/* Cuts the next line off, without its end; empty at the end of the text. */
static dime_text next_line(dime_text *rest)
{
    dime_text line = {0};
    text_cut(rest, '\n', &line);
    return line;
}

/* Reads headers until an empty line; names are in lower case, as hosts hand them over. */
static size_t read_headers(dime_text *rest, struct header *headers,
                           char names[HEADERS_MOST][NAME_MOST])
{
    size_t count = 0;
    for (dime_text line = next_line(rest); line.length; line = next_line(rest)) {
        dime_text name = {0};
        text_cut(&line, ':', &name);
        if (count == HEADERS_MOST || name.length >= NAME_MOST || !line.data)
            continue;
        for (size_t i = 0; i < name.length; i++) {
            char c = name.data[i];
            names[count][i] = c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
        }
        headers[count] = (struct header){{names[count], name.length}, text_trim(line)};
        count++;
    }
    return count;
}

static bool is_json(dime_text text)
{
    struct arena arena;
    struct json_value value;
    struct json_error error;
    arena_open(&arena, 64 << 20);
    bool valid = json_check(text, &arena, &value, &error);
    arena_close(&arena);
    return valid;
}

static void check_response(const struct response *response)
{
    static const int statuses[] = {200, 204, 400, 404, 405, 406, 413, 415, 422, 503};
    bool known = false;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        known = known || response->status == statuses[i];
    require(known);
    for (size_t i = 0; i < response->header_count; i++) {
        dime_text value = response->headers[i].value;
        for (size_t j = 0; j < value.length; j++)
            require(value.data[j] >= ' ' && value.data[j] != 0x7F);
    }
    dime_text body = buffer_text(&response->body);
    if (!response->content_type)
        return;
    require(text_is_utf8(body));
    if (text_starts(text_of(response->content_type), TEXT("text/html")))
        require(body.length > 8 && memmem(body.data, body.length, "</html>", 7));
    else
        require(is_json(body));
}

/* A small arena runs out in the midst of any step. */
static size_t memory_for(dime_text input)
{
    return input.length % 4 ? REQUEST_MEMORY_MAX : 64 * (input.length + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct header headers[HEADERS_MOST];
    char names[HEADERS_MOST][NAME_MOST];
    struct arena arena;
    struct response response;
    struct incoming incoming = {0};
    dime_text rest = {(const char *)data, size};
    dime_text method = next_line(&rest);
    const dime_function *function =
        text_starts(method, TEXT("h")) ? &dime_function_hello : &dime_function_change;
    method = text_starts(method, TEXT("h")) ? text_skip(method, 1) : method;
    arena_open(&arena, memory_for(rest));
    struct request request = {
        .id = TEXT("fuzz"),
        .method = request_method(method),
        .scheme = TEXT("http"),
        .path = TEXT("/cgi-bin/"),
        .query = next_line(&rest),
        .headers = headers,
        .arena = &arena,
    };
    request.header_count = read_headers(&rest, headers, names);
    request.content_type = request_header(&request, "content-type");
    request.body = rest;
    if (rest.length > function->body_max)
        incoming.refusal = REFUSED_TOO_LARGE;
    response_open(&response, &arena);
    run_function(function, &request, &incoming, &response);
    check_response(&response);
    arena_close(&arena);
    return 0;
}
