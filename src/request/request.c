/*
 * request.c - looking things up in a request, and reading its method and Accept header.
 *
 * A request has only a few headers, so the search is linear. The Accept header decides only between
 * a page and JSON; if it doesn't decide, the answer is JSON. nginx reads it in the same way for its
 * own problems: see nginx/dime-base.conf.in.
 */
#include "request/request.h"

#include <arpa/inet.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"

dime_text request_header(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (text_equal(request->headers[i].name, text_of(name)))
            return request->headers[i].value;
    }
    return (dime_text){0};
}

/* The address in [2001:db8::1]:443, 192.0.2.1:443 or fe80::1%eth0; other text stays as it is. */
static dime_text bare_address(dime_text text)
{
    dime_text rest = text, bare = text;
    if (text_starts(text, TEXT("["))) {
        rest = text_skip(text, 1);
        text_cut(&rest, ']', &bare);
        return bare;
    }
    if (text_cut(&rest, ':', &bare) && rest.data && memchr(bare.data, '.', bare.length))
        return bare;
    rest = text;
    text_cut(&rest, '%', &bare);
    return bare;
}

dime_text request_client(const struct request *request)
{
    char room[INET6_ADDRSTRLEN] = "";
    struct in6_addr address;
    dime_text bare = bare_address(request->client);
    if (request->source != DIME_HTTP || !bare.length || bare.length >= sizeof room)
        return TEXT("");
    memcpy(room, bare.data, bare.length);
    bool valid = strlen(room) == bare.length && (inet_pton(AF_INET, room, &address) == 1 ||
                                                 inet_pton(AF_INET6, room, &address) == 1);
    return valid ? bare : TEXT("");
}

/*
 * Headers with these names are set by hosts, to describe an invocation. `proxy` is here because CGI
 * turns it into HTTP_PROXY, which programs take for a setting (CVE-2016-5385, "httpoxy").
 */
static bool is_reserved(dime_text name)
{
    return text_starts(name, TEXT("lambda-runtime-")) || text_starts(name, TEXT("dime-")) ||
           text_equal(name, TEXT("proxy"));
}

void request_take_header(struct request *request, struct header *headers, dime_text name,
                         dime_text value)
{
    if (!is_reserved(name))
        headers[request->header_count++] = (struct header){name, value};
}

static const struct {
    dime_text name;
    enum dime_method method;
} METHODS[] = {
    {{"GET", 3}, DIME_GET},         {{"POST", 4}, DIME_POST}, {{"HEAD", 4}, DIME_HEAD},
    {{"OPTIONS", 7}, DIME_OPTIONS}, {{"PUT", 3}, DIME_PUT},   {{"PATCH", 5}, DIME_PATCH},
    {{"DELETE", 6}, DIME_DELETE},
};

enum dime_method request_method(dime_text name)
{
    for (size_t i = 0; i < sizeof METHODS / sizeof *METHODS; i++) {
        if (text_equal(name, METHODS[i].name))
            return METHODS[i].method;
    }
    return DIME_OTHER;
}

dime_text request_method_name(enum dime_method method)
{
    for (size_t i = 0; i < sizeof METHODS / sizeof *METHODS; i++) {
        if (METHODS[i].method == method)
            return METHODS[i].name;
    }
    return TEXT("OTHER");
}

static const dime_text SOURCE_NAMES[] = {
    [DIME_HTTP] = {"http", 4}, [DIME_DIRECT] = {"direct", 6}, [DIME_S3] = {"s3", 2},
    [DIME_SQS] = {"sqs", 3},   [DIME_SNS] = {"sns", 3},       [DIME_SCHEDULE] = {"schedule", 8},
};

dime_text request_source_name(enum dime_source source)
{
    return SOURCE_NAMES[source];
}

enum dime_source request_source(dime_text name)
{
    for (size_t i = 0; i < sizeof SOURCE_NAMES / sizeof *SOURCE_NAMES; i++) {
        if (text_equal(name, SOURCE_NAMES[i]))
            return (enum dime_source)i;
    }
    return DIME_HTTP;
}

/* A weight from 0 to 1 in thousandths; further digits are cut off. 1000 if it is invalid. */
static int weight(dime_text text)
{
    int thousandths = 0, scale = 1000;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (i == 1 ? c != '.' : c < '0' || c > '9')
            return 1000;
        if (i == 1)
            continue;
        thousandths += (c - '0') * scale;
        scale /= 10;
    }
    return !text.length || thousandths > 1000 ? 1000 : thousandths;
}

/* Splits "text/html;q=0.9" into the type and its weight in thousandths. */
static dime_text accept_type(dime_text part, int *q)
{
    dime_text type = {0}, parameter;
    *q = 1000;
    text_cut(&part, ';', &type);
    while (text_cut(&part, ';', &parameter)) {
        parameter = text_trim(parameter);
        if (text_starts(parameter, TEXT("q=")) || text_starts(parameter, TEXT("Q=")))
            *q = weight((dime_text){parameter.data + 2, parameter.length - 2});
    }
    return text_trim(type);
}

/* How closely a range in Accept matches a type: 3 exactly, 2 as type/..., 1 as any type, 0 not. */
static int closeness(dime_text range, dime_text type)
{
    if (text_equal_nocase(range, type))
        return 3;
    if (text_equal(range, TEXT("*/*")))
        return 1;
    dime_text major = {0};
    text_cut(&type, '/', &major);
    bool wild = range.length == major.length + 2 &&
                text_starts((dime_text){range.data + major.length, 2}, TEXT("/*"));
    return wild && text_equal_nocase((dime_text){range.data, major.length}, major) ? 2 : 0;
}

/* The weight that Accept gives a type: that of the first range that matches it most closely. */
static int accept_weight(dime_text accept, dime_text type)
{
    int closest = 0, chosen = 0;
    dime_text part;
    while (text_cut(&accept, ',', &part)) {
        int q;
        int close = closeness(accept_type(part, &q), type);
        if (close > closest) {
            closest = close;
            chosen = q;
        }
    }
    return chosen;
}

/* Whether a list is empty. It may have empty elements (RFC 9110, section 5.6.1.2). */
static bool is_empty_list(dime_text list)
{
    dime_text part;
    while (text_cut(&list, ',', &part)) {
        if (text_trim(part).length)
            return false;
    }
    return true;
}

bool request_accepts(dime_text accept, dime_text others, bool *html)
{
    dime_text type;
    *html = false;
    if (text_equal(accept, TEXT("*/*")) || is_empty_list(accept))
        return true;
    int page = accept_weight(accept, TEXT("text/html"));
    int json = accept_weight(accept, TEXT("application/json"));
    int other = accept_weight(accept, TEXT("application/problem+json"));
    while (text_cut(&others, ',', &type)) {
        type = text_trim(type);
        int weight_of_type = type.length ? accept_weight(accept, type) : 0;
        other = weight_of_type > other ? weight_of_type : other;
    }
    *html = page > json;
    return page || json || other;
}

void request_make_id(char room[33])
{
    unsigned char bytes[16];
    if (getrandom(bytes, sizeof bytes, GRND_NONBLOCK) != sizeof bytes) {
        /* An id must be unique, not secret: the clock and the process id are enough. */
        int64_t now = clock_monotonic_ns(), process = getpid();
        memcpy(bytes, &now, 8);
        memcpy(bytes + 8, &process, 8);
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        room[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        room[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    room[32] = '\0';
}

bool request_id_fits(dime_text id)
{
    for (size_t i = 0; i < id.length; i++) {
        char c = id.data[i];
        if (!text_alphanumeric(c) && c != '-' && c != '_' && c != '.')
            return false;
    }
    return id.length >= 1 && id.length <= 64;
}

void request_choose_id(struct request *request, dime_text of_host, char room[33])
{
    request->id = request_header(request, "x-request-id");
    if (request_id_fits(request->id))
        return;
    request->id = of_host;
    if (request_id_fits(request->id))
        return;
    request_make_id(room);
    request->id = (dime_text){room, 32};
}
