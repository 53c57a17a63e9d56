/*
 * output.c - passes on the output of a process, and keeps its end.
 *
 * The output is passed on unchanged, except to a terminal, where escapes are made visible. A piece
 * is read only if it can be written at once, so that a reader that stops for a while stops the
 * process and not us.
 */
#include "emulator/output.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/base64.h"

enum { PIECE = 4096, PIECES_MAX = 64, SHOWN = PIECE / TERMINAL_ESCAPE - TERMINAL_HELD };

static void remember(struct emu_tail *tail, const char *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        tail->data[tail->total++ % EMU_TAIL_SIZE] = data[i];
}

/* Whether PIPE_BUF bytes can be written there without blocking. */
static bool is_writable(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLOUT};
    return fd < 0 || poll(&one, 1, 0) != 0;
}

static void write_on(struct emu_output *output, const char *data, size_t size)
{
    while (size && output->to >= 0) {
        ssize_t wrote = write(output->to, data, size);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0) {
            output->to = -1; /* the reader is gone, which mustn't block the process */
            return;
        }
        data += wrote;
        size -= (size_t)wrote;
    }
}

static void show_on(struct emu_output *output, const char *data, size_t size)
{
    char room[TERMINAL_ROOM(SHOWN)];
    size_t length = terminal_show(&output->shown, (dime_text){data, size}, room);
    write_on(output, room, length);
}

/* Passes on a piece. False: there is none now, or it can't be written now. */
static bool forward_piece(struct emu_output *output, struct emu_tail *tail)
{
    char piece[PIECE];
    if (output->from < 0)
        return false;
    output->blocked = !is_writable(output->to);
    if (output->blocked)
        return false;
    bool shows = output->to >= 0 && isatty(output->to);
    ssize_t got = read(output->from, piece, shows ? SHOWN : sizeof piece);
    if (got > 0) {
        remember(tail, piece, (size_t)got);
        (shows ? show_on : write_on)(output, piece, (size_t)got);
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        show_on(output, "", 0);
        close(output->from);
        output->from = -1;
    }
    return got > 0;
}

void emu_output_forward(struct emu_environment *environment)
{
    for (size_t i = 0; i < 2; i++) {
        for (int pieces = 0; pieces < PIECES_MAX; pieces++) {
            if (!forward_piece(&environment->outputs[i], &environment->tail))
                break;
        }
    }
}

/* Appends what the process has written since FROM, as far as it's still kept. */
static void put_written(struct buffer *log, const struct emu_tail *tail, size_t from)
{
    char room[EMU_TAIL_SIZE];
    size_t length = tail->total - from < EMU_TAIL_SIZE ? tail->total - from : EMU_TAIL_SIZE;
    for (size_t i = 0; i < length; i++)
        room[i] = tail->data[(tail->total - length + i) % EMU_TAIL_SIZE];
    buffer_put(log, (dime_text){room, length});
    if (length && room[length - 1] != '\n')
        buffer_puts(log, "\n");
}

char *emu_output_tail(struct emu_environment *environment, const struct emu_exchange *exchange)
{
    struct arena arena;
    struct buffer log, out;
    arena_open(&arena, (size_t)16 * EMU_TAIL_SIZE);
    buffer_open(&log, &arena, (size_t)4 * EMU_TAIL_SIZE);
    buffer_open(&out, &arena, (size_t)4 * EMU_TAIL_SIZE);
    buffer_printf(&log, "START RequestId: %s Version: $LATEST\n", exchange->held_id);
    put_written(&log, &environment->tail, exchange->held_from);
    buffer_printf(&log, "END RequestId: %s\n%s", exchange->held_id, exchange->held_report);
    dime_text last = buffer_text(&log);
    if (last.length > EMU_TAIL_SIZE)
        last = text_skip(last, last.length - EMU_TAIL_SIZE);
    buffer_base64(&out, last);
    bool fine = !log.failed && !out.failed;
    char *tail = fine ? strndup(out.data ? out.data : "", out.length) : NULL;
    arena_close(&arena);
    return tail;
}
