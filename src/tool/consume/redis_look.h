/*
 * redis_look.h - when and where a consumer looks for messages that others have left.
 *
 * The messages of a consumer that has died are in the list of pending messages, and only a scan of
 * the list finds those that are due. The list can be long while nothing in it is due. So one thread
 * of a process at a time scans it, page by page, and notes when the first message will be due. Once
 * one is due, all threads claim messages from there on. The pauses between rounds grow with the
 * time that a round takes, so that a list of any length costs little.
 */
#ifndef DIME_TOOL_CONSUME_REDIS_LOOK_H
#define DIME_TOOL_CONSUME_REDIS_LOOK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* The bytes of an entry's id, with a NUL. */
enum { REDIS_ID_SIZE = 48 };

struct redis_look {
    pthread_mutex_t lock;
    int64_t least_ns, most_ns; /* the pause between rounds, while these are short */
    char at[REDIS_ID_SIZE];    /* where to continue; empty: at the beginning */
    bool busy;                 /* a thread is reading a page */
    bool taking;               /* the message at `at` was due */
    int64_t spent_ns;          /* time spent on this round's pages */
    int64_t due_ns;            /* when the first message of those seen is due */
    int64_t next_ns;           /* when the next round begins */
    int64_t rest_ns;           /* no round begins before that */
    int64_t retry_ns;          /* when the first message that failed here is due; 0: none */
};

/* What a thread must do before it asks for new messages. */
enum redis_step {
    REDIS_STEP_NONE,
    REDIS_STEP_PAGE, /* read a page from `at` on, and report it */
    REDIS_STEP_TAKE, /* claim what is due from `at` on, and report it */
};

/* Begins before the first round. A message is hidden for VISIBILITY_MS. The caller closes it. */
void redis_look_open(struct redis_look *look, int64_t visibility_ms);
void redis_look_close(struct redis_look *look);

/* What to do at NOW_NS of the monotonic clock, and where to begin. */
enum redis_step redis_look_begin(struct redis_look *look, int64_t now_ns, char at[REDIS_ID_SIZE]);

/* The result of reading a page. */
struct redis_page {
    dime_text found; /* the id of the first message that is due; empty: none is */
    dime_text last;  /* where the next page begins; empty: the list has ended */
    int64_t due_ns;  /* when the first of the others will be due; INT64_MAX: there is none */
    int64_t began_ns, ended_ns;
};

/* Reports a page; NULL: it couldn't be read. */
void redis_look_paged(struct redis_look *look, const struct redis_page *page);

/* Reports where to continue claiming, empty at the end, and whether anything was claimed. */
void redis_look_took(struct redis_look *look, dime_text next, bool found, int64_t now_ns);

/* Reports a message that has failed and will be due at this time. */
void redis_look_retry(struct redis_look *look, int64_t due_ns);

/*
 * How long a thread may wait for new messages after a STEP: MOST_MS; or less if there is more to
 * read, or if an older message will be due before.
 */
int64_t redis_look_wait(struct redis_look *look, enum redis_step step, int64_t now_ns,
                        int64_t most_ms);

#endif
