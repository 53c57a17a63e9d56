/*
 * backoff.h - how long to wait before something that failed is tried again.
 *
 * The wait doubles with each failure, so that a service that is down isn't overloaded. It also
 * varies at random, so that clients that failed together don't all retry together.
 */
#ifndef DIME_BASE_BACKOFF_H
#define DIME_BASE_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

/* All zero before the first failure. */
struct backoff {
    int64_t delay_ms;
};

/*
 * Records a failure and returns how long to wait: between half the delay and the delay, which
 * doubles from FIRST up to MOST.
 */
int64_t backoff_next(struct backoff *backoff, int64_t first_ms, int64_t most_ms);

/* Records a success. */
void backoff_reset(struct backoff *backoff);

/* Returns a random time from half of MOST to MOST. */
int64_t backoff_vary(int64_t most);

/* Waits. Returns false if the descriptor STOP became readable before the time was over. */
bool backoff_wait(int64_t milliseconds, int stop);

#endif
