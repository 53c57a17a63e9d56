/*
 * watch.h - the host that runs a function on each file that is put into a folder: `dime watch`.
 *
 * The main thread (watch.c) finds files, by inotify and by scans, and gives each to a thread chosen
 * by its name, so that no two threads ever have the same file. A thread (watch_work.c) passes the
 * file to the function, in a process of its own, and writes the result beside the file, atomically.
 */
#ifndef DIME_TOOL_WATCH_WATCH_H
#define DIME_TOOL_WATCH_WATCH_H

#include <pthread.h>

#include "tool/ask/ask.h"
#include "tool/watch/watch_file.h"

enum { WATCH_THREADS_MAX = 64, WATCH_QUEUE_MAX = 16384, WATCH_LEFT_MAX = 4096 };

/* In bytes: the largest file, and the memory limit for a file with its answer. */
enum { WATCH_FILE_MAX = 16 * 1024 * 1024, WATCH_MEMORY_MAX = 64 * 1024 * 1024 };

struct watch_settings {
    const char *folder;          /* as given */
    const struct callee *callee; /* the function */
    bool own;                    /* its program is dime's: see ask_is_ready */
    int64_t threads;
    int64_t timeout_ms; /* of the function */
    bool once;          /* end when all files have their results */
};

/* A file that waits. */
struct watch_item {
    struct watch_item *next;
    int64_t due_ns;  /* when to take it */
    int64_t seen_ns; /* its last change, when it was last checked */
    int tries;       /* failed tries */
    int waits;       /* waits until it stops changing */
    bool finished;   /* it was closed or moved here; else it was found by a scan */
    char name[];
};

/* One thread, and the files that wait for it. */
struct watch_worker {
    const struct watch_settings *settings;
    pthread_t thread;
    int folder; /* a descriptor of the folder */
    struct watch_trust trust;
    int news;       /* an eventfd: this worker has room, is idle, or has ended */
    struct ask ask; /* the function, in a process of its own */
    struct arena arena;
    struct response response;      /* to the current file */
    size_t unwritten;              /* files without a result */
    int worst;                     /* the highest status of the results */
    uint64_t left[WATCH_LEFT_MAX]; /* marks of files that are left until the next start */

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t more;
    bool stopping, ended, busy;
    size_t count; /* of items */
    struct watch_item *first, **last;
};

/*
 * Watches until SIGTERM, SIGINT or SIGHUP, and finishes the current files. Returns the exit status:
 * 0; 1 if it couldn't start, the folder is gone, or with `once` a result couldn't be written; with
 * `once` 4 or 5 by the worst status of a result.
 */
int watch_folder(const struct watch_settings *settings);

/* The main function of a thread; ARGUMENT is its struct watch_worker. */
void *watch_work(void *argument);

/*
 * Gives a file to a worker. False: its queue is full, or out of memory; the folder must be scanned
 * again then.
 */
bool watch_give(struct watch_worker *worker, const char *name, bool finished);

/* A hash of a name (FNV-1a). */
uint64_t watch_hash(const char *name);

#endif
