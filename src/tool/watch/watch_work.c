/*
 * watch_work.c - a thread of `dime watch`: one file after the other to the function.
 *
 * A file that somebody is still writing is left alone: its writer's end raises an event. A lease,
 * which the kernel grants only on a file that nobody writes, tells whether there is a writer. Where
 * there are no leases, and where other hosts may write, a file is taken once it hasn't changed for
 * a while. A failure of ours says nothing of the file, so its result doesn't last: the next start
 * has it anew. What can't be read or written now is tried again, and then left until the next
 * start.
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
    TRIES_MAX = 5, /* then a failure of ours is the result */
    WORK_FIRST_MS = 1000,
    WORK_MOST_MS = 16000,
    QUIET_MS = 2000, /* a file that hasn't changed for so long is whole, where nothing else tells */
    WAITS_MAX = 10,  /* for that, where the wait has to end */
    DISPOSITION_MAX = 4096,
    MOMENT_NS = 5000000, /* after which a writer that has ended is looked for again */
    MOMENTS_MAX = 100,
};

/* The file that is in work. */
struct work {
    struct watch_worker *worker;
    struct watch_item *item;
    int read_error; /* errno of reading it */
    struct watch_file file;
    char result[NAME_MAX + 1];
};

/* What has become of it. */
enum end {
    END_NONE,  /* nothing yet: work on */
    END_DONE,  /* it needs no more work */
    END_AGAIN, /* it failed, and is tried again */
    END_LATER, /* it changes: it's looked at again when it's quiet */
    END_LEFT,  /* it has no result and gets none before the next start, which the log says */
};

static void say_of_work(const struct work *work, int error, const char *what)
{
    log_say(LOG_LEVEL_ERROR, work->worker->settings->callee->name, error, "%s: %s",
            work->item->name, what);
}

/* Reads the file. Returns 200, or the status of a problem with a sentence in WHY. */
static int read_watched_file(struct work *work, dime_text *bytes, const char **why)
{
    const struct stat *stat = &work->file.stat;
    *why = "The file has more than 16 MiB; make it smaller.";
    if (stat->st_size < 0 || stat->st_size > WATCH_FILE_MAX)
        return 413;
    size_t size = (size_t)stat->st_size, length = 0;
    char *room = arena_alloc(&work->worker->arena, size + 1);
    *why = "There is no memory to read the file; try again later.";
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

/* Whether the file hasn't changed for a while: by its time, or since it was looked at before. The
 * time alone won't do, since it's that of a server's clock where the file is on one. */
static bool is_unchanged(const struct work *work)
{
    int64_t changed_ns = clock_ns(&work->file.stat.st_ctim), seen_ns = work->item->seen_ns;
    int64_t age_ms = clock_epoch_ms() - changed_ns / 1000000;
    work->item->seen_ns = changed_ns;
    return age_ms >= QUIET_MS || seen_ns == changed_ns;
}

/*
 * Whether somebody has the file open to write it. The kernel tells of a writer's end a moment
 * before it counts the writer as gone, and no other event would come.
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

/* Sees whether somebody may still be writing the file. */
static enum end wait_for_writers(const struct work *work)
{
    const struct watch_worker *worker = work->worker;
    enum watch_writer writer = find_writer(work);
    if (writer == WATCH_WRITER && worker->trust.leases) {
        if (!worker->settings->once)
            return END_DONE; /* its end raises an event */
        say_of_work(work, 0, "somebody is writing it; it's left until the next start");
        return END_LEFT;
    }
    if (writer == WATCH_NO_WRITER && worker->trust.events)
        return END_NONE;
    return work->item->finished || is_unchanged(work) ? END_NONE : END_LATER;
}

/* Something that has to do with this file as it is now; never 0. */
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

/* Remembers that the file, as it is, is left until the next start. One that is forgotten for
 * another is tried more often, no more. */
static void leave(const struct work *work)
{
    uint64_t mark = mark_of(work);
    work->worker->left[mark / 2 % WATCH_LEFT_MAX] = mark;
}

/* Finds the file, and opens it where it's to be worked on. */
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
        return END_DONE; /* it's no file, or not any more */
    say_of_work(work, error, found ? "it can't be opened" : "it can't be looked at");
    return error == EACCES || error == EPERM ? END_LEFT : END_AGAIN;
}

/*
 * Hands the file to the function as the body of a request, as curl --data-binary would. It's no
 * event of the tool's own: whoever may put files into the folder is trusted no further than a
 * client.
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

/* Logs a problem. Returns whether it's one that may pass, and has further tries. */
static bool judge(const struct work *work)
{
    const struct response *response = &work->worker->response;
    dime_text why = problem_detail(response);
    bool ours = response->status >= 500, again = ours && work->item->tries + 1 < TRIES_MAX;
    if (response->status >= 400)
        log_say(LOG_LEVEL_WARN, work->worker->settings->callee->name, 0,
                "%s failed with %d%s: %.*s", work->item->name, response->status,
                again  ? ", and is tried again"
                : ours ? ", and is tried again at the next start"
                       : "",
                (int)why.length, why.data);
    return again;
}

/* What the answer means: a problem of the file is its result, one of ours is tried again. */
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
            say_of_work(work, ENAMETOOLONG, "it can have no result");
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

/* Adds an item at the end; the lock is held. */
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

/* Takes the first item that is due; the lock is held. *DUE is when the next one will be. */
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

/* Waits for the next item; NULL: it's to stop. */
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

/* Lets an item wait for its next try. False: it has had them all. */
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

/* Gives a file up that has had all its tries, or that doesn't come to rest. */
static void give_file_up(const struct work *work, enum end end)
{
    struct watch_worker *worker = work->worker;
    if (end == END_LATER && !worker->settings->once)
        return; /* the next look finds it */
    if (end != END_LEFT)
        log_say(LOG_LEVEL_ERROR, worker->settings->callee->name, 0,
                end == END_LATER ? "%s changes all the time, and is left until the next start"
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
