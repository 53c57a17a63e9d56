/*
 * outage.h - what the log says of something that keeps failing: a line at once, and few after it.
 *
 * What is down fails at each try of each thread. A line for each would fill the disk and hide the
 * rest of the log, so the first failure is a line, and later ones are counted: the next line comes
 * a minute later, with their number, and the pauses between lines double up to an hour. All
 * threads of a process share one.
 */
#ifndef DIME_TOOL_CONSUME_OUTAGE_H
#define DIME_TOOL_CONSUME_OUTAGE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct outage {
    const char *function; /* that the lines name */
    const char *failing;  /* the sentence on it; the reason follows */
    const char *working;  /* the sentence on its end; NULL: none is needed */
    pthread_mutex_t lock;
    bool told;          /* the log says that it fails */
    uint64_t untold;    /* failures since the last line */
    int64_t pause_ns;   /* between the last line and the next */
    int64_t next_ns;    /* no line before that */
    int64_t failure_ns; /* when the last failure was */
};

/* None yet. The sentences must outlast it. The caller closes it. */
void outage_open(struct outage *outage, const char *function, const char *failing,
                 const char *working);

/* Frees what it has opened. */
void outage_close(struct outage *outage);

/* Notes a failure and its reason, and writes a line where one is due. */
void outage_fail(struct outage *outage, const char *reason);

/* Notes a success; the log says so where it said that it fails. */
void outage_end(struct outage *outage);

/*
 * What outage_fail decides by, for a failure at NOW_NS of the monotonic clock: whether a line is
 * due, and how many failures before this one have had none.
 */
bool outage_is_due(struct outage *outage, int64_t now_ns, uint64_t *untold);

#endif
