/*
 * answers.c - passes answers on, before their messages are acknowledged.
 *
 * So an answer may be passed on twice, as a message may be delivered twice, but none is lost. Lines
 * of several threads aren't mixed: one whole line is written at a time.
 */
#include "tool/consume/answers.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/number.h"
#include "request/log.h"
#include "base/backoff.h"

enum {
    ANSWERS_MEMORY_MAX = 16 * 1024 * 1024,
    ANSWERS_FIRST_MS = 100, /* the first wait after an error */
    ANSWERS_MOST_MS = 3000,
    ANSWERS_LAST_MS = 2000, /* for the reader of stdout, once the consumer must stop */
};

bool answers_open(struct answers *answers, const struct queue_use *use, dime_text url,
                  struct outage *outage, char why[QUEUE_ERROR])
{
    struct queue_use own = *use;
    *answers = (struct answers){.function = use->function, .outage = outage, .stop = use->stop};
    own.url = url;
    own.stop = -1; /* answers are passed on even while the consumer stops */
    if (!text_equal(url, TEXT("-"))) {
        answers->queue = queue_open(&own, why);
        if (!answers->queue)
            return false;
    }
    arena_open(&answers->arena, ANSWERS_MEMORY_MAX);
    return true;
}

void answers_close(struct answers *answers)
{
    queue_close(answers->queue);
    arena_close(&answers->arena);
}

/* The state of stdout, for all threads. A thread holds the lock while it writes. */
static struct {
    pthread_mutex_t lock;
    int fd;         /* -1: not opened yet */
    bool is_socket; /* then each send sets MSG_DONTWAIT */
    bool gone;      /* the reader is gone, or a line was cut off */
    int64_t end_ns; /* no wait lasts beyond that; 0: the consumer isn't stopping */
} out = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1};

/*
 * A descriptor of stdout that doesn't block. Other programs may share stdout, and may not expect
 * O_NONBLOCK, so stdout is opened again. If that fails, short writes after a poll are used.
 */
static void open_out(void)
{
    struct stat stat;
    if (out.fd >= 0)
        return;
    bool known = fstat(STDOUT_FILENO, &stat) == 0;
    if (known && (S_ISFIFO(stat.st_mode) || S_ISCHR(stat.st_mode)))
        out.fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    out.is_socket = known && S_ISSOCK(stat.st_mode);
    if (out.fd < 0)
        out.fd = STDOUT_FILENO;
}

static ssize_t write_some(dime_text line)
{
    size_t most = line.length < PIPE_BUF ? line.length : PIPE_BUF;
    if (out.is_socket)
        return send(out.fd, line.data, most, MSG_DONTWAIT | MSG_NOSIGNAL);
    return write(out.fd, line.data, most);
}

/* How long to wait, in milliseconds; -1: for ever; 0: the time is over. */
static int left_ms(int stop)
{
    if (!out.end_ns && backoff_wait(0, stop))
        return -1;
    if (!out.end_ns)
        out.end_ns = clock_in_ms(ANSWERS_LAST_MS);
    return (int)larger(0, clock_left_ms(out.end_ns));
}

/* Waits until stdout is writable. False: the consumer must stop, and its grace period is over. */
static bool wait_for_reader(int stop)
{
    for (;;) {
        int most_ms = left_ms(stop);
        struct pollfd fds[] = {{.fd = out.fd, .events = POLLOUT},
                               {.fd = most_ms < 0 ? stop : -1, .events = POLLIN}};
        if (poll(fds, 2, most_ms) > 0 && fds[0].revents)
            return true; /* the write will report an error */
        if (most_ms == 0)
            return false;
    }
}

/* Waits a while after an error such as a full disk. False as above. */
static bool wait_for_room(int stop, struct backoff *backoff)
{
    if (backoff_wait(backoff_next(backoff, ANSWERS_FIRST_MS, ANSWERS_MOST_MS), stop))
        return true;
    return left_ms(stop) > 0 && backoff_wait(ANSWERS_FIRST_MS, -1);
}

/*
 * Writes all of LINE or nothing, since part of a line would spoil the next one; or marks stdout as
 * gone. So once some of the line is written, errors are waited out here.
 */
static enum keep_end write_line(const struct answers *answers, dime_text line)
{
    struct backoff backoff = {0};
    size_t whole = line.length;
    while (line.length) {
        if (!wait_for_reader(answers->stop))
            return KEEP_ENDED;
        ssize_t wrote = write_some(line);
        if (wrote >= 0) {
            line = text_skip(line, (size_t)wrote);
            continue;
        }
        if (errno == EINTR || errno == EAGAIN)
            continue;
        if (errno == EPIPE)
            return KEEP_ENDED;
        outage_fail(answers->outage, strerror(errno));
        if (line.length == whole)
            return KEEP_LATER;
        if (!wait_for_room(answers->stop, &backoff))
            return KEEP_ENDED;
    }
    return KEEP_PASSED;
}

static enum keep_end print_line(struct answers *answers, dime_text answer)
{
    struct buffer line;
    arena_reset(&answers->arena);
    buffer_open(&line, &answers->arena, answer.length + 1);
    buffer_put(&line, answer);
    buffer_puts(&line, "\n");
    if (line.failed) {
        outage_fail(answers->outage, "out of memory");
        return KEEP_LATER;
    }
    pthread_mutex_lock(&out.lock);
    open_out();
    enum keep_end end = out.gone ? KEEP_ENDED : write_line(answers, buffer_text(&line));
    if (end == KEEP_ENDED && !out.gone)
        log_say(LOG_LEVEL_ERROR, answers->function, 0,
                "nobody reads the answers; stopping, and unanswered messages are delivered again");
    out.gone = end == KEEP_ENDED;
    pthread_mutex_unlock(&out.lock);
    return end;
}

static enum keep_end put_into_queue(struct answers *answers, dime_text answer)
{
    struct queue *queue = answers->queue;
    dime_text id;
    bool long_one = answer.length > QUEUE_BODY_MAX;
    if (!long_one) {
        arena_reset(&answers->arena);
        if (queue_send(queue, &answer, 1, &id, &answers->arena))
            return KEEP_PASSED;
    }
    if (!long_one && !queue->refused) {
        outage_fail(answers->outage, queue->error);
        return KEEP_LATER;
    }
    if (long_one)
        queue_fail(queue, "it has %zu bytes, and a message may have at most %d", answer.length,
                   QUEUE_BODY_MAX);
    log_say(LOG_LEVEL_ERROR, answers->function, 0,
            "an answer can't be passed on, so its message has failed: %s", queue->error);
    return KEEP_REFUSED;
}

enum keep_end answers_pass(struct answers *answers, dime_text answer)
{
    enum keep_end end = (answers->queue ? put_into_queue : print_line)(answers, answer);
    if (end == KEEP_PASSED)
        outage_end(answers->outage);
    return end;
}
