/*
 * runtime_api.c - the Runtime API with libcurl.
 *
 * Two handles share one connection: one asks for invocations, the other answers, and each keeps
 * its options. They run in a multi handle, since that can wait for SIGTERM (a descriptor) as well.
 * libcurl sends a request again by itself if a kept connection dies before a byte came back. That
 * is right for asking, and wrong for an answer that may have been read: there it's kept from doing
 * so, and a reset tells that the answer wasn't read (TCP resets a connection that is closed with
 * bytes unread, and ends it in order otherwise).
 */
#include "hosts/runtime_api.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/clock.h"
#include "hosts/invoke.h"

enum {
    EVENT_ROOM = 16 * 1024,       /* the first room for events */
    EVENT_ROOM_KEPT = 512 * 1024, /* more than this is given back when it isn't needed */
    RECEIVE_ROOM = 256 * 1024,    /* libcurl's own */
    GRACE_MS = 300,               /* how long a call may go on when the program is to end */
};

static const char BASE[] = "/2018-06-01/runtime/";

/* What libcurl would send and nobody needs, and the type of all that is posted. */
static struct curl_slist no_accept = {.data = (char[]){"Accept:"}};
static struct curl_slist no_expect = {.data = (char[]){"Expect:"}, .next = &no_accept};
static struct curl_slist json = {.data = (char[]){"Content-Type: application/json"},
                                 .next = &no_expect};

static size_t take_line(char *data, size_t size, size_t count, void *of)
{
    struct runtime_api *api = of;
    struct text line = {data, size * count};
    if (text_starts(line, TEXT("HTTP/")))
        runtime_head_open(&api->head); /* of the answer, after one that said to wait for it */
    else
        runtime_head_line(&api->head, line);
    return line.length;
}

/* Makes room for MORE bytes of the event. False: it's too long, or memory has ended. */
static bool make_room(struct runtime_api *api, size_t more)
{
    size_t needed = api->event_length + more;
    if (needed <= api->event_room)
        return true;
    size_t room = api->event_room ? api->event_room : EVENT_ROOM;
    while (room < needed && room < INVOKE_EVENT_MAX)
        room *= 2;
    char *event = needed <= INVOKE_EVENT_MAX ? realloc(api->event, room) : NULL;
    if (!event) {
        api->event_status = needed <= INVOKE_EVENT_MAX ? 503 : 413;
        return false;
    }
    api->event = event;
    api->event_room = room;
    return true;
}

/* What can't be kept is still read: the invocation has to be answered, over this connection. */
static size_t take_event(char *data, size_t size, size_t count, void *of)
{
    struct runtime_api *api = of;
    size_t length = size * count;
    if (api->event_status || !make_room(api, length))
        return length;
    memcpy(api->event + api->event_length, data, length);
    api->event_length += length;
    return length;
}

static size_t take_reply(char *data, size_t size, size_t count, void *of)
{
    struct runtime_api *api = of;
    size_t length = size * count, room = sizeof api->reply - api->reply_length;
    size_t kept = length < room ? length : room;
    memcpy(api->reply + api->reply_length, data, kept);
    api->reply_length += kept;
    return length;
}

static int note_sending(void *of, char *address, char *local, int port, int local_port)
{
    struct runtime_api *api = of;
    (void)address, (void)local, (void)port, (void)local_port;
    api->sent = true;
    return CURL_PREREQFUNC_OK;
}

static curl_socket_t open_socket(void *of, curlsocktype purpose, struct curl_sockaddr *address)
{
    const struct runtime_api *api = of;
    (void)purpose;
    if (api->posting && api->sent)
        return CURL_SOCKET_BAD; /* libcurl would send the answer again */
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static int close_socket(void *of, curl_socket_t socket)
{
    struct runtime_api *api = of;
    struct tcp_info info;
    socklen_t size = sizeof info;
    if (api->sent && getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) == 0)
        api->reset = info.tcpi_state == TCP_CLOSE;
    return close(socket);
}

/* What both handles have in common. */
static CURL *make_handle(struct runtime_api *api)
{
    CURL *handle = curl_easy_init();
    if (!handle)
        return NULL;
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_PROXY, ""); /* whatever the environment says */
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, api);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, api);
    curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, note_sending);
    curl_easy_setopt(handle, CURLOPT_PREREQDATA, api);
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, api);
    curl_easy_setopt(handle, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    curl_easy_setopt(handle, CURLOPT_CLOSESOCKETDATA, api);
    return handle;
}

/* The URL of a call; PARTS are our own, and ID is escaped. */
static void set_url(struct runtime_api *api, CURL *handle, struct text id, const char *call)
{
    struct buffer url;
    buffer_over(&url, api->url, sizeof api->url - 1);
    buffer_puts(&url, "http://");
    buffer_puts(&url, api->address);
    buffer_puts(&url, BASE);
    if (id.length) {
        buffer_puts(&url, "invocation/");
        runtime_put_escaped(&url, id);
    }
    buffer_puts(&url, call);
    api->url[url.length] = '\0';
    curl_easy_setopt(handle, CURLOPT_URL, api->url);
}

bool runtime_api_open(struct runtime_api *api, const char *address, const char *function, int stop)
{
    api->address = address;
    api->subject = (struct log_subject){.function = function};
    api->stop = stop;
    api->event = NULL;
    api->event_length = api->event_room = 0;
    runtime_head_open(&api->head);
    api->multi = curl_multi_init();
    api->next = make_handle(api);
    api->post = make_handle(api);
    if (!api->multi || !api->next || !api->post)
        return false;
    set_url(api, api->next, (struct text){0}, "invocation/next");
    curl_easy_setopt(api->next, CURLOPT_HTTPHEADER, &no_accept);
    curl_easy_setopt(api->next, CURLOPT_HEADERFUNCTION, take_line);
    curl_easy_setopt(api->next, CURLOPT_WRITEFUNCTION, take_event);
    curl_easy_setopt(api->next, CURLOPT_BUFFERSIZE, (long)RECEIVE_ROOM);
    curl_easy_setopt(api->post, CURLOPT_WRITEFUNCTION, take_reply);
    return true;
}

void runtime_api_close(struct runtime_api *api)
{
    curl_easy_cleanup(api->next);
    curl_easy_cleanup(api->post);
    if (api->multi)
        curl_multi_cleanup(api->multi);
    free(api->event);
    api->event = NULL;
}

bool runtime_api_stopping(const struct runtime_api *api)
{
    struct pollfd stop = {.fd = api->stop, .events = POLLIN};
    return poll(&stop, 1, 0) == 1;
}

/*
 * Waits until libcurl has something to do. False when the program is to end, and it isn't worth
 * the wait: nothing has come yet, or the grace is over. *UNTIL is 0, or when the grace ends.
 */
static bool wait_for_peer(const struct runtime_api *api, bool begun, int64_t *until)
{
    struct curl_waitfd stop = {.fd = api->stop, .events = CURL_WAIT_POLLIN};
    int64_t left = *until ? (*until - clock_monotonic_ns()) / 1000000 : GRACE_MS * 1000;
    if (left <= 0)
        return false;
    curl_multi_poll(api->multi, &stop, *until ? 0 : 1, (int)left, NULL);
    if (*until || !stop.revents)
        return true;
    *until = clock_monotonic_ns() + (int64_t)GRACE_MS * 1000000;
    return begun;
}

/* Makes one call; CURLE_ABORTED_BY_CALLBACK means that the program is to end. */
static CURLcode call(struct runtime_api *api, CURL *handle)
{
    CURLcode result = CURLE_OUT_OF_MEMORY;
    int64_t until = 0;
    int running = 1, more;
    api->posting = handle == api->post;
    api->sent = api->reset = false;
    if (curl_multi_add_handle(api->multi, handle) != CURLM_OK)
        return result;
    while (curl_multi_perform(api->multi, &running) == CURLM_OK && running) {
        bool begun = api->posting || api->head.values[RUNTIME_REQUEST_ID].length;
        if (!wait_for_peer(api, begun, &until)) {
            result = CURLE_ABORTED_BY_CALLBACK;
            break;
        }
    }
    const CURLMsg *message = curl_multi_info_read(api->multi, &more);
    if (message)
        result = message->data.result;
    curl_multi_remove_handle(api->multi, handle);
    return result;
}

static long status_of(CURL *handle)
{
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/* Room that one large event has made, and the last one didn't need, goes back. */
static void settle_room(struct runtime_api *api)
{
    if (api->event_room > EVENT_ROOM_KEPT && api->event_length < api->event_room / 8) {
        free(api->event);
        api->event = NULL;
        api->event_room = 0;
    }
    api->event_length = 0;
    api->event_status = 0;
}

static enum runtime_outcome judge_next(struct runtime_api *api, CURLcode result, long status)
{
    const struct text *values = api->head.values;
    if (result == CURLE_ABORTED_BY_CALLBACK)
        return RUNTIME_STOPPED;
    api->subject.request_id = values[RUNTIME_REQUEST_ID];
    api->subject.tenant = values[RUNTIME_TENANT_ID];
    if (result != CURLE_OK && status == 200 && values[RUNTIME_REQUEST_ID].length)
        return RUNTIME_INCOMPLETE;
    if (result != CURLE_OK)
        log_say_of(LOG_LEVEL_ERROR, &api->subject, 0,
                   "the Runtime API at %s can't be asked for an invocation: %s", api->address,
                   curl_easy_strerror(result));
    else if (status != 200)
        log_say_of(LOG_LEVEL_ERROR, &api->subject, 0,
                   "the Runtime API refuses to hand out an invocation: status %ld, %.*s", status,
                   (int)(api->event_length < 200 ? api->event_length : 200),
                   api->event ? api->event : "");
    else if (!values[RUNTIME_REQUEST_ID].length)
        log_say_of(
            LOG_LEVEL_ERROR, &api->subject, 0,
            "the Runtime API hands out an invocation without an id, which nobody can answer");
    else
        return RUNTIME_DONE;
    return RUNTIME_BROKEN;
}

enum runtime_outcome runtime_api_next(struct runtime_api *api)
{
    settle_room(api);
    runtime_head_open(&api->head);
    api->subject.request_id = api->subject.tenant = (struct text){0};
    if (runtime_api_stopping(api))
        return RUNTIME_STOPPED;
    CURLcode result = call(api, api->next);
    return judge_next(api, result, status_of(api->next));
}

/* What is to be posted, and which headers go with it. */
struct post {
    struct text id;
    const char *call;
    struct text body;
    const char *error_type; /* NULL: it's no error */
};

static CURLcode send_post(struct runtime_api *api, const struct post *post)
{
    struct text invocation = api->head.values[RUNTIME_INVOCATION_ID];
    char error_line[128], invocation_line[1024];
    struct curl_slist error = {.data = error_line, .next = &json};
    struct curl_slist echo = {.data = invocation_line, .next = &json};
    struct curl_slist *headers = &json;
    if (post->error_type) {
        snprintf(error_line, sizeof error_line, "Lambda-Runtime-Function-Error-Type: %s",
                 post->error_type);
        headers = echo.next = &error;
    }
    if (post->id.length && invocation.length && invocation.length < 900 &&
        !memchr(invocation.data, '\r', invocation.length)) {
        snprintf(invocation_line, sizeof invocation_line, "Lambda-Runtime-Invocation-Id: %.*s",
                 (int)invocation.length, invocation.data);
        headers = &echo;
    }
    curl_easy_setopt(api->post, CURLOPT_POSTFIELDS, post->body.data);
    curl_easy_setopt(api->post, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->body.length);
    curl_easy_setopt(api->post, CURLOPT_HTTPHEADER, headers);
    set_url(api, api->post, post->id, post->call);
    api->reply_length = 0;
    CURLcode result = call(api, api->post);
    curl_easy_setopt(api->post, CURLOPT_HTTPHEADER, NULL);
    return result;
}

static enum runtime_outcome judge_status(struct runtime_api *api, long status)
{
    if (status >= 200 && status < 300)
        return RUNTIME_DONE;
    log_say_of(status >= 500 ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN, &api->subject, 0,
               "the Runtime API doesn't take the answer: status %ld, %.*s", status,
               (int)api->reply_length, api->reply);
    return status >= 500 ? RUNTIME_BROKEN : RUNTIME_DONE;
}

static enum runtime_outcome judge_post(struct runtime_api *api, CURLcode result)
{
    long status = status_of(api->post);
    if (result == CURLE_ABORTED_BY_CALLBACK)
        return RUNTIME_STOPPED;
    if (status)
        return judge_status(api, status);
    log_say_of(LOG_LEVEL_ERROR, &api->subject, 0,
               api->sent ? "the Runtime API has closed the connection without a word on the answer"
                         : "the Runtime API can't be reached with the answer");
    return api->sent ? RUNTIME_DONE : RUNTIME_BROKEN;
}

static enum runtime_outcome post(struct runtime_api *api, const struct post *post)
{
    CURLcode result = send_post(api, post);
    if (result != CURLE_OK && api->sent && api->reset && !status_of(api->post))
        result = send_post(api, post);
    return judge_post(api, result);
}

enum runtime_outcome runtime_api_answer(struct runtime_api *api, struct text answer)
{
    return post(api, &(struct post){.id = api->head.values[RUNTIME_REQUEST_ID],
                                    .call = "/response",
                                    .body = answer});
}

static enum runtime_outcome post_error(struct runtime_api *api, struct post *error,
                                       const char *message)
{
    char room[1024];
    struct buffer out;
    buffer_over(&out, room, sizeof room);
    runtime_put_error(&out, text_of(message), error->error_type);
    if (out.failed) {
        buffer_over(&out, room, sizeof room);
        runtime_put_error(&out, TEXT("too long a message"), error->error_type);
    }
    error->body = buffer_text(&out);
    return post(api, error);
}

enum runtime_outcome runtime_api_fail(struct runtime_api *api, const char *message,
                                      const char *type)
{
    struct post error = {
        .id = api->head.values[RUNTIME_REQUEST_ID], .call = "/error", .error_type = type};
    return post_error(api, &error, message);
}

void runtime_api_fail_start(struct runtime_api *api, const char *message, const char *type)
{
    struct post error = {.call = "init/error", .error_type = type};
    (void)post_error(api, &error, message);
}
