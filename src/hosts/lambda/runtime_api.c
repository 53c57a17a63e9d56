/*
 * runtime_api.c - the requests to the Runtime API, and what its responses mean.
 *
 * Events are read into a buffer that is kept from one to the next, and freed after an unusually
 * large event. An event that doesn't fit is still read, since its sender must get an error. No
 * status is retried: a 4xx concerns one invocation, which has ended then, and a 5xx means that this
 * environment must end.
 */
#include "hosts/lambda/runtime_api.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "events/invoke.h"

enum {
    EVENT_ROOM = 16 * 1024,       /* the initial buffer for events */
    EVENT_ROOM_KEPT = 512 * 1024, /* a larger buffer is freed when it isn't needed */
    RECEIVE_ROOM = 16 * 1024,     /* libcurl's own buffer; a larger one costs a page or more */
    RECEIVE_ROOM_LARGE = 512 * 1024,
    REPLY_ROOM = 1024,
    RESENDS = 2,           /* a kept connection may be dead, and the next one may be reset too */
    ERROR_ROOM = 8 * 1024, /* for a problem's detail with each byte escaped */
};

static const char BASE[] = "/2018-06-01/runtime/";

/* The head of a streamed answer; trailers at its end say whether it succeeded. */
static struct curl_slist error_trailers = {
    .data = (char[]){"Trailer: Lambda-Runtime-Function-Error-Type, "
                     "Lambda-Runtime-Function-Error-Body"},
    .next = &runtime_no_expect};
static struct curl_slist chunked_coding = {.data = (char[]){"Transfer-Encoding: chunked"},
                                           .next = &error_trailers};
static struct curl_slist streaming_mode = {
    .data = (char[]){"Lambda-Runtime-Function-Response-Mode: streaming"}, .next = &chunked_coding};
static struct curl_slist stream_type = {
    .data = (char[]){"Content-Type: application/vnd.awslambda.http-integration-response"},
    .next = &streaming_mode};

static size_t take_head_line(char *data, size_t size, size_t count, void *of)
{
    struct runtime_api *api = of;
    dime_text line = {data, size * count};
    if (text_starts(line, TEXT("HTTP/")))
        runtime_head_open(&api->head); /* of the final response, after an interim one */
    else
        runtime_head_line(&api->head, line);
    api->link.got_bytes = true;
    return line.length;
}

/* Makes room for MORE bytes of the event. False: it's too long, or memory has run out. */
static bool make_event_room(struct runtime_api *api, size_t more)
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

/* An event that can't be kept is still read: the invocation is answered over this connection. */
static size_t take_event_bytes(char *data, size_t size, size_t count, void *of)
{
    struct runtime_api *api = of;
    size_t length = size * count;
    if (api->event_status || !make_event_room(api, length))
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

/* Gives libcurl some of a streamed answer. */
static size_t give_piece(char *room, size_t size, size_t count, void *of)
{
    struct runtime_api *api = of;
    size_t most = size * count;
    size_t length = api->piece.length < most ? api->piece.length : most;
    if (!length && !api->whole) {
        api->paused = true;
        return CURL_READFUNC_PAUSE;
    }
    if (length)
        memcpy(room, api->piece.data, length);
    api->piece = text_skip(api->piece, length);
    return length;
}

/* The trailers; libcurl frees the list. */
static int give_trailers(struct curl_slist **list, void *of)
{
    const struct runtime_api *api = of;
    if (!api->trailer_type[0])
        return CURL_TRAILERFUNC_OK;
    struct curl_slist *type = curl_slist_append(NULL, api->trailer_type);
    struct curl_slist *both = type ? curl_slist_append(type, api->trailer_body) : NULL;
    if (!both) {
        curl_slist_free_all(type);
        return CURL_TRAILERFUNC_ABORT;
    }
    *list = both;
    return CURL_TRAILERFUNC_OK;
}

/* The path of a call's URL. ID is escaped. */
static void set_path(struct runtime_api *api, CURL *handle, dime_text id, const char *call)
{
    struct buffer path;
    buffer_over(&path, api->path, sizeof api->path - 1);
    buffer_puts(&path, BASE);
    if (id.length) {
        buffer_puts(&path, "invocation/");
        buffer_percent(&path, id);
    }
    buffer_puts(&path, call);
    api->path[path.length] = '\0';
    curl_easy_setopt(handle, CURLOPT_REQUEST_TARGET, api->path);
}

static void set_receive_room(struct runtime_api *api, long room)
{
    if (api->receive_room != room)
        curl_easy_setopt(api->link.get, CURLOPT_BUFFERSIZE, room);
    api->receive_room = room;
}

static void prepare_to_post(struct runtime_api *api, CURL *handle)
{
    curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, (long)REPLY_ROOM);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_reply);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, api);
    curl_easy_setopt(handle, CURLOPT_POST, 1L);
}

/*
 * A new handle for each streamed answer: libcurl 7.88 sends trailers once in a handle's life, and
 * writes before its buffer when that has another body in chunks.
 */
static CURL *make_stream(struct runtime_api *api)
{
    CURL *handle = runtime_link_add(&api->link);
    if (!handle)
        return NULL;
    prepare_to_post(api, handle);
    curl_easy_setopt(handle, CURLOPT_READFUNCTION, give_piece);
    curl_easy_setopt(handle, CURLOPT_READDATA, api);
    curl_easy_setopt(handle, CURLOPT_TRAILERFUNCTION, give_trailers);
    curl_easy_setopt(handle, CURLOPT_TRAILERDATA, api);
    return handle;
}

bool runtime_api_open(struct runtime_api *api, const char *address, const char *function, int stop)
{
    api->address = address;
    api->subject = (struct log_subject){.function = function};
    api->event = NULL;
    api->event_length = api->event_room = 0;
    api->receive_room = 0;
    api->stream = NULL;
    runtime_head_open(&api->head);
    if (!runtime_link_open(&api->link, address, stop))
        return false;
    CURL *get = api->link.get, *post = api->link.post;
    set_path(api, get, (dime_text){0}, "invocation/next");
    set_receive_room(api, RECEIVE_ROOM);
    curl_easy_setopt(get, CURLOPT_HTTPHEADER, &runtime_no_accept);
    curl_easy_setopt(get, CURLOPT_HEADERFUNCTION, take_head_line);
    curl_easy_setopt(get, CURLOPT_HEADERDATA, api);
    curl_easy_setopt(get, CURLOPT_WRITEFUNCTION, take_event_bytes);
    curl_easy_setopt(get, CURLOPT_WRITEDATA, api);
    prepare_to_post(api, post);
    return true;
}

void runtime_api_close(struct runtime_api *api)
{
    curl_easy_cleanup(api->stream);
    runtime_link_close(&api->link);
    free(api->event);
    api->event = NULL;
}

/* Frees a buffer that one large event needed and the last one didn't. */
static void settle_room(struct runtime_api *api)
{
    set_receive_room(api, api->event_length > RECEIVE_ROOM ? RECEIVE_ROOM_LARGE : RECEIVE_ROOM);
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
    dime_text id = api->head.values[RUNTIME_REQUEST_ID];
    size_t length = api->event_length < 200 ? api->event_length : 200;
    /* libcurl takes a connection that closes within the head for a response without a body. */
    bool broken = result != CURLE_OK || !api->head.whole;
    if (broken && status == 200 && id.length)
        return RUNTIME_INCOMPLETE;
    if (result != CURLE_OK)
        log_say_of(LOG_LEVEL_ERROR, &api->subject, 0,
                   "can't get an invocation from the Runtime API at %s: %s", api->address,
                   curl_easy_strerror(result));
    else if (status != 200)
        log_say_of(LOG_LEVEL_ERROR, &api->subject, 0,
                   "the Runtime API handed out no invocation: status %ld, %.*s", status,
                   (int)length, api->event ? api->event : "");
    else if (!id.length)
        log_say_of(
            LOG_LEVEL_ERROR, &api->subject, 0,
            "the Runtime API handed out an invocation without an id, so it can't be answered");
    else
        return RUNTIME_DONE;
    return RUNTIME_BROKEN;
}

static CURLcode ask_for_invocation(struct runtime_api *api)
{
    runtime_link_begin(&api->link, api->link.get);
    return runtime_link_end(&api->link, api->link.get);
}

enum runtime_outcome runtime_api_next(struct runtime_api *api)
{
    settle_room(api);
    runtime_head_open(&api->head);
    api->subject.request_id = api->subject.tenant = (dime_text){0};
    if (runtime_link_stopping(&api->link))
        return RUNTIME_STOPPED;
    CURLcode result = ask_for_invocation(api);
    if (result == CURLE_OUT_OF_MEMORY && !api->link.sent) {
        set_receive_room(api, RECEIVE_ROOM);
        result = ask_for_invocation(api);
    }
    api->subject.request_id = api->head.values[RUNTIME_REQUEST_ID];
    api->subject.tenant = api->head.values[RUNTIME_TENANT_ID];
    if (api->link.stopped)
        return RUNTIME_STOPPED;
    return judge_next(api, result, runtime_link_status(api->link.get));
}

/* The head of a post. */
static struct curl_slist *make_lines(struct runtime_api *api)
{
    struct curl_slist *lines = api->post.streaming ? &stream_type : &runtime_json_type;
    dime_text invocation = api->head.values[RUNTIME_INVOCATION_ID];
    if (api->post.error_type) {
        snprintf(api->error_line, sizeof api->error_line, "Lambda-Runtime-Function-Error-Type: %s",
                 api->post.error_type);
        api->lines[0] = (struct curl_slist){.data = api->error_line, .next = lines};
        lines = &api->lines[0];
    }
    int most = (int)(sizeof api->invocation_line - sizeof "Lambda-Runtime-Invocation-Id: ");
    if (api->post.id.length && invocation.length && invocation.length <= (size_t)most &&
        !memchr(invocation.data, '\r', invocation.length)) {
        snprintf(api->invocation_line, sizeof api->invocation_line,
                 "Lambda-Runtime-Invocation-Id: %.*s", (int)invocation.length, invocation.data);
        api->lines[1] = (struct curl_slist){.data = api->invocation_line, .next = lines};
        lines = &api->lines[1];
    }
    return lines;
}

/* The handle for a post. */
static CURL *sender(const struct runtime_api *api)
{
    return api->post.streaming ? api->stream : api->link.post;
}

static void send_post(struct runtime_api *api)
{
    CURL *handle = sender(api);
    const struct runtime_post *post = &api->post;
    curl_off_t length = post->streaming ? -1 : (curl_off_t)post->body.length;
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, post->streaming ? NULL : post->body.data);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, length);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, make_lines(api));
    set_path(api, handle, api->post.id, api->post.call);
    api->reply_length = 0;
    runtime_link_begin(&api->link, handle);
}

static void begin_post(struct runtime_api *api, const struct runtime_post *post)
{
    api->post = *post;
    send_post(api);
}

static enum runtime_outcome judge_post(struct runtime_api *api, long status)
{
    if (api->link.stopped)
        return RUNTIME_STOPPED;
    if (status >= 200 && status < 300)
        return RUNTIME_DONE;
    if (status) {
        log_say_of(status >= 500 ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN, &api->subject, 0,
                   "the Runtime API refused the answer: status %ld, %.*s", status,
                   (int)api->reply_length, api->reply);
        return status >= 500 ? RUNTIME_BROKEN : RUNTIME_DONE;
    }
    log_say_of(LOG_LEVEL_ERROR, &api->subject, 0,
               api->link.sent ? "the Runtime API closed the connection and didn't acknowledge the "
                                "answer"
                              : "can't connect to the Runtime API to send the answer");
    return api->link.sent ? RUNTIME_DONE : RUNTIME_BROKEN;
}

/* Whether the API certainly hasn't read a post, so that it can be sent again. */
static bool is_unread(const struct runtime_api *api, CURLcode result)
{
    return result != CURLE_OK && api->link.sent && api->link.reset && !api->link.stopped &&
           !api->post.streaming && !runtime_link_status(sender(api));
}

static enum runtime_outcome end_post(struct runtime_api *api)
{
    CURL *handle = sender(api);
    CURLcode result = runtime_link_end(&api->link, handle);
    for (int resent = 0; resent < RESENDS && is_unread(api, result); resent++) {
        send_post(api);
        result = runtime_link_end(&api->link, handle);
    }
    long status = runtime_link_status(handle);
    curl_easy_cleanup(api->stream);
    api->stream = NULL;
    return judge_post(api, status);
}

void runtime_api_answer(struct runtime_api *api, dime_text answer)
{
    begin_post(api, &(struct runtime_post){.id = api->head.values[RUNTIME_REQUEST_ID],
                                           .call = "/response",
                                           .body = answer});
}

/* Lets libcurl send the piece, unless the API has already ended the request. */
static void send_piece(struct runtime_api *api)
{
    while (api->stream && api->piece.length && runtime_link_step(&api->link))
        ;
    api->piece.length = 0;
}

void runtime_api_stream(struct runtime_api *api, dime_text piece)
{
    api->piece = piece;
    api->paused = api->whole = false;
    api->trailer_type[0] = '\0';
    api->stream = make_stream(api);
    api->post = (struct runtime_post){
        .id = api->head.values[RUNTIME_REQUEST_ID], .call = "/response", .streaming = true};
    if (api->stream)
        send_post(api);
    send_piece(api);
}

static void resume_get(struct runtime_api *api)
{
    if (api->paused)
        curl_easy_pause(api->stream, CURLPAUSE_CONT);
    api->paused = false;
}

void runtime_api_stream_more(struct runtime_api *api, dime_text piece)
{
    if (!piece.length)
        return;
    api->piece = piece;
    resume_get(api);
    send_piece(api);
}

void runtime_api_stream_end(struct runtime_api *api, const dime_text *fault)
{
    static const char TYPE[] = "Function.StreamBroken";
    char room[1400];
    struct buffer error, line;
    if (fault) {
        buffer_over(&error, room, sizeof room);
        runtime_put_error(&error, *fault, TYPE);
        snprintf(api->trailer_type, sizeof api->trailer_type,
                 "Lambda-Runtime-Function-Error-Type: %s", TYPE);
        buffer_over(&line, api->trailer_body, sizeof api->trailer_body - 1);
        buffer_puts(&line, "Lambda-Runtime-Function-Error-Body: ");
        buffer_base64(&line, error.failed ? TEXT("{}") : buffer_text(&error));
        api->trailer_body[line.length] = '\0';
    }
    api->whole = true;
    resume_get(api);
}

static enum runtime_outcome post_error(struct runtime_api *api, struct runtime_post *error,
                                       const char *message)
{
    char room[ERROR_ROOM];
    struct buffer out;
    buffer_over(&out, room, sizeof room);
    runtime_put_error(&out, text_of(message), error->error_type);
    if (out.failed) {
        buffer_over(&out, room, sizeof room);
        runtime_put_error(&out, TEXT("The message is too long to be sent; see the log."),
                          error->error_type);
    }
    error->body = buffer_text(&out);
    begin_post(api, error);
    return end_post(api);
}

enum runtime_outcome runtime_api_fail(struct runtime_api *api, const char *message,
                                      const char *type)
{
    struct runtime_post error = {
        .id = api->head.values[RUNTIME_REQUEST_ID], .call = "/error", .error_type = type};
    log_say_of(LOG_LEVEL_ERROR, &api->subject, 0, "%s", message);
    return post_error(api, &error, message);
}

enum runtime_outcome runtime_api_answered(struct runtime_api *api)
{
    if (!sender(api))
        return runtime_api_fail(api, "Out of memory to stream the answer; try again later.",
                                "Runtime.OutOfMemory");
    return end_post(api);
}

void runtime_api_fail_start(struct runtime_api *api, const char *message, const char *type)
{
    struct runtime_post error = {.call = "init/error", .error_type = type};
    (void)post_error(api, &error, message);
}
