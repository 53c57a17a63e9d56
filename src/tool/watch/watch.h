/*
 * watch.h - the host that runs a function on each file that is put into a folder: `dime watch`.
 *
 * The main thread (watch.c) learns of files, by inotify and by looking, and gives each to a thread
 * by its name, so that no two threads ever have the same file. A thread (watch_work.c) hands the
 * file to the function, in a process that is the thread's own, and writes the result beside it,
 * whole or not at all.
 */
#ifndef DIME_TOOL_WATCH_WATCH_H
#define DIME_TOOL_WATCH_WATCH_H

#include <pthread.h>

#include "tool/ask/ask.h"
#include "tool/watch/watch_file.h"

enum { WATCH_THREADS_MAX = 64, WATCH_QUEUE_MAX = 16384, WATCH_LEFT_MAX = 4096 };

/* Bytes: most of a file, and most memory that a file may take with its answer. */
enum { WATCH_FILE_MAX = 16 * 1024 * 1024, WATCH_MEMORY_MAX = 64 * 1024 * 1024 };

struct watch_settings {
    const char *folder;          /* as it was named */
    const struct callee *callee; /* the function */
    bool own;                    /* its program is dime's: see ask_is_ready */
    int64_t threads;
    int64_t timeout_ms; /* that the function may take */
    bool once;          /* end when all that is there has its result */
};

/* A file that waits. */
struct watch_item {
    struct watch_item *next;
    int64_t due_ns;  /* not before */
    int64_t seen_ns; /* when it had been changed last, the last time it was looked at */
    int tries;       /* that have failed */
    int waits;       /* for it to come to rest */
    bool finished;   /* it was closed, or moved here; else it's only known to be there */
    char name[];
};

/* One thread, and what waits for it. */
struct watch_worker {
    const struct watch_settings *settings;
    pthread_t thread;
    int folder; /* a descriptor of the folder */
    struct watch_trust trust;
    int news;       /* an eventfd: this has got room or nothing to do, or has ended */
    struct ask ask; /* the function, in a process of its own */
    struct arena arena;
    struct response response;      /* to the file that is in work */
    size_t unwritten;              /* results that couldn't be had */
    int worst;                     /* the highest status of those that were */
    uint64_t left[WATCH_LEFT_MAX]; /* marks of files that are left until the next start */

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t more;
    bool stopping, ended, busy;
    size_t count; /* of items */
    struct watch_item *first, **last;
};

/*
 * Watches until SIGTERM, SIGINT or SIGHUP, and finishes what runs. Returns the exit status: 0; 1 if
 * it couldn't begin, the folder is gone, or with `once` a result couldn't be written; with `once`
 * by the worst status of a result, 4 for 4xx and 5 for 5xx.
 */
int watch_folder(const struct watch_settings *settings);

/* What a thread does; ARGUMENT is its struct watch_worker. */
void *watch_work(void *argument);

/*
 * Gives a file to a worker. False: too many wait for it, or there is no memory; then it must be
 * looked for again.
 */
bool watch_give(struct watch_worker *worker, const char *name, bool finished);

/* A number that depends on every byte of a name (FNV-1a). */
uint64_t watch_hash(const char *name);

#endif
