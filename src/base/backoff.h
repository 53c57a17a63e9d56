/*
 * backoff.h - how long to wait before something that failed is tried again.
 *
 * The wait doubles with each failure, so that what is down isn't pressed, and is varied at random,
 * so that those who were thrown off together don't all come back together.
 */
#ifndef DIME_BASE_BACKOFF_H
#define DIME_BASE_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

/* Zero is no failure yet. */
struct backoff {
    int64_t delay_ms;
};

/* Notes a failure; returns how long to wait: from half of DELAY to DELAY, which grows to MOST. */
int64_t backoff_next(struct backoff *backoff, int64_t first_ms, int64_t most_ms);

/* Notes a success. */
void backoff_reset(struct backoff *backoff);

/* MOST or less, down to half of it, at random. */
int64_t backoff_vary(int64_t most);

/* Waits; false if STOP could be read from before the time was over. */
bool backoff_wait(int64_t milliseconds, int stop);

#endif
