/*
 * watch_work.c - a thread of `dime watch`: one file after the other through the function.
 *
 * A result has the time of its file: so whoever looks can tell, also after a restart, whether it's
 * there and is that of the file as it is now. A failure of ours says nothing of the file, so it
 * keeps its own time, and the next start finds the file without a result. It's written under a name
 * of the thread's own, synced and renamed: whole or absent, whenever the process or the machine
 * ends. A file that somebody is still writing is left alone, since its writer's end will be told
 * of; a lease, which the kernel grants only on a file that nobody writes, tells. Where there are no
 * leases a file is taken as it is, and again when it's closed.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/problem.h"
#include "core/request.h"
#include "hosts/backoff.h"
#include "hosts/watch.h"

enum {
    TRIES_MAX = 5, /* then a failure of ours is the result */
    FIRST_MS = 1000,
    MOST_MS = 16000,
    EVENT_MAX = 4096,
    TICK_NS = 20000000, /* twice what the slowest of Linux's clocks takes for a step */
};

/* The file that is in work. */
struct work {
    struct watch_worker *worker;
    const struct watch_item *item;
    struct upload upload; /* must be found from its address */
    int fd;
    struct stat stat;
    char result[NAME_MAX + 1];
};

/* What has become of it. */
enum end { END_DONE, END_AGAIN };

static int64_t nanoseconds(const struct timespec *time)
{
    return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

static bool same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           nanoseconds(&a->st_mtim) == nanoseconds(&b->st_mtim);
}

static void say(const struct work *work, int error, const char *what)
{
    log_say(LOG_LEVEL_ERROR, work->worker->settings->function->name, error, "%s: %s",
            work->item->name, what);
}

static enum upload_end read_upload(const struct upload *upload, size_t most, struct arena *arena,
                                   struct text *bytes)
{
    const struct work *work =
        (const struct work *)((const char *)upload - offsetof(struct work, upload));
    if (work->stat.st_size < 0 || (uintmax_t)work->stat.st_size > most)
        return UPLOAD_TOO_LARGE;
    size_t size = (size_t)work->stat.st_size, length = 0;
    char *room = arena_alloc(arena, size + 1);
    if (!room)
        return UPLOAD_NO_MEMORY;
    while (length < size) {
        ssize_t got = pread(work->fd, room + length, size - length, (off_t)length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return UPLOAD_GONE;
        length += (size_t)got;
    }
    *bytes = (struct text){room, length};
    return UPLOAD_READ;
}

/* Whether somebody may still be writing the file. */
static bool is_written(const struct work *work)
{
    if (fcntl(work->fd, F_SETLEASE, F_RDLCK) == 0) {
        (void)fcntl(work->fd, F_SETLEASE, F_UNLCK);
        return false;
    }
    /* EAGAIN: somebody is. Anything else: there are no leases here, or none for us. */
    return errno == EAGAIN || work->item->created;
}

/*
 * Waits until the file's time is past. Files have coarse times: one that was changed again at once
 * would keep its time, and the result of what was read before would pass for that of the file.
 */
static void let_time_pass(const struct work *work)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    int64_t age_ns = nanoseconds(&now) - nanoseconds(&work->stat.st_mtim);
    if (age_ns >= 0 && age_ns < TICK_NS)
        nanosleep(&(struct timespec){.tv_nsec = TICK_NS - age_ns}, NULL);
}

/* Opens the file, if it's one to be worked on. */
static bool open_file(struct work *work)
{
    const char *name = work->item->name;
    /* No link is followed out of the folder, and nobody waits for a pipe's other end. */
    work->fd = openat(work->worker->folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (work->fd < 0) {
        if (errno != ENOENT && errno != ELOOP && errno != ENXIO)
            say(work, errno, "it can't be opened");
        return false;
    }
    return fstat(work->fd, &work->stat) == 0 && S_ISREG(work->stat.st_mode);
}

/* Whether the result is there, and of the file as it is. */
static bool has_result(const struct work *work)
{
    struct stat stat;
    return fstatat(work->worker->folder, work->result, &stat, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(stat.st_mode) && nanoseconds(&stat.st_mtim) == nanoseconds(&work->stat.st_mtim);
}

/* Whether the name still stands for the file that was read, unchanged. */
static bool is_unchanged(const struct work *work)
{
    struct stat now;
    return fstatat(work->worker->folder, work->item->name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
           same(&now, &work->stat);
}

static bool write_all(int fd, struct text bytes)
{
    while (bytes.length) {
        ssize_t written = write(fd, bytes.data, bytes.length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes.data += written;
        bytes.length -= (size_t)written;
    }
    return true;
}

/* Writes the result in a file of this name, with the file's time, so that it lasts; one that is to
 * be had anew at the next start keeps the time of its own. */
static bool write_temporary(const struct work *work, const char *name, struct text result)
{
    bool lasts = work->worker->invocation.response.status < 500;
    const struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, work->stat.st_mtim};
    int fd = openat(work->worker->folder, name,
                    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0)
        return false;
    bool fine = write_all(fd, result) && (!lasts || futimens(fd, times) == 0) && fsync(fd) == 0;
    int error = errno;
    if (close(fd) != 0 && fine) {
        error = errno;
        fine = false;
    }
    errno = error;
    return fine;
}

static bool write_result(const struct work *work, struct text result)
{
    char name[64 + NAME_MAX];
    int folder = work->worker->folder;
    snprintf(name, sizeof name, ".dime-watch.%.200s.%d", work->worker->settings->function->name,
             work->worker->number);
    if (write_temporary(work, name, result) && renameat(folder, name, folder, work->result) == 0)
        return true;
    say(work, errno, "the result can't be written");
    (void)unlinkat(folder, name, 0);
    return false;
}

/* Runs the function; its answer is in the worker's invocation. */
static void run(struct work *work)
{
    struct watch_worker *worker = work->worker;
    struct invocation *invocation = &worker->invocation;
    struct invoker invoker = {.function = worker->settings->function,
                              .state = worker->state,
                              .upload = &work->upload,
                              .deadline_ms = clock_epoch_ms() + worker->settings->timeout_ms};
    struct buffer event;
    arena_reset(&worker->arena);
    buffer_open(&event, &worker->arena, EVENT_MAX);
    watch_event(&event, worker->path, work->item->name, (int64_t)work->stat.st_size,
                nanoseconds(&work->stat.st_mtim));
    invocation->started_ns = clock_monotonic_ns();
    event_read(&invocation->event, event.failed ? TEXT("{}") : buffer_text(&event), &worker->arena);
    worker->arena.failed = worker->arena.failed || event.failed;
    invoke_event(invocation, &invoker, &worker->arena);
    invocation->ended_ns = clock_monotonic_ns();
    invoke_log(invocation, &invoker, "watch", event.length, invocation->response.body.length);
}

/* What the answer means: a problem of the file is its result, one of ours is tried again. */
static enum end take_answer(const struct work *work)
{
    const struct response *response = &work->worker->invocation.response;
    struct text why = problem_detail(response);
    bool ours = response->status >= 500, again = ours && work->item->tries + 1 < TRIES_MAX;
    if (response->status >= 400)
        log_say(LOG_LEVEL_WARN, work->worker->settings->function->name, 0,
                "%s failed with %d%s: %.*s", work->item->name, response->status,
                again  ? ", and is tried again"
                : ours ? ", and is tried again at the next start"
                       : "",
                (int)why.length, why.data);
    if (again)
        return END_AGAIN;
    if (!is_unchanged(work))
        return END_DONE; /* its change is told of, or has been */
    if (!write_result(work, buffer_text(&response->body)))
        return END_AGAIN;
    if (response->status > work->worker->worst)
        work->worker->worst = response->status;
    return END_DONE;
}

static enum end do_work(struct watch_worker *worker, const struct watch_item *item)
{
    struct work work = {.worker = worker, .item = item, .upload = {.read = read_upload}};
    enum end end = END_DONE;
    int length = snprintf(work.result, sizeof work.result, "%s.%s.json", item->name,
                          worker->settings->function->name);
    if (length < 0 || (size_t)length >= sizeof work.result) {
        say(&work, ENAMETOOLONG, "it can have no result");
        worker->unwritten++;
        return END_DONE;
    }
    if (open_file(&work) && !has_result(&work) && !is_written(&work)) {
        let_time_pass(&work);
        run(&work);
        end = take_answer(&work);
    }
    if (work.fd >= 0)
        close(work.fd);
    return end;
}

/* Adds an item at the end; the lock is held. */
static void append(struct watch_worker *worker, struct watch_item *item)
{
    item->next = NULL;
    *worker->last = item;
    worker->last = &item->next;
    worker->count++;
}

bool watch_give(struct watch_worker *worker, const char *name, bool created)
{
    size_t size = strlen(name) + 1;
    struct watch_item *item = malloc(sizeof *item + size);
    if (!item)
        return false;
    *item = (struct watch_item){.created = created};
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
    struct timespec due = {due_ns / 1000000000, due_ns % 1000000000};
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

/* Lets an item wait for its next try, or gives it up: it's looked at again after a restart. */
static void put_back(struct watch_worker *worker, struct watch_item *item)
{
    struct backoff backoff = {.delay_ms = item->tries ? (FIRST_MS / 2) << item->tries : 0};
    if (++item->tries >= TRIES_MAX) {
        log_say(LOG_LEVEL_ERROR, worker->settings->function->name, 0,
                "%s has no result, and is left until the next start", item->name);
        worker->unwritten++;
        free(item);
        return;
    }
    item->due_ns = clock_monotonic_ns() + backoff_next(&backoff, FIRST_MS, MOST_MS) * 1000000;
    pthread_mutex_lock(&worker->lock);
    append(worker, item);
    pthread_mutex_unlock(&worker->lock);
}

void *watch_work(void *argument)
{
    struct watch_worker *worker = argument;
    for (struct watch_item *item; (item = next_item(worker));) {
        if (do_work(worker, item) == END_AGAIN)
            put_back(worker, item);
        else
            free(item);
    }
    pthread_mutex_lock(&worker->lock);
    worker->ended = true;
    pthread_mutex_unlock(&worker->lock);
    (void)eventfd_write(worker->news, 1);
    return NULL;
}
