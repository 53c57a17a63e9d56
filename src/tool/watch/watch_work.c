/*
 * watch_work.c - a thread of `dime watch`: passes one file after the other to the function.
 *
 * A file that is still being written is skipped: an event follows when its writer closes it. A
 * lease shows whether there is a writer, since the kernel grants it only if there is none. Without
 * leases, or if other hosts may write, a file is taken once it hasn't changed for a while. A 5xx
 * says nothing about the file, so such a result is temporary, and the next start retries the file.
 * If a file can't be read or its result can't be written, that is retried a few times, and then
 * left until the next start.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "request/log.h"
#include "request/problem.h"
#include "request/request.h"
#include "request/response.h"
#include "tool/ask/media_type.h"
#include "base/backoff.h"
#include "tool/watch/watch.h"
#include "tool/watch/watch_file.h"

enum {
    TRIES_MAX = 5, /* then a 5xx becomes the result */
    WORK_FIRST_MS = 1000,
    WORK_MOST_MS = 16000,
    QUIET_MS = 2000, /* without leases, a file that hasn't changed for so long is complete */
    WAITS_MAX = 10,  /* so often, if the wait must end */
    DISPOSITION_MAX = 4096,
    MOMENT_NS = 5000000, /* before checking again for a writer that may have ended */
    MOMENTS_MAX = 100,
};

/* The current file. */
struct work {
    struct watch_worker *worker;
    struct watch_item *item;
    int read_error; /* errno of a failed read */
    struct watch_file file;
    char result[NAME_MAX + 1];
};

/* The outcome for the file. */
enum end {
    END_NONE,  /* none yet: continue */
    END_DONE,  /* it needs no more work */
    END_AGAIN, /* it failed, and is retried */
    END_LATER, /* it's changing: check again later */
    END_LEFT,  /* it gets no result before the next start, and the log says so */
};

static void say_of_work(const struct work *work, int error, const char *what)
{
    log_say(LOG_LEVEL_ERROR, work->worker->settings->callee->name, error, "%s: %s",
            work->item->name, what);
}

/* Reads the file. Returns 200, or the status of a problem, with its detail in WHY. */
static int read_watched_file(struct work *work, dime_text *bytes, const char **why)
{
    const struct stat *stat = &work->file.stat;
    *why = "The file has more than 16 MiB; make it smaller.";
    if (stat->st_size < 0 || stat->st_size > WATCH_FILE_MAX)
        return 413;
    size_t size = (size_t)stat->st_size, length = 0;
    char *room = arena_alloc(&work->worker->arena, size + 1);
    *why = "Out of memory to read the file; try again later.";
    if (!room)
        return 503;
    while (length < size) {
        ssize_t got = pread(work->file.fd, room + length, size - length, (off_t)length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            work->read_error = got ? errno : EIO;
            *why = "The file can't be read.";
            return 503;
        }
        length += (size_t)got;
    }
    *bytes = (dime_text){room, length};
    return 200;
}

/* Whether the file hasn't changed for a while: by its mtime, or since the last check. The mtime
 * alone isn't enough, since it may come from a file server's clock. */
static bool is_unchanged(const struct work *work)
{
    int64_t changed_ns = clock_ns(&work->file.stat.st_ctim), seen_ns = work->item->seen_ns;
    int64_t age_ms = clock_epoch_ms() - changed_ns / 1000000;
    work->item->seen_ns = changed_ns;
    return age_ms >= QUIET_MS || seen_ns == changed_ns;
}

/*
 * Whether the file is open for writing. The kernel reports the close a moment before it stops
 * counting the writer, and no other event follows. So this checks several times.
 */
static enum watch_writer find_writer(const struct work *work)
{
    const struct timespec moment = clock_timespec(MOMENT_NS);
    enum watch_writer writer = watch_file_writer(&work->file);
    for (int i = 0; work->item->finished && i < MOMENTS_MAX && writer == WATCH_WRITER; i++) {
        nanosleep(&moment, NULL);
        writer = watch_file_writer(&work->file);
    }
    return writer;
}

/* Decides whether to wait for a writer. */
static enum end wait_for_writers(const struct work *work)
{
    const struct watch_worker *worker = work->worker;
    enum watch_writer writer = find_writer(work);
    if (writer == WATCH_WRITER && worker->trust.leases) {
        if (!worker->settings->once)
            return END_DONE; /* an event follows when it's closed */
        say_of_work(work, 0, "it's being written; it's left until the next start");
        return END_LEFT;
    }
    if (writer == WATCH_NO_WRITER && worker->trust.events)
        return END_NONE;
    return work->item->finished || is_unchanged(work) ? END_NONE : END_LATER;
}

/* A hash of the file's current version; never 0. */
static uint64_t mark_of(const struct work *work)
{
    const struct stat *stat = &work->file.stat;
    uint64_t mark = watch_hash(work->item->name) ^ (uint64_t)clock_ns(&stat->st_ctim);
    return (mark * 0x9E3779B97F4A7C15 ^ (uint64_t)stat->st_ino) | 1;
}

static bool is_left(const struct work *work)
{
    uint64_t mark = mark_of(work);
    return work->worker->left[mark / 2 % WATCH_LEFT_MAX] == mark;
}

/* Remembers that this version of the file is left until the next start. If an entry is overwritten
 * by another, its file is merely retried more often. */
static void leave(const struct work *work)
{
    uint64_t mark = mark_of(work);
    work->worker->left[mark / 2 % WATCH_LEFT_MAX] = mark;
}

/* Finds the file, and opens it if there is work to do. */
static enum end open_file(struct work *work)
{
    struct watch_file *file = &work->file;
    bool found = watch_file_find(file);
    if (found && (watch_result_is_of(work->result, file) || is_left(work)))
        return END_DONE;
    if (found && watch_file_open(file))
        return END_NONE;
    int error = errno;
    if (!error)
        return END_DONE; /* it isn't a regular file, or is gone */
    say_of_work(work, error, found ? "it can't be opened" : "it can't be examined");
    return error == EACCES || error == EPERM ? END_LEFT : END_AGAIN;
}

/*
 * Sends the file to the function as the body of a request, as curl --data-binary would. The request
 * isn't marked as an event: users who may put files into the folder are trusted no more than
 * clients.
 */
static void ask_about_file(struct work *work)
{
    struct watch_worker *worker = work->worker;
    char id[33];
    const char *why;
    struct buffer disposition;
    struct header header = {.name = TEXT("content-disposition")};
    struct incoming incoming = {0};
    arena_reset(&worker->arena);
    request_make_id(id);
    buffer_open(&disposition, &worker->arena, DISPOSITION_MAX);
    buffer_puts(&disposition, "attachment");
    media_put_file_name(&disposition, work->item->name);
    header.value = buffer_text(&disposition);
    struct request request = {.arena = &worker->arena,
                              .id = text_of(id),
                              .source = DIME_HTTP,
                              .method = DIME_POST,
                              .scheme = TEXT("http"),
                              .path = TEXT("/"),
                              .query = TEXT(""),
                              .headers = &header,
                              .header_count = 1,
                              .content_type = media_type_of(work->item->name),
                              .body = TEXT(""),
                              .deadline_ms = clock_epoch_ms() + worker->settings->timeout_ms};
    int status = read_watched_file(work, &request.body, &why);
    if (status != 200)
        incoming = (struct incoming){.refusal = REFUSED_EVENT, .status = status, .why = why};
    response_open(&worker->response, &worker->arena);
    ask_function(&worker->ask, &request, &incoming, &worker->response);
}

/* Logs a problem. Returns whether to retry. */
static bool judge(const struct work *work)
{
    const struct response *response = &work->worker->response;
    dime_text why = problem_detail(response);
    bool ours = response->status >= 500, again = ours && work->item->tries + 1 < TRIES_MAX;
    if (response->status >= 400)
        log_say(LOG_LEVEL_WARN, work->worker->settings->callee->name, 0,
                "%s failed with %d%s: %.*s", work->item->name, response->status,
                again  ? ", and is retried"
                : ours ? ", and is retried at the next start"
                       : "",
                (int)why.length, why.data);
    return again;
}

/* Handles the answer: a 4xx is the file's result, a 5xx is retried. */
static enum end take_file_answer(const struct work *work)
{
    struct watch_worker *worker = work->worker;
    const struct response *response = &worker->response;
    bool ours = response->status >= 500;
    if (!watch_file_is_unchanged(&work->file))
        return END_LATER;
    if (work->read_error) {
        say_of_work(work, work->read_error, "it can't be read");
        return END_AGAIN;
    }
    if (judge(work))
        return END_AGAIN;
    if (!watch_result_write(work->result, worker->settings->callee->name, &work->file,
                            buffer_text(&response->body), !ours)) {
        say_of_work(work, errno, "the result can't be written");
        return END_AGAIN;
    }
    if (ours)
        leave(work);
    if (response->status > worker->worst)
        worker->worst = response->status;
    return END_DONE;
}

static enum end do_work(struct work *work)
{
    int length = snprintf(work->result, sizeof work->result, "%s.%s.json", work->item->name,
                          work->worker->settings->callee->name);
    if (length < 0 || (size_t)length >= sizeof work->result) {
        if (watch_file_find(&work->file) && !is_left(work)) {
            say_of_work(work, ENAMETOOLONG, "it can't have a result");
            return END_LEFT;
        }
        return END_DONE;
    }
    enum end end = open_file(work);
    if (end == END_NONE)
        end = wait_for_writers(work);
    if (end != END_NONE)
        return end;
    watch_file_settle(&work->file);
    ask_about_file(work);
    return take_file_answer(work);
}

/* Appends an item; the lock is held. */
static void append(struct watch_worker *worker, struct watch_item *item)
{
    item->next = NULL;
    *worker->last = item;
    worker->last = &item->next;
    worker->count++;
}

uint64_t watch_hash(const char *name)
{
    uint64_t hash = 0xCBF29CE484222325;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 0x100000001B3;
    return hash;
}

bool watch_give(struct watch_worker *worker, const char *name, bool finished)
{
    size_t size = strlen(name) + 1;
    struct watch_item *item = malloc(sizeof *item + size);
    if (!item)
        return false;
    *item = (struct watch_item){.finished = finished};
    memcpy(item->name, name, size);
    pthread_mutex_lock(&worker->lock);
    bool room = worker->count < WATCH_QUEUE_MAX;
    if (room) {
        append(worker, item);
        pthread_cond_signal(&worker->more);
    }
    pthread_mutex_unlock(&worker->lock);
    if (!room)
        free(item);
    return room;
}

/* Takes the first item that is due; the lock is held. *DUE is when the next one is due. */
static struct watch_item *take_due(struct watch_worker *worker, int64_t *due_ns)
{
    int64_t now_ns = clock_monotonic_ns();
    *due_ns = INT64_MAX;
    for (struct watch_item **link = &worker->first; *link; link = &(*link)->next) {
        struct watch_item *item = *link;
        if (item->due_ns <= now_ns) {
            *link = item->next;
            if (!item->next)
                worker->last = link;
            worker->count--;
            return item;
        }
        *due_ns = item->due_ns < *due_ns ? item->due_ns : *due_ns;
    }
    return NULL;
}

static void wait_for_more(struct watch_worker *worker, int64_t due_ns)
{
    struct timespec due = clock_timespec(due_ns);
    if (due_ns == INT64_MAX)
        pthread_cond_wait(&worker->more, &worker->lock);
    else
        pthread_cond_timedwait(&worker->more, &worker->lock, &due); /* by the monotonic clock */
}

/* Waits for the next item. NULL: the worker must stop. */
static struct watch_item *next_item(struct watch_worker *worker)
{
    struct watch_item *item = NULL;
    int64_t due_ns;
    pthread_mutex_lock(&worker->lock);
    worker->busy = false;
    while (!worker->stopping && !(item = take_due(worker, &due_ns))) {
        (void)eventfd_write(worker->news, 1);
        wait_for_more(worker, due_ns);
    }
    worker->busy = item;
    bool has_room = worker->count == WATCH_QUEUE_MAX / 2;
    pthread_mutex_unlock(&worker->lock);
    if (has_room)
        (void)eventfd_write(worker->news, 1);
    return item;
}

/* Schedules the next try of an item. False: there are no more. */
static bool put_back(struct watch_worker *worker, struct watch_item *item, enum end end)
{
    struct backoff backoff = {.delay_ms = item->tries ? (WORK_FIRST_MS / 2) << item->tries : 0};
    bool for_ever = worker->trust.events && !worker->settings->once;
    int64_t wait_ms = QUIET_MS;
    if (end == END_LATER) {
        item->finished = false;
        item->tries = 0;
        if (++item->waits >= WAITS_MAX && !for_ever)
            return false;
    } else {
        if (++item->tries >= TRIES_MAX)
            return false;
        wait_ms = backoff_next(&backoff, WORK_FIRST_MS, WORK_MOST_MS);
    }
    item->due_ns = clock_in_ms(wait_ms);
    pthread_mutex_lock(&worker->lock);
    append(worker, item);
    pthread_mutex_unlock(&worker->lock);
    return true;
}

/* Gives up on a file that has had all its tries, or that keeps changing. */
static void give_file_up(const struct work *work, enum end end)
{
    struct watch_worker *worker = work->worker;
    if (end == END_LATER && !worker->settings->once)
        return; /* the next scan finds it */
    if (end != END_LEFT)
        log_say(LOG_LEVEL_ERROR, worker->settings->callee->name, 0,
                end == END_LATER ? "%s keeps changing, and is left until the next start"
                                 : "%s has no result, and is left until the next start",
                work->item->name);
    leave(work);
    worker->unwritten++;
}

static void take(struct watch_worker *worker, struct watch_item *item)
{
    struct work work = {
        .worker = worker,
        .item = item,
        .file = {.folder = worker->folder, .name = item->name, .fd = -1},
    };
    enum end end = do_work(&work);
    watch_file_close(&work.file);
    bool back = end == END_AGAIN || end == END_LATER;
    if (back && put_back(worker, item, end))
        return;
    if (back || end == END_LEFT)
        give_file_up(&work, end);
    free(item);
}

void *watch_work(void *argument)
{
    struct watch_worker *worker = argument;
    for (struct watch_item *item; (item = next_item(worker));)
        take(worker, item);
    ask_close(&worker->ask); /* by the thread that may have started it: see program.h */
    pthread_mutex_lock(&worker->lock);
    worker->ended = true;
    pthread_mutex_unlock(&worker->lock);
    (void)eventfd_write(worker->news, 1);
    return NULL;
}
