/*
 * clock.h - the two clocks: one for durations, one for timestamps and deadlines. Both are read
 * without a system call (vDSO), so a request may read them often. Times have 64 bits even where
 * `long` and time_t don't.
 */
#ifndef DIME_BASE_CLOCK_H
#define DIME_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* A time in nanoseconds. */
static inline int64_t clock_ns(const struct timespec *time)
{
    return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

/* Nanoseconds, not negative, as a timespec. */
static inline struct timespec clock_timespec(int64_t ns)
{
    return (struct timespec){(time_t)(ns / 1000000000), (long)(ns % 1000000000)};
}

/* Milliseconds in nanoseconds. */
static inline int64_t clock_ns_of_ms(int64_t ms)
{
    return ms * 1000000;
}

/* The monotonic clock, in nanoseconds. */
static inline int64_t clock_monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return clock_ns(&now);
}

/* The monotonic time MS milliseconds from now. */
static inline int64_t clock_in_ms(int64_t ms)
{
    return clock_monotonic_ns() + clock_ns_of_ms(ms);
}

/* Milliseconds until END_NS of the monotonic clock, rounded up: 0 or less once it has passed. */
static inline int64_t clock_left_ms(int64_t end_ns)
{
    return (end_ns - clock_monotonic_ns() + 999999) / 1000000;
}

/* Whole milliseconds since STARTED_NS of the monotonic clock. */
static inline int64_t clock_since_ms(int64_t started_ns)
{
    return (clock_monotonic_ns() - started_ns) / 1000000;
}

/* Milliseconds since the epoch. */
static inline int64_t clock_epoch_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
