/*
 * answers.c - passes answers on, before what they answer is acknowledged.
 *
 * So an answer can come twice, as a message can, but none is lost. Lines of several threads don't
 * get into each other: one is written at a time, whole.
 */
#include "hosts/answers.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/log.h"

enum { MEMORY_MAX = 16 * 1024 * 1024 };

bool answers_open(struct answers *answers, const struct queue_use *use, struct text url,
                  char why[QUEUE_ERROR])
{
    struct queue_use own = *use;
    *answers = (struct answers){.function = use->function};
    own.url = url;
    own.stop = -1; /* what is finished is passed on, also while the consumer stops */
    if (!text_equal(url, TEXT("-"))) {
        answers->queue = queue_open(&own, why);
        if (!answers->queue)
            return false;
    }
    arena_open(&answers->arena, MEMORY_MAX);
    return true;
}

void answers_close(struct answers *answers)
{
    queue_close(answers->queue);
    arena_close(&answers->arena);
}

/* Says why answers can't be passed on; the same only once. Returns END. */
static enum answers_end fail(struct answers *answers, enum answers_end end, const char *why)
{
    if (strncmp(answers->said, why, sizeof answers->said - 1) != 0)
        log_say(LOG_LEVEL_ERROR, answers->function, 0, "answers can't be passed on: %s", why);
    (void)snprintf(answers->said, sizeof answers->said, "%s", why);
    return end;
}

/* Waits where stdout is a pipe that is full and doesn't block. */
static bool may_write_again(void)
{
    struct pollfd fd = {.fd = STDOUT_FILENO, .events = POLLOUT};
    if (errno == EAGAIN)
        (void)poll(&fd, 1, -1);
    return errno == EAGAIN || errno == EINTR;
}

static bool write_line(struct text line)
{
    char end = '\n';
    struct iovec parts[] = {{(char *)line.data, line.length}, {&end, 1}};
    while (parts[0].iov_len || parts[1].iov_len) {
        ssize_t wrote = writev(STDOUT_FILENO, parts, 2);
        if (wrote < 0 && !may_write_again())
            return false;
        for (size_t i = 0; i < 2 && wrote > 0; i++) {
            size_t of_it = (size_t)wrote < parts[i].iov_len ? (size_t)wrote : parts[i].iov_len;
            parts[i].iov_base = (char *)parts[i].iov_base + of_it;
            parts[i].iov_len -= of_it;
            wrote -= (ssize_t)of_it;
        }
    }
    return true;
}

static enum answers_end print(struct answers *answers, struct text answer)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
    bool written = write_line(answer);
    int error = errno;
    pthread_mutex_unlock(&lock);
    if (written)
        return ANSWERS_PASSED;
    return fail(answers, error == EPIPE ? ANSWERS_GONE : ANSWERS_LATER, strerror(error));
}

static enum answers_end put(struct answers *answers, struct text answer)
{
    struct text id;
    char why[96];
    if (answer.length > QUEUE_BODY_MAX) {
        snprintf(why, sizeof why, "one has %zu bytes, and a message at most %d", answer.length,
                 QUEUE_BODY_MAX);
        return fail(answers, ANSWERS_NEVER, why);
    }
    arena_reset(&answers->arena);
    if (queue_send(answers->queue, &answer, 1, &id, &answers->arena))
        return ANSWERS_PASSED;
    return fail(answers, ANSWERS_LATER, answers->queue->error);
}

enum answers_end answers_pass(struct answers *answers, struct text answer)
{
    enum answers_end end = (answers->queue ? put : print)(answers, answer);
    if (end == ANSWERS_PASSED && answers->said[0]) {
        log_say(LOG_LEVEL_INFO, answers->function, 0, "answers are passed on again");
        answers->said[0] = '\0';
    }
    return end;
}
