/*
 * redis_look.h - when a consumer looks for what others have left, and where it goes on.
 *
 * What a consumer that is gone was handed is in the list of pending messages, and no command finds
 * what is due in it but by going through it. The list can be long while nothing in it is due, so of
 * all threads of a process one at a time goes through it, in pages, and notes when the first
 * message will be due. Once one is found, all threads take messages from there on. The pauses
 * between the rounds grow with the time that a round takes, so that a list of any length costs
 * little.
 */
#ifndef DIME_TOOL_CONSUME_REDIS_LOOK_H
#define DIME_TOOL_CONSUME_REDIS_LOOK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* Bytes of an entry's id, with a NUL. */
enum { REDIS_ID_SIZE = 48 };

struct redis_look {
    pthread_mutex_t lock;
    int64_t least_ns, most_ns; /* of a pause between rounds, while they are short */
    char at[REDIS_ID_SIZE];    /* where it goes on; empty: at the beginning */
    bool busy;                 /* a thread reads a page */
    bool taking;               /* what is at `at` was due */
    int64_t spent_ns;          /* on the pages of this round */
    int64_t due_ns;            /* when the first message that it has seen is due */
    int64_t next_ns;           /* when the next round begins */
    int64_t rest_ns;           /* no round begins before that */
    int64_t retry_ns;          /* when what has failed here is due, the first of it; 0: nothing */
};

/* What a thread is to do before it asks for new messages. */
enum redis_step {
    REDIS_STEP_NONE,
    REDIS_STEP_PAGE, /* read a page from `at` on, and tell */
    REDIS_STEP_TAKE, /* take what is due from `at` on, and tell */
};

/* No round has been made. A message is hidden for VISIBILITY_MS. The caller closes it. */
void redis_look_open(struct redis_look *look, int64_t visibility_ms);
void redis_look_close(struct redis_look *look);

/* What to do at NOW_NS of the monotonic clock, and from where on. */
enum redis_step redis_look_begin(struct redis_look *look, int64_t now_ns, char at[REDIS_ID_SIZE]);

/* What has been seen in a page. */
struct redis_page {
    dime_text found; /* the id of the first message that is due; empty: none is */
    dime_text last;  /* where the next page begins; empty: the list is at its end */
    int64_t due_ns;  /* when the first of those that aren't due will be; INT64_MAX: there is none */
    int64_t began_ns, ended_ns;
};

/* Tells what a page was; NULL: it couldn't be read. */
void redis_look_paged(struct redis_look *look, const struct redis_page *page);

/* Tells where the taking goes on, an empty text for the end, and whether anything was there. */
void redis_look_took(struct redis_look *look, dime_text next, bool found, int64_t now_ns);

/* Tells that a message has failed that is due at this time. */
void redis_look_retry(struct redis_look *look, int64_t due_ns);

/*
 * How long a thread that has done a STEP may wait for new messages: MOST_MS, or less where there is
 * more to look at or something older will be due before.
 */
int64_t redis_look_wait(struct redis_look *look, enum redis_step step, int64_t now_ns,
                        int64_t most_ms);

#endif
