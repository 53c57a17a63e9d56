/*
 * send.c - puts messages into a queue.
 *
 * Input is sent as it arrives, in as few calls as the queue allows, so that an endless pipe can be
 * sent. The id of each message that is in the queue is printed, even if a later one fails: a sender
 * must know what to send again.
 */
#include "tool/consume/send.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tool/status.h"

/* The most bytes of one call, as for SQS, and the memory limit of a call. */
enum { CALL_MAX = QUEUE_BODY_MAX, SEND_MEMORY_MAX = 16 * 1024 * 1024 };

/* The input, and the messages that wait to be sent. */
struct outbox {
    const struct send_settings *settings;
    struct queue *queue;
    struct arena arena;
    int fd;
    char *room;    /* CALL_MAX bytes and one */
    size_t length; /* bytes in it */
    bool at_end;   /* the input has ended */
    size_t count;  /* messages that wait */
    dime_text bodies[QUEUE_BATCH_MAX];
    int64_t number; /* of the last line that was read */
};

static int fail_input(const struct outbox *outbox, int status, const char *what, const char *why)
{
    const char *file = outbox->settings->file;
    if (outbox->settings->lines && outbox->number)
        fprintf(stderr, "dime send: line %lld %s%s\n", (long long)outbox->number, what, why);
    else
        fprintf(stderr, "dime send: %s %s%s\n", file ? file : "stdin", what, why);
    return status;
}

static int send_waiting(struct outbox *outbox)
{
    dime_text ids[QUEUE_BATCH_MAX];
    if (!outbox->count)
        return STATUS_FINE;
    arena_reset(&outbox->arena);
    bool sent = queue_send(outbox->queue, outbox->bodies, outbox->count, ids, &outbox->arena);
    for (size_t i = 0; i < outbox->count; i++) {
        if (ids[i].data)
            printf("%.*s\n", (int)ids[i].length, ids[i].data);
    }
    outbox->count = 0;
    if (!sent)
        fprintf(stderr,
                "dime send: the queue fails: %s\ndime send: what has no id above may not be in it; "
                "send "
                "it again\n",
                outbox->queue->error);
    return sent ? STATUS_FINE : STATUS_FAILED;
}

/* Adds a body to the waiting messages. False: no queue accepts it. */
static int add_body(struct outbox *outbox, dime_text body)
{
    if (!body.length)
        return fail_input(outbox, STATUS_USAGE, "is empty; a message has at least one byte", "");
    if (!text_is_utf8(body))
        return fail_input(outbox, STATUS_USAGE, "isn't text in UTF-8", "");
    outbox->bodies[outbox->count++] = body;
    return outbox->count < outbox->queue->batch_max ? STATUS_FINE : send_waiting(outbox);
}

/* Reads more input, and appends it. */
static int read_more(struct outbox *outbox)
{
    ssize_t got;
    do
        got = read(outbox->fd, outbox->room + outbox->length, CALL_MAX + 1 - outbox->length);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return fail_input(outbox, STATUS_USAGE, "can't be read: ", strerror(errno));
    outbox->length += (size_t)got;
    outbox->at_end = !got;
    return STATUS_FINE;
}

static int too_long(const struct outbox *outbox)
{
    return fail_input(outbox, STATUS_USAGE, "has more than 1048576 bytes, which no queue accepts",
                      "");
}

static int send_whole(struct outbox *outbox)
{
    int status = STATUS_FINE;
    while (!outbox->at_end && status == STATUS_FINE) {
        status = outbox->length > CALL_MAX ? too_long(outbox) : read_more(outbox);
    }
    if (status == STATUS_FINE)
        status = add_body(outbox, (dime_text){outbox->room, outbox->length});
    return status == STATUS_FINE ? send_waiting(outbox) : status;
}

/* Sends the complete lines in the buffer, and moves the rest to its beginning. */
static int send_read_lines(struct outbox *outbox)
{
    dime_text rest = {outbox->room, outbox->length}, line;
    int status = STATUS_FINE;
    while (status == STATUS_FINE && rest.length &&
           (outbox->at_end || memchr(rest.data, '\n', rest.length))) {
        text_cut(&rest, '\n', &line);
        outbox->number++;
        line = text_trim(line);
        if (line.length > CALL_MAX)
            return too_long(outbox);
        if (line.length)
            status = add_body(outbox, line);
    }
    if (status == STATUS_FINE)
        status = send_waiting(outbox);
    outbox->length = rest.data ? rest.length : 0;
    if (outbox->length)
        memmove(outbox->room, rest.data, outbox->length);
    return status;
}

static int send_lines(struct outbox *outbox)
{
    int status = STATUS_FINE;
    while (!outbox->at_end && status == STATUS_FINE) {
        status = read_more(outbox);
        if (status == STATUS_FINE)
            status = send_read_lines(outbox);
        if (status == STATUS_FINE && outbox->length > CALL_MAX) {
            outbox->number++;
            status = too_long(outbox);
        }
    }
    return status;
}

static int send_file(struct outbox *outbox)
{
    const char *file = outbox->settings->file;
    bool from_stdin = !file || strcmp(file, "-") == 0;
    outbox->fd = from_stdin ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
    outbox->room = malloc(CALL_MAX + 1);
    if (outbox->fd < 0 || !outbox->room)
        return fail_input(outbox, STATUS_USAGE, "can't be read: ", strerror(errno));
    int status = (outbox->settings->lines ? send_lines : send_whole)(outbox);
    if (!from_stdin)
        close(outbox->fd);
    return status;
}

int send_messages(const struct send_settings *settings)
{
    char why[QUEUE_ERROR];
    struct outbox outbox = {.settings = settings, .queue = queue_open(&settings->use, why)};
    if (!outbox.queue) {
        fprintf(stderr, "dime send: the queue's URL can't be used: %s\n", why);
        return STATUS_USAGE;
    }
    arena_open(&outbox.arena, SEND_MEMORY_MAX);
    int status = send_file(&outbox);
    if ((fflush(stdout) != 0 || ferror(stdout)) && status == STATUS_FINE)
        status = fail_input(&outbox, STATUS_FAILED, "was sent, but the ids can't be written", "");
    free(outbox.room);
    arena_close(&outbox.arena);
    queue_close(outbox.queue);
    return status;
}
