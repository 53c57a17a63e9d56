/*
 * cgi_answer.c - parses the head of a CGI response: a line for each header, and an empty line.
 *
 * Lines end with LF or with CR LF. Status and Content-Type are the response's status and media
 * type. Content-Length is only compared with the body, to see whether it's complete. All others are
 * the response's headers. Location alone is a redirect.
 */
#include "tool/ask/cgi_answer.h"

#include "base/json.h"

enum { STATUS_LEAST = 200, STATUS_MOST = 599, STATUS_REDIRECT = 302 };

static const char NO_MEMORY[] = "out of memory";

/* What the head says, apart from the response's own headers. */
struct cgi_head {
    struct response *response;
    dime_text status, type, length;
    bool location;
};

/* Cuts off the next line, without its end. False: there is no complete line. */
static bool next_line(dime_text *rest, dime_text *line)
{
    const char *end = rest->length ? memchr(rest->data, '\n', rest->length) : NULL;
    if (!end)
        return false;
    size_t length = (size_t)(end - rest->data);
    *line = (dime_text){rest->data, length && end[-1] == '\r' ? length - 1 : length};
    *rest = text_skip(*rest, length + 1);
    return true;
}

static const char *take_cgi_header(struct cgi_head *head, dime_text line)
{
    struct response *response = head->response;
    dime_text name, value = line;
    if (!text_cut(&value, ':', &name) || !value.data || !text_is_token(name) ||
        text_has_controls(value))
        return "a line in its head isn't a header";
    value = text_trim(value);
    if (text_equal_nocase(name, TEXT("Status"))) {
        head->status = value;
    } else if (text_equal_nocase(name, TEXT("Content-Type"))) {
        head->type = value;
    } else if (text_equal_nocase(name, TEXT("Content-Length"))) {
        head->length = value;
    } else if (response->header_count == RESPONSE_HEADERS) {
        return "it has too many headers";
    } else {
        response->headers[response->header_count++] = (struct header){name, value};
        head->location = head->location || text_equal_nocase(name, TEXT("Location"));
    }
    return NULL;
}

/* The status: three digits, and text after a blank. 0: it's invalid. */
static int read_cgi_status(const struct cgi_head *head)
{
    dime_text rest = head->status, digits;
    int64_t status = head->location ? STATUS_REDIRECT : STATUS_LEAST;
    if (rest.length &&
        (!text_cut(&rest, ' ', &digits) || digits.length != 3 || !text_to_int64(digits, &status)))
        return 0;
    return status >= STATUS_LEAST && status <= STATUS_MOST ? (int)status : 0;
}

/* Whether the body is as long as the head says; HEAD, 204 and 304 have none. */
static bool is_whole_answer(const struct cgi_head *head, enum dime_method method, size_t length)
{
    int64_t said;
    if (!head->length.length || method == DIME_HEAD || head->response->status == 204 ||
        head->response->status == 304)
        return true;
    return text_to_int64(head->length, &said) && said >= 0 && (uint64_t)said == length;
}

/* The detail of a problem (RFC 9457), for the log and a batch. */
static void take_detail(struct response *response)
{
    struct json_value body;
    struct json_error error;
    dime_text type = text_media_type(text_of(response->content_type));
    if (response->status < 400 || !text_equal_nocase(type, TEXT("application/problem+json")) ||
        !json_check(buffer_text(&response->body), response->arena, &body, &error))
        return;
    response->detail = json_text_at(body, "detail", response->arena);
}

/* Reads the lines of the head; *REST is what follows it. */
static const char *read_cgi_head(struct cgi_head *head, dime_text *rest)
{
    dime_text line, all = *rest;
    while (next_line(rest, &line)) {
        if ((size_t)(rest->data - all.data) > CGI_ANSWER_HEAD_MAX)
            return "its head is too long";
        if (!line.length)
            return NULL;
        const char *fault = take_cgi_header(head, line);
        if (fault)
            return fault;
    }
    return "its head is incomplete";
}

const char *cgi_answer_read(const struct buffer *answer, enum dime_method method,
                            struct response *response)
{
    struct cgi_head head = {.response = response};
    dime_text rest = buffer_text(answer);
    const char *fault = read_cgi_head(&head, &rest);
    if (fault)
        return fault;
    if (!head.status.length && !head.type.length && !head.location)
        return "its head has neither Status nor Content-Type";
    response->status = read_cgi_status(&head);
    if (!response->status)
        return "its Status isn't valid";
    if (!is_whole_answer(&head, method, rest.length))
        return "its body isn't as long as its Content-Length says";
    if (!head.type.length && rest.length)
        head.type = TEXT("application/octet-stream"); /* RFC 9110, section 8.3 */
    if (head.type.length) {
        response->content_type = arena_copy(response->arena, head.type).data;
        if (!response->content_type)
            return NO_MEMORY;
    }
    size_t before = answer->length - rest.length;
    response->answer = ANSWER_JSON;
    response->body = *answer;
    response->body.data += answer->data ? before : 0;
    response->body.length -= before;
    response->body.capacity -= before;
    response->body.limit -= before;
    take_detail(response);
    return NULL;
}
