/*
 * watch.c - finds the files in a folder, and gives them to threads: `dime watch`.
 *
 * The folder is watched first and then scanned, so that no file is missed in between, and files
 * that came before the start are found. It is scanned again whenever files may have been missed,
 * because the kernel's queue or ours was full. If other hosts can change files without an event,
 * it's also scanned periodically. A file that has its result costs a scan two system calls.
 */
#include "tool/watch/watch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "request/log.h"
#include "tool/status.h"
#include "base/stopping.h"

enum {
    LOOKED_AT_ONCE = 256,   /* names in a scan, before events are read again */
    AGAIN_MS = 500,         /* before the next scan if a queue was full */
    GONE_MS = 2000,         /* between checks whether the folder still exists */
    REST_MS = 2000,         /* between scans if events don't report everything: the minimum, */
    REST_MOST_MS = 60000,   /* the maximum, */
    REST_TIMES = 20,        /* and in between, so many times the duration of a scan */
    WORKER_LAST_MS = 10000, /* for threads to end, beyond the timeout of a file */
};

struct watch {
    const struct watch_settings *settings;
    int folder, lock, inotify, signals, news;
    DIR *looked;      /* the folder, during a scan */
    bool look;        /* a new scan is needed */
    int64_t look_ns;  /* when it may begin */
    int64_t began_ns; /* when the last scan began; 0: its files have been handled */
    int64_t took_ns;  /* how long the scan took; 0: it isn't over */
    struct watch_trust trust;
    bool gone;              /* the folder was removed */
    size_t opened, started; /* workers */
    struct watch_worker *workers;
};

static bool fail(const struct watch *watch, int error, const char *what)
{
    log_say(LOG_LEVEL_ERROR, watch->settings->callee->name, error, "%s %s", watch->settings->folder,
            what);
    return false;
}

static void look_again(struct watch *watch, int64_t wait_ms)
{
    watch->look = true;
    watch->look_ns = clock_in_ms(wait_ms);
}

/* Gives a file to a worker; the same name always goes to the same one. */
static void give(struct watch *watch, const char *name, bool finished)
{
    if (*name != '.' && !watch_result_is(watch->folder, name) &&
        !watch_give(&watch->workers[watch_hash(name) % watch->started], name, finished))
        look_again(watch, AGAIN_MS);
}

static void take_event(struct watch *watch, const struct inotify_event *event)
{
    if (event->mask & IN_Q_OVERFLOW)
        look_again(watch, AGAIN_MS);
    else if (event->mask & (IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED))
        watch->gone = true;
    else if (event->len && !(event->mask & IN_ISDIR))
        give(watch, event->name, event->mask & (IN_CLOSE_WRITE | IN_MOVED_TO));
}

static void take_events(struct watch *watch)
{
    _Alignas(struct inotify_event) char room[64 * 1024];
    ssize_t got = read(watch->inotify, room, sizeof room);
    for (ssize_t at = 0; at < got;) {
        const struct inotify_event *event = (const struct inotify_event *)(room + at);
        take_event(watch, event);
        at += (ssize_t)(sizeof *event + event->len);
    }
}

/* Opens the folder for a scan. */
static void begin_to_look(struct watch *watch)
{
    watch->look = false;
    watch->began_ns = clock_monotonic_ns();
    watch->took_ns = 0;
    int fd = openat(watch->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    watch->looked = fd < 0 ? NULL : fdopendir(fd);
    if (watch->looked)
        return;
    fail(watch, errno, "can't be scanned; retrying");
    if (fd >= 0)
        close(fd);
    look_again(watch, AGAIN_MS);
}

/* Scans some more names. */
static void look_on(struct watch *watch)
{
    for (int i = 0; i < LOOKED_AT_ONCE; i++) {
        errno = 0;
        const struct dirent *entry = readdir(watch->looked);
        if (entry) {
            give(watch, entry->d_name, false);
            continue;
        }
        if (errno)
            look_again(watch, AGAIN_MS);
        closedir(watch->looked);
        watch->looked = NULL;
        return;
    }
}

/* Whether a worker has no room for as many names as are scanned at once. */
static bool is_full(struct watch *watch)
{
    bool full = false;
    for (size_t i = 0; i < watch->started && !full; i++) {
        struct watch_worker *worker = &watch->workers[i];
        pthread_mutex_lock(&worker->lock);
        full = worker->count + LOOKED_AT_ONCE > WATCH_QUEUE_MAX;
        pthread_mutex_unlock(&worker->lock);
    }
    return full;
}

/* Whether all workers are idle; ALSO_WAITING: and no file waits for a retry. */
static bool all_idle(struct watch *watch, bool also_waiting)
{
    bool idle = true;
    for (size_t i = 0; i < watch->started && idle; i++) {
        struct watch_worker *worker = &watch->workers[i];
        pthread_mutex_lock(&worker->lock);
        idle = !worker->busy && !(also_waiting && worker->count);
        pthread_mutex_unlock(&worker->lock);
    }
    return idle;
}

/* Schedules the next scan once the last one and the work on its files are over. */
static void rest(struct watch *watch)
{
    if (!watch->began_ns || watch->looked || watch->look)
        return;
    if (!watch->took_ns && all_idle(watch, false))
        watch->took_ns = clock_monotonic_ns() - watch->began_ns;
    if (!watch->took_ns || !all_idle(watch, true))
        return;
    int64_t rest_ms = watch->took_ns / 1000000 * REST_TIMES;
    rest_ms = rest_ms < REST_MS ? REST_MS : rest_ms;
    watch->began_ns = watch->took_ns = 0;
    if (!watch->trust.events && !watch->settings->once)
        look_again(watch, rest_ms < REST_MOST_MS ? rest_ms : REST_MOST_MS);
}

/* How long to wait for an event; 0 during a scan. */
static int patience(const struct watch *watch, bool full)
{
    if (watch->looked)
        return full ? GONE_MS : 0;
    int64_t left_ms = (watch->look_ns - clock_monotonic_ns()) / 1000000 + 1;
    if (!watch->look || left_ms > GONE_MS)
        return GONE_MS;
    return left_ms < 0 ? 0 : (int)left_ms;
}

/* Whether the folder was removed. No event reports that, since we keep it open. */
static bool is_removed(const struct watch *watch)
{
    struct stat stat;
    return fstat(watch->folder, &stat) != 0 || !stat.st_nlink;
}

/* Returns whether to continue. */
static bool watch_round(struct watch *watch)
{
    bool full = watch->looked && is_full(watch);
    struct pollfd fds[] = {{.fd = watch->inotify, .events = POLLIN},
                           {.fd = watch->signals, .events = POLLIN},
                           {.fd = watch->news, .events = POLLIN}};
    eventfd_t news;
    int ready = poll(fds, 3, patience(watch, full));
    if (ready < 0 && errno != EINTR)
        return fail(watch, errno, "can't be watched");
    if (ready == 0)
        watch->gone = is_removed(watch);
    if (fds[1].revents)
        return false;
    if (fds[2].revents)
        (void)eventfd_read(watch->news, &news);
    if (fds[0].revents)
        take_events(watch);
    if (watch->gone)
        return fail(watch, 0, "doesn't exist any more");
    if (watch->look && !watch->looked && clock_monotonic_ns() >= watch->look_ns)
        begin_to_look(watch);
    if (watch->looked && !full)
        look_on(watch);
    rest(watch);
    return !watch->settings->once || watch->looked || watch->look || !all_idle(watch, true);
}

static void close_worker(struct watch_worker *worker)
{
    while (worker->first) {
        struct watch_item *next = worker->first->next;
        free(worker->first);
        worker->first = next;
    }
    ask_close(&worker->ask);
    arena_close(&worker->arena);
    pthread_cond_destroy(&worker->more);
    pthread_mutex_destroy(&worker->lock);
}

static bool open_worker(struct watch *watch, struct watch_worker *worker)
{
    const struct watch_settings *settings = watch->settings;
    pthread_condattr_t monotonic;
    char why[PROGRAM_WHY];
    worker->settings = settings;
    worker->folder = watch->folder;
    worker->trust = watch->trust;
    worker->news = watch->news;
    worker->last = &worker->first;
    worker->busy = true; /* until it has checked for work */
    ask_open(&worker->ask, settings->callee, "watch");
    if (!ask_is_ready(&worker->ask, settings->own, why)) {
        log_say(LOG_LEVEL_ERROR, settings->callee->name, 0, "the function can't be started: %s",
                why);
        ask_close(&worker->ask);
        return false;
    }
    arena_open(&worker->arena, WATCH_MEMORY_MAX);
    pthread_mutex_init(&worker->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&worker->more, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return true;
}

/* Locks the folder: a second watcher would write results under the same names. */
static bool lock_folder(struct watch *watch)
{
    char name[256];
    struct stat stat;
    watch_lock_name(watch->settings->callee->name, strlen(watch->settings->callee->name), name);
    /* Only this user may open it: anybody who can open it could hold the lock. */
    watch->lock = openat(watch->folder, name,
                         O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
    if (watch->lock < 0 || fstat(watch->lock, &stat) != 0)
        return fail(watch, errno,
                    "can't be watched: its lock, .dime-watch.NAME.lock, can't be "
                    "opened or made");
    if (!S_ISREG(stat.st_mode))
        return fail(watch, 0,
                    "can't be watched: .dime-watch.NAME.lock in it must be a file; "
                    "remove what it is");
    if (flock(watch->lock, LOCK_EX | LOCK_NB) == 0)
        return true;
    return fail(watch, errno == EWOULDBLOCK ? 0 : errno, "is watched for this function already");
}

static bool open_folder(struct watch *watch)
{
    char path[64];
    watch->folder = open(watch->settings->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (watch->folder < 0)
        return fail(watch, errno, "can't be watched");
    if (!lock_folder(watch))
        return false;
    watch_result_tidy(watch->folder, watch->settings->callee->name);
    watch->trust = watch_trust_of(watch->folder);
    /* Watches the open folder, even if its path leads elsewhere by now. */
    snprintf(path, sizeof path, "/proc/self/fd/%d", watch->folder);
    watch->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watch->inotify >= 0 && inotify_add_watch(watch->inotify, path,
                                                 IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE |
                                                     IN_ATTRIB | IN_MOVE_SELF | IN_ONLYDIR) >= 0)
        return true;
    return fail(watch, errno, "can't be watched; fs.inotify in sysctl sets the limits");
}

static bool open_watch(struct watch *watch)
{
    const struct watch_settings *settings = watch->settings;
    watch->signals = stopping_signals(0);
    watch->news = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    watch->workers = calloc((size_t)settings->threads, sizeof *watch->workers);
    if (watch->signals < 0 || watch->news < 0 || !watch->workers)
        return fail(watch, errno, "can't be watched");
    if (!open_folder(watch))
        return false;
    for (; watch->opened < (size_t)settings->threads; watch->opened++) {
        if (!open_worker(watch, &watch->workers[watch->opened]))
            return false;
    }
    return true;
}

static bool start_workers(struct watch *watch)
{
    int error = 0;
    while (watch->started < watch->opened && !error) {
        struct watch_worker *worker = &watch->workers[watch->started];
        error = pthread_create(&worker->thread, NULL, watch_work, worker);
        watch->started += !error;
    }
    return !error || fail(watch, error, "can't be watched by so many threads");
}

static bool all_ended(struct watch *watch)
{
    bool ended = true;
    for (size_t i = 0; i < watch->started && ended; i++) {
        pthread_mutex_lock(&watch->workers[i].lock);
        ended = watch->workers[i].ended;
        pthread_mutex_unlock(&watch->workers[i].lock);
    }
    return ended;
}

/* Waits until the threads have ended. False: a second signal came, or they take too long. */
static bool wait_for_end(struct watch *watch)
{
    int64_t end_ms = clock_epoch_ms() + watch->settings->timeout_ms + WORKER_LAST_MS;
    int64_t since_ns = clock_monotonic_ns();
    (void)stopping_repeated(watch->signals, since_ns);
    while (!all_ended(watch)) {
        struct pollfd fds[] = {{.fd = watch->news, .events = POLLIN},
                               {.fd = watch->signals, .events = POLLIN}};
        int64_t left_ms = end_ms - clock_epoch_ms();
        eventfd_t news;
        if (poll(fds, 2, left_ms < 0 ? 0 : (int)left_ms) == 0 ||
            (fds[1].revents && !stopping_repeated(watch->signals, since_ns)))
            return false;
        (void)eventfd_read(watch->news, &news);
    }
    return true;
}

/* Stops the threads after they have finished their current files. */
static void stop_workers(struct watch *watch)
{
    for (size_t i = 0; i < watch->started; i++) {
        pthread_mutex_lock(&watch->workers[i].lock);
        watch->workers[i].stopping = true;
        pthread_cond_signal(&watch->workers[i].more);
        pthread_mutex_unlock(&watch->workers[i].lock);
    }
    if (!wait_for_end(watch)) {
        fail(watch, 0, "is left with a file in progress, which is taken at the next start");
        _exit(STATUS_FAILED); /* a thread that doesn't end can't be joined */
    }
    for (size_t i = 0; i < watch->started; i++)
        pthread_join(watch->workers[i].thread, NULL);
}

/* The exit status; with --once by the files' results. */
static int status_of_workers(const struct watch *watch)
{
    size_t unwritten = 0;
    int worst = 0;
    for (size_t i = 0; i < watch->started; i++) {
        const struct watch_worker *worker = &watch->workers[i];
        unwritten += worker->unwritten;
        worst = worker->worst > worst ? worker->worst : worst;
    }
    if (!watch->settings->once)
        return STATUS_FINE;
    return unwritten ? STATUS_FAILED : status_of_answer(worst);
}

static int run_watch(struct watch *watch)
{
    bool whole = start_workers(watch);
    if (!watch->trust.events && !watch->settings->once)
        log_say(LOG_LEVEL_WARN, watch->settings->callee->name, 0,
                "%s is on a network, FUSE or overlay file system, where no event reports the "
                "changes of others; so it's also scanned every 2 to 60 seconds",
                watch->settings->folder);
    if (whole && !watch->settings->once)
        log_say(LOG_LEVEL_INFO, watch->settings->callee->name, 0, "watching %s",
                watch->settings->folder);
    watch->look = true;
    while (whole && watch_round(watch))
        continue;
    stop_workers(watch);
    return !whole || watch->gone ? STATUS_FAILED : status_of_workers(watch);
}

static void close_watch(struct watch *watch)
{
    const int fds[] = {watch->folder, watch->lock, watch->inotify, watch->signals, watch->news};
    for (size_t i = 0; i < watch->opened; i++)
        close_worker(&watch->workers[i]);
    free(watch->workers);
    if (watch->looked)
        closedir(watch->looked);
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
}

int watch_folder(const struct watch_settings *settings)
{
    struct watch all = {
        .settings = settings, .folder = -1, .lock = -1, .inotify = -1, .signals = -1, .news = -1};
    int status = open_watch(&all) ? run_watch(&all) : STATUS_FAILED;
    close_watch(&all);
    return status;
}
