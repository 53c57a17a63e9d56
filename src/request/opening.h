/*
 * opening.h - opens a function once per worker, and retries after a failure.
 *
 * What a function needs may be missing when its worker starts and appear a moment later: a file
 * that is being installed, or a network that isn't up yet. So a failure isn't final. Retries are
 * delayed with a back-off, because an attempt may be expensive and holds up requests.
 */
#ifndef DIME_REQUEST_OPENING_H
#define DIME_REQUEST_OPENING_H

#include "base/backoff.h"
#include "dime.h"

/* All zero before the first attempt. */
struct opening {
    void *state;          /* of the function, once it is open */
    bool open;            /* false: it isn't open, or not yet */
    const char *not_open; /* why it isn't, a sentence; NULL: it is */
    struct backoff backoff;
    int64_t next_ns; /* when it may be tried again */
    char why[1024];  /* the sentence that not_open points to */
    char said[128];  /* what was logged last */
};

/*
 * Opens the function unless it is open or an attempt failed just now. A failure is logged, the same
 * one only once, and so is the success after it. Returns whether the function is open.
 */
bool opening_try(struct opening *opening, const dime_function *function);

/* Closes the function if it is open. */
void opening_close(struct opening *opening, const dime_function *function);

#endif
