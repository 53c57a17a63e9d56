/*
 * emulator_output.c - what a process writes: passed on, and the end of it kept.
 *
 * It's passed on unchanged, and never faster than ours is read: a piece is taken only where it can
 * be written at once, so that a reader who stops for a while stops the process and not us.
 */
#include "hosts/emulator_environment.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base64.h"

enum { PIECE = 4096, PIECES_MAX = 64 };

static void remember(struct tail *tail, const char *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        tail->data[tail->total++ % TAIL_SIZE] = data[i];
}

/* Whether a piece of PIPE_BUF bytes can be written there without waiting. */
static bool is_writable(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLOUT};
    return fd < 0 || poll(&one, 1, 0) != 0;
}

static void write_on(struct output *output, const char *data, size_t size)
{
    while (size && output->to >= 0) {
        ssize_t wrote = write(output->to, data, size);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0) {
            output->to = -1; /* nobody reads it any more: the process shouldn't suffer */
            return;
        }
        data += wrote;
        size -= (size_t)wrote;
    }
}

/* Passes one piece on; false where there is none now, or nobody takes it. */
static bool forward_piece(struct output *output, struct tail *tail)
{
    char piece[PIECE];
    if (output->from < 0)
        return false;
    output->blocked = !is_writable(output->to);
    if (output->blocked)
        return false;
    ssize_t got = read(output->from, piece, sizeof piece);
    if (got > 0) {
        remember(tail, piece, (size_t)got);
        write_on(output, piece, (size_t)got);
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        close(output->from);
        output->from = -1;
    }
    return got > 0;
}

void environment_forward(struct environment *environment)
{
    for (size_t i = 0; i < 2; i++) {
        for (int pieces = 0; pieces < PIECES_MAX; pieces++) {
            if (!forward_piece(&environment->outputs[i], &environment->tail))
                break;
        }
    }
}

char *environment_tail(struct environment *environment, size_t from)
{
    struct arena arena;
    struct buffer out;
    char room[TAIL_SIZE];
    size_t total = environment->tail.total;
    size_t length = total - from < TAIL_SIZE ? total - from : TAIL_SIZE;
    for (size_t i = 0; i < length; i++)
        room[i] = environment->tail.data[(total - length + i) % TAIL_SIZE];
    arena_open(&arena, (size_t)8 * TAIL_SIZE);
    buffer_open(&out, &arena, (size_t)4 * TAIL_SIZE);
    buffer_base64(&out, (struct text){room, length});
    char *tail = out.failed ? NULL : strndup(out.data ? out.data : "", out.length);
    arena_close(&arena);
    return tail;
}
