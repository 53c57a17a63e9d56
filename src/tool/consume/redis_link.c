/*
 * redis_link.c - a connection to Redis.
 *
 * The replies to commands that were sent together may arrive in any pieces. A string is copied out
 * of hiredis's buffer, which moves. The items of an array are allocated at once, so the arena's
 * limit bounds their number. The bytes of a reply are counted as they are read.
 */
#include "tool/consume/redis_link.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <hiredis/sds.h>
#include <poll.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/number.h"

/* The most bytes of one reply: a batch of messages of the greatest length. */
enum { REDIS_REPLY_MAX = 112 * 1024 * 1024 };

/* How long the next piece of a reply, and all of it, may take beyond the given timeout. */
static const int64_t PIECE_NS = 2000000000, LONG_NS = 30000000000;

#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

/* The memory of a reply: an item of the array around it, or a new one. */
static struct redis_value *place_reply(const redisReadTask *task, enum redis_kind kind)
{
    const struct redis_link *link = task->privdata;
    struct redis_value *value = NULL;
    if (task->parent) {
        struct redis_value *parent = task->parent->obj;
        value = &parent->items[task->idx];
    } else {
        value = arena_array(link->arena, 1, sizeof *value);
    }
    if (value)
        value->kind = kind;
    return value;
}

static void *create_string(const redisReadTask *task, char *data, size_t length)
{
    const struct redis_link *link = task->privdata;
    bool plain = task->type == REDIS_REPLY_STRING || task->type == REDIS_REPLY_STATUS;
    bool error = task->type == REDIS_REPLY_ERROR;
    struct redis_value *value = place_reply(task, error   ? REDIS_ERROR
                                                  : plain ? REDIS_STRING
                                                          : REDIS_OTHER);
    if (value)
        value->text = arena_copy(link->arena, (dime_text){data, length});
    return value && value->text.data ? value : NULL;
}

static void *create_array(const redisReadTask *task, element_count count)
{
    const struct redis_link *link = task->privdata;
    bool plain = task->type == REDIS_REPLY_ARRAY; /* not a map, set, push or attribute of RESP3 */
    struct redis_value *value = place_reply(task, plain ? REDIS_ARRAY : REDIS_OTHER);
    if (!value || !count)
        return value;
    value->count = (size_t)count;
    value->items = arena_array(link->arena, value->count, sizeof *value->items);
    return value->items ? value : NULL;
}

static void *create_number(const redisReadTask *task, long long number)
{
    struct redis_value *value = place_reply(task, REDIS_NUMBER);
    if (value)
        value->number = number;
    return value;
}

static void *create_nil(const redisReadTask *task)
{
    return place_reply(task, REDIS_NIL);
}

#if HIREDIS_MAJOR >= 1
/* For RESP3. Without these two functions hiredis would mistake its own constant for a reply. */
static void *create_double(const redisReadTask *task, double number, char *text, size_t length)
{
    (void)number;
    (void)text;
    (void)length;
    return place_reply(task, REDIS_OTHER);
}

static void *create_bool(const redisReadTask *task, int value)
{
    (void)value;
    return place_reply(task, REDIS_OTHER);
}
#endif

/* The arena owns what a reply holds. */
static void free_nothing(void *value)
{
    (void)value;
}

static redisReplyObjectFunctions functions = {
    .createString = create_string,
    .createArray = create_array,
    .createInteger = create_number,
    .createNil = create_nil,
#if HIREDIS_MAJOR >= 1
    .createDouble = create_double,
    .createBool = create_bool,
#endif
    .freeObject = free_nothing,
};

static bool break_link(struct redis_link *link, const char *why)
{
    char room[sizeof link->error];
    snprintf(room, sizeof room, "%s", why); /* WHY may belong to the context */
    memcpy(link->error, room, sizeof room);
    redis_link_close(link);
    return false;
}

static bool too_much(struct redis_link *link)
{
    break_link(link, "out of memory for its answer");
    link->too_much = true;
    return false;
}

/* Of hiredis's type, whose size may differ from that elsewhere in dime: see Makefile.am. */
static struct timeval timeval_of(int64_t milliseconds)
{
    struct timespec time = clock_timespec(clock_ns_of_ms(milliseconds));
    return (struct timeval){time.tv_sec, time.tv_nsec / 1000};
}

/* Names the address, which helps if there are several queues, or if the port was left out. */
static bool fail_to_connect(struct redis_link *link, const struct redis_url *url)
{
    char why[sizeof link->error];
    if (url->socket)
        snprintf(why, sizeof why, "%s (%s)", link->context->errstr, url->socket);
    else
        snprintf(why, sizeof why, "%s (%s:%d)", link->context->errstr, url->host, (int)url->port);
    return break_link(link, why);
}

bool redis_link_open(struct redis_link *link, const struct redis_url *url, int64_t timeout_ms)
{
    struct timeval timeout = timeval_of(timeout_ms);
    redis_link_close(link);
    link->context = url->socket ? redisConnectUnixWithTimeout(url->socket, timeout)
                                : redisConnectWithTimeout(url->host, (int)url->port, timeout);
    if (!link->context)
        return break_link(link, "out of memory for a connection");
    if (link->context->err)
        return fail_to_connect(link, url);
    if (redisSetTimeout(link->context, timeout) != REDIS_OK ||
        (!url->socket && redisEnableKeepAlive(link->context) != REDIS_OK))
        return break_link(link, link->context->errstr);
    link->context->reader->fn = &functions;
    link->context->reader->privdata = link;
    return true;
}

void redis_link_close(struct redis_link *link)
{
    if (link->context)
        redisFree(link->context);
    link->context = NULL;
    link->failed = false;
}

void redis_link_command(struct redis_link *link, const dime_text *words, size_t count,
                        struct arena *arena)
{
    const char **data = arena_array(arena, count, sizeof *data);
    size_t *lengths = arena_array(arena, count, sizeof *lengths);
    if (!data || !lengths || arena->failed || !link->context) {
        link->failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        data[i] = words[i].data;
        lengths[i] = words[i].length;
    }
    if (redisAppendCommandArgv(link->context, (int)count, data, lengths) != REDIS_OK)
        link->failed = true;
}

/* Waits until the socket is ready for EVENTS; false when END has passed. */
static bool wait_until(const struct redis_link *link, short events, int64_t end_ns)
{
    for (;;) {
        struct pollfd socket = {.fd = link->context->fd, .events = events};
        int64_t left_ms = clock_left_ms(end_ns);
        int ready = left_ms > 0 ? poll(&socket, 1, (int)left_ms) : 0;
        if (ready > 0 || (ready < 0 && errno != EINTR))
            return true; /* the read or write will report an error */
        if (ready == 0)
            return false;
    }
}

/* hiredis 0.14 allocates a new buffer after sending one, and doesn't check for failure. */
static bool send_commands(struct redis_link *link, int64_t end_ns)
{
    redisContext *context = link->context;
    while (sdslen(context->obuf)) {
        if (!wait_until(link, POLLOUT, end_ns))
            return break_link(link, "it doesn't accept commands");
        if (redisBufferWrite(context, NULL) != REDIS_OK)
            return break_link(link, context->errstr);
        if (!context->obuf)
            return break_link(link, "out of memory for a command");
    }
    return true;
}

/* Reads what has arrived. False: the link is broken, or nothing arrived in time. */
static bool read_some(struct redis_link *link, int64_t end_ns, size_t *read)
{
    const redisReader *reader = link->context->reader;
    size_t before = reader->len;
    if (!wait_until(link, POLLIN, end_ns))
        return break_link(link, "it didn't answer in time");
    if (redisBufferRead(link->context) != REDIS_OK)
        return break_link(link, link->context->errstr);
    *read += reader->len - before;
    return *read <= REDIS_REPLY_MAX || too_much(link);
}

/* Reads until a reply is complete. A long reply may take longer, while more of it arrives. */
static const struct redis_value *read_reply(struct redis_link *link, int64_t end_ns)
{
    void *reply = NULL;
    size_t read = 0;
    int64_t last_ns = end_ns + LONG_NS;
    while (redisGetReplyFromReader(link->context, &reply) == REDIS_OK) {
        if (reply)
            return reply;
        if (!read_some(link, smaller(end_ns, last_ns), &read))
            return NULL;
        end_ns = larger(end_ns, clock_monotonic_ns() + PIECE_NS);
    }
    if (link->context->err == REDIS_ERR_OOM)
        too_much(link);
    else
        break_link(link, "its answer isn't valid");
    return NULL;
}

const struct redis_value *redis_link_reply(struct redis_link *link, struct arena *arena,
                                           int64_t timeout_ms)
{
    int64_t end_ns = clock_in_ms(timeout_ms);
    if (!link->context)
        return NULL;
    if (link->failed) {
        break_link(link, "out of memory for a command");
        return NULL;
    }
    link->arena = arena;
    link->too_much = false;
    if (!send_commands(link, end_ns))
        return NULL;
    return read_reply(link, end_ns);
}
