/*
 * outage.h - logs something that keeps failing: one line at once, and few after it.
 *
 * If a service is down, each attempt of each thread fails. A line for each would fill the disk and
 * hide the rest of the log. So the first failure is logged, and later ones are counted: the next
 * line follows after a minute, with their number, and the pauses between lines double up to an
 * hour. All threads of a process share one struct.
 */
#ifndef DIME_TOOL_CONSUME_OUTAGE_H
#define DIME_TOOL_CONSUME_OUTAGE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct outage {
    const char *function; /* named in the lines */
    const char *failing;  /* the text for a failure; the reason follows */
    const char *working;  /* the text for its end; NULL: isn't logged */
    pthread_mutex_t lock;
    bool told;          /* the failure has been logged */
    uint64_t untold;    /* failures since the last line */
    int64_t pause_ns;   /* between the last line and the next */
    int64_t next_ns;    /* no line before that */
    int64_t failure_ns; /* when the last failure was */
};

/* Begins without a failure. The texts must outlast it. The caller closes it. */
void outage_open(struct outage *outage, const char *function, const char *failing,
                 const char *working);

/* Frees its resources. */
void outage_close(struct outage *outage);

/* Records a failure and its reason, and logs a line if one is due. */
void outage_fail(struct outage *outage, const char *reason);

/* Records a success, and logs it if the failure was logged. */
void outage_end(struct outage *outage);

/*
 * Whether outage_fail logs a line for a failure at NOW_NS of the monotonic clock, and how many
 * earlier failures weren't logged.
 */
bool outage_is_due(struct outage *outage, int64_t now_ns, uint64_t *untold);

#endif
