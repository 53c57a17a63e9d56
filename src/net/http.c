/*
 * http.c - libcurl's options, and the loop that ends an exchange in time.
 *
 * The exchange runs in a multi handle: curl_easy_perform can't be stopped from outside, and misses
 * its deadline if resolving a name takes longer. CURLOPT_NOSIGNAL isn't set, so that libcurl
 * ignores SIGPIPE while it works. It resolves names in a thread, so it raises no SIGALRM.
 */
#include "net/http.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "config.h"
#include "base/clock.h"

enum { TOO_LARGE = 100 }; /* CURLE_TOO_LARGE, for a head; libcurl 8.6 added the name */
enum { EXPECT_MS = 300, STEP_MS = 1000, HTTP_RECEIVE_ROOM = 64 * 1024 };

/* An exchange in progress. */
struct http_transfer {
    const struct http_request *request;
    struct arena *arena;
    struct http_answer *answer;
    CURL *handle;
    bool head_whole, started, cut, too_long;
    struct curl_slist lines[HTTP_HEADERS_MAX];
};

/* The trusted certificates: named by a variable, or where distributions keep them. */
static const char *find_certificates(void)
{
    static const char *const VARIABLES[] = {"AWS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"};
    static const char *const USUAL[] = {"/etc/ssl/certs/ca-certificates.crt",
                                        "/etc/pki/tls/certs/ca-bundle.crt",
                                        "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};
    for (size_t i = 0; i < sizeof VARIABLES / sizeof *VARIABLES; i++) {
        const char *path = getenv(VARIABLES[i]);
        if (path && *path)
            return path;
    }
    for (size_t i = 0; i < sizeof USUAL / sizeof *USUAL; i++) {
        if (access(USUAL[i], R_OK) == 0)
            return USUAL[i];
    }
    return NULL;
}

/* The value of the header NAME if LINE is one. */
static bool is_header(dime_text line, dime_text name, dime_text *value)
{
    dime_text found;
    *value = line;
    if (!text_cut(value, ':', &found) || !value->data || !text_equal_nocase(found, name))
        return false;
    *value = text_trim(*value);
    return true;
}

static void keep_header(char *room, size_t size, dime_text value)
{
    bool fits = value.length < size && !memchr(value.data, '\0', value.length);
    if (fits)
        memcpy(room, value.data, value.length);
    room[fits ? value.length : 0] = '\0';
}

static void begin_answer(struct http_transfer *exchange)
{
    struct http_answer *answer = exchange->answer;
    exchange->head_whole = exchange->started = exchange->cut = exchange->too_long = false;
    answer->status = 0;
    answer->framed = false;
    answer->error_type[0] = answer->request_id[0] = answer->region[0] = '\0';
    answer->body.length = 0;
    answer->body.failed = false;
}

static size_t take_header_line(char *data, size_t size, size_t count, void *of)
{
    struct http_transfer *exchange = of;
    struct http_answer *answer = exchange->answer;
    dime_text line = {data, size * count}, value;
    if (text_starts(line, TEXT("HTTP/")))
        begin_answer(exchange); /* after an interim one */
    else if (!text_trim(line).length)
        exchange->head_whole = true;
    else if (is_header(line, TEXT("content-length"), &value) ||
             is_header(line, TEXT("transfer-encoding"), &value))
        answer->framed = true;
    else if (is_header(line, TEXT("x-amzn-errortype"), &value))
        keep_header(answer->error_type, sizeof answer->error_type, value);
    else if (is_header(line, TEXT("x-amzn-requestid"), &value) ||
             is_header(line, TEXT("x-amz-request-id"), &value))
        keep_header(answer->request_id, sizeof answer->request_id, value);
    else if (is_header(line, TEXT("x-amz-bucket-region"), &value))
        keep_header(answer->region, sizeof answer->region, value);
    return line.length;
}

static long curl_status(CURL *handle)
{
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/* Prepares the buffer for the body: of the announced size, or one that grows. */
static bool start_body(struct http_transfer *exchange)
{
    struct buffer *body = &exchange->answer->body;
    curl_off_t announced = -1;
    long status = curl_status(exchange->handle);
    bool good = status >= 200 && status < 300;
    size_t most = good ? exchange->request->most : HTTP_ERROR_MAX;
    exchange->started = true;
    curl_easy_getinfo(exchange->handle, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
    if (good && announced > (curl_off_t)most)
        exchange->too_long = true;
    if (!good || announced <= 0 || exchange->too_long) {
        buffer_open(body, exchange->arena, most);
        return !exchange->too_long;
    }
    if ((size_t)announced > body->capacity) {
        char *room = arena_alloc(exchange->arena, (size_t)announced);
        buffer_over(body, room, room ? (size_t)announced : 0);
    }
    body->limit = body->capacity;
    return true;
}

/* Returning less than the given size ends the exchange. Only the start of an error is needed. */
static size_t take_body(char *data, size_t size, size_t count, void *of)
{
    struct http_transfer *exchange = of;
    dime_text piece = {data, size * count};
    struct buffer *body = &exchange->answer->body;
    if (!exchange->started && !start_body(exchange))
        return 0;
    buffer_put(body, piece);
    if (!body->failed)
        return piece.length;
    exchange->cut = curl_status(exchange->handle) >= 300;
    exchange->too_long = !exchange->cut && !exchange->arena->failed;
    return 0;
}

static CURL *make_handle(struct http *http)
{
    const char *certificates = find_certificates();
    CURL *handle = curl_easy_init();
    if (!handle)
        return NULL;
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(handle, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L); /* an object may be called a/../b */
    curl_easy_setopt(handle, CURLOPT_EXPECT_100_TIMEOUT_MS, (long)EXPECT_MS);
    curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, (long)HTTP_RECEIVE_ROOM);
    curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L); /* don't wait for a name server */
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header_line);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, http->why);
    bool made = curl_easy_setopt(handle, CURLOPT_USERAGENT, "dime/" PACKAGE_VERSION) == CURLE_OK;
    if (made && certificates)
        made = curl_easy_setopt(handle, CURLOPT_CAINFO, certificates) == CURLE_OK;
    if (made)
        return handle;
    curl_easy_cleanup(handle);
    return NULL;
}

/* Makes the handles, for the first exchange and not earlier: OpenSSL takes a while to start. */
static bool make_handles(struct http *http)
{
    if (!http->multi)
        http->multi = curl_multi_init();
    if (!http->easy)
        http->easy = make_handle(http);
    return http->multi && http->easy;
}

void http_close(struct http *http)
{
    curl_easy_cleanup(http->easy);
    if (http->multi)
        curl_multi_cleanup(http->multi);
    *http = (struct http){0};
}

/* Reads a part of an address; empty if it's missing. False: it doesn't fit, or out of memory. */
static bool get_part(CURLU *parts, CURLUPart part, char *room, size_t size)
{
    char *value = NULL;
    CURLUcode result = curl_url_get(parts, part, &value, 0);
    size_t length = result == CURLUE_OK ? strlen(value) : 0;
    bool fits = length < size && result != CURLUE_OUT_OF_MEMORY;
    if (fits && length)
        memcpy(room, value, length);
    room[fits ? length : 0] = '\0';
    curl_free(value);
    return fits;
}

static dime_text path_of_url(dime_text url, dime_text scheme)
{
    size_t begin = scheme.length + 3;
    while (begin < url.length && !strchr("/?#", url.data[begin]))
        begin++;
    size_t end = begin;
    while (end < url.length && !strchr("?#", url.data[end]))
        end++;
    return (dime_text){url.data + begin, end - begin};
}

static bool read_address_parts(struct http_address *address, CURLU *parts, dime_text url)
{
    char scheme[8], port[8], host[256], none[1];
    if (!get_part(parts, CURLUPART_SCHEME, scheme, sizeof scheme) ||
        !get_part(parts, CURLUPART_HOST, host, sizeof host) ||
        !get_part(parts, CURLUPART_PORT, port, sizeof port) ||
        !get_part(parts, CURLUPART_USER, none, sizeof none) ||
        !get_part(parts, CURLUPART_PASSWORD, none, sizeof none))
        return false;
    address->secure = strcmp(scheme, "https") == 0;
    if ((!address->secure && strcmp(scheme, "http") != 0) || !host[0])
        return false;
    for (size_t i = 0; host[i]; i++)
        host[i] = text_lower(host[i]);
    int length = snprintf(address->base, sizeof address->base, "%s://%s%s%s", scheme, host,
                          port[0] ? ":" : "", port);
    bool bracket = host[0] == '[';
    snprintf(address->host, sizeof address->host, "%s", host + bracket);
    if (bracket)
        address->host[strcspn(address->host, "]")] = '\0';
    address->path = path_of_url(url, text_of(scheme));
    return length > 0 && (size_t)length < sizeof address->base;
}

/* Whether the host is missing: libcurl would take the first part of the path for it. */
static bool lacks_host(dime_text url)
{
    const char *colon = url.length ? memchr(url.data, ':', url.length) : NULL;
    return colon && text_starts(text_skip(url, (size_t)(colon - url.data)), TEXT(":///"));
}

bool http_read_address(struct http_address *address, dime_text url)
{
    char room[2048];
    *address = (struct http_address){0};
    if (url.length >= sizeof room || memchr(url.data, '\0', url.length) || lacks_host(url))
        return false;
    memcpy(room, url.data, url.length);
    room[url.length] = '\0';
    CURLU *parts = curl_url();
    bool read = parts && curl_url_set(parts, CURLUPART_URL, room, 0) == CURLUE_OK &&
                read_address_parts(address, parts, url);
    curl_url_cleanup(parts);
    return read;
}

bool http_is_loopback(const char *host)
{
    struct in_addr four;
    if (inet_pton(AF_INET, host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    return strcmp(host, "::1") == 0 || strcmp(host, "localhost") == 0;
}

/* libcurl copies texts, which may fail: the request must not be sent without one of them. */
static CURLcode set_texts(CURL *handle, const struct http_request *request)
{
    CURLcode result = curl_easy_setopt(handle, CURLOPT_URL, request->url);
    if (result == CURLE_OK)
        result = curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request->method);
    if (result == CURLE_OK)
        result = curl_easy_setopt(handle, CURLOPT_PROXY, request->neighbour ? "" : NULL);
    return result;
}

static CURLcode set_up(struct http *http, struct http_transfer *exchange)
{
    const struct http_request *request = exchange->request;
    CURL *handle = exchange->handle;
    struct curl_slist *lines = NULL;
    for (size_t i = HTTP_HEADERS_MAX; i-- > 0;) {
        if (!request->headers[i])
            continue;
        exchange->lines[i] =
            (struct curl_slist){.data = (char *)request->headers[i], .next = lines};
        lines = &exchange->lines[i];
    }
    bool get = strcmp(request->method, "GET") == 0;
    const char *body = request->body.length ? request->body.data : "";
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.length);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, get ? NULL : body); /* makes it a POST */
    curl_easy_setopt(handle, get ? CURLOPT_HTTPGET : CURLOPT_POST, 1L);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, lines);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_ms);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, http->idle_s ? http->idle_s : HTTP_IDLE_S);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, exchange);
    return set_texts(handle, request);
}

bool http_is_stopped(const int *stop)
{
    struct pollfd ready = {.fd = stop ? *stop : -1, .events = POLLIN};
    return poll(&ready, 1, 0) == 1;
}

/* Runs until the exchange has ended (true) or must be aborted (false, and why). */
static bool perform_until(struct http *http, const struct http_request *request,
                          enum http_outcome *why)
{
    int running = 1;
    for (;;) {
        int64_t left = request->until_ms - clock_epoch_ms();
        *why = http_is_stopped(request->stop) ? HTTP_STOPPED : HTTP_LATE;
        if (*why == HTTP_STOPPED || left <= 0)
            return false;
        *why = HTTP_NO_MEMORY;
        if (curl_multi_perform(http->multi, &running) != CURLM_OK)
            return false;
        if (!running)
            return true;
        struct curl_waitfd stop = {.fd = request->stop ? *request->stop : -1,
                                   .events = CURL_WAIT_POLLIN};
        int wait = left < STEP_MS ? (int)left : STEP_MS;
        if (curl_multi_poll(http->multi, &stop, request->stop ? 1 : 0, wait, NULL) != CURLM_OK)
            return false;
    }
}

static CURLcode result_of(struct http *http)
{
    CURLcode result = CURLE_RECV_ERROR;
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(http->multi, &left));) {
        if (message->msg == CURLMSG_DONE)
            result = message->data.result;
    }
    return result;
}

static enum http_outcome outcome_of(const struct http_transfer *exchange, CURLcode result)
{
    curl_off_t microseconds = 0;
    curl_easy_getinfo(exchange->handle, CURLINFO_PRETRANSFER_TIME_T, &microseconds);
    bool connected = microseconds > 0; /* so at least part of the request was sent */
    switch ((int)result) {
    case CURLE_OK: /* libcurl takes an answer that ends within its head for one without a body */
        return exchange->head_whole ? HTTP_ANSWERED : HTTP_BROKEN;
    case CURLE_WRITE_ERROR:
        if (exchange->cut)
            return HTTP_ANSWERED;
        return exchange->too_long ? HTTP_TOO_LONG : HTTP_NO_MEMORY;
    case CURLE_OUT_OF_MEMORY:
        return HTTP_NO_MEMORY;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_ISSUER_ERROR:
        return HTTP_UNTRUSTED;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
        return HTTP_UNREACHED;
    case CURLE_OPERATION_TIMEDOUT:
        return connected ? HTTP_STALLED : HTTP_UNREACHED;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_SEND_FAIL_REWIND:
    case TOO_LARGE:
        return HTTP_BROKEN;
    case CURLE_UNSUPPORTED_PROTOCOL: /* no HTTPS in this libcurl, or an answer in HTTP/0.9 */
        return connected ? HTTP_BROKEN : HTTP_UNUSABLE;
    default: /* also errors of later versions of libcurl: a retry can't help */
        return HTTP_UNUSABLE;
    }
}

static enum http_outcome run_transfer(struct http *http, struct http_transfer *exchange)
{
    enum http_outcome outcome;
    CURLcode result = CURLE_OUT_OF_MEMORY;
    if (curl_multi_add_handle(http->multi, exchange->handle) != CURLM_OK)
        return HTTP_NO_MEMORY;
    bool ended = perform_until(http, exchange->request, &outcome);
    if (ended)
        result = result_of(http);
    exchange->answer->status = curl_status(exchange->handle);
    if (ended) {
        outcome = outcome_of(exchange, result);
        http->reason = curl_easy_strerror(result);
    }
    curl_multi_remove_handle(http->multi, exchange->handle);
    if (outcome == HTTP_TOO_LONG)
        snprintf(http->why, sizeof http->why, "it has more than %zu bytes",
                 exchange->request->most);
    else if (outcome != HTTP_ANSWERED && !http->why[0] && ended)
        snprintf(http->why, sizeof http->why, "%s", http->reason);
    return outcome;
}

enum http_outcome http_exchange(struct http *http, const struct http_request *request,
                                struct arena *arena, struct http_answer *answer)
{
    struct http_transfer exchange = {.request = request, .arena = arena, .answer = answer};
    http->why[0] = '\0';
    http->reason = "";
    begin_answer(&exchange);
    if (!make_handles(http))
        return HTTP_NO_MEMORY;
    exchange.handle = http->easy;
    CURLcode set = set_up(http, &exchange);
    if (set != CURLE_OK) {
        http->reason = curl_easy_strerror(set);
        snprintf(http->why, sizeof http->why, "%s", http->reason);
        return outcome_of(&exchange, set);
    }
    return run_transfer(http, &exchange);
}
