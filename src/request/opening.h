/*
 * opening.h - a function that is opened once per worker, and tried again where that has failed.
 *
 * What a function needs may be missing when its worker starts and be there a moment later: a file
 * that is being installed, a network that isn't up. So a failure isn't for the worker's life.
 * Between attempts there is a back-off, since an attempt may be expensive and comes in the way of
 * requests.
 */
#ifndef DIME_REQUEST_OPENING_H
#define DIME_REQUEST_OPENING_H

#include "base/backoff.h"
#include "dime.h"

/* Zero is one that hasn't been tried. */
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
 * Opens the function, unless it is open or has failed just now. A failure is logged, and the same
 * one only once; so is the success after it. Returns whether it is open.
 */
bool opening_try(struct opening *opening, const dime_function *function);

/* Closes the function if it is open. */
void opening_close(struct opening *opening, const dime_function *function);

#endif
