/*
 * clock.h - the two clocks: one for durations, one for timestamps and deadlines. Both are read
 * without a system call (vDSO), so that a request may ask as often as it likes.
 */
#ifndef DIME_CORE_CLOCK_H
#define DIME_CORE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds of a clock that never jumps. */
static inline int64_t clock_monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Milliseconds since the epoch. */
static inline int64_t clock_epoch_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
