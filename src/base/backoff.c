/*
 * backoff.c - waits that double and vary.
 *
 * The waiting is a poll(2) of the descriptor that tells of a stop: it takes no time of the
 * processor, and a stop ends it at once.
 */
#include "base/backoff.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/random.h>

#include "base/clock.h"

int64_t backoff_vary(int64_t most)
{
    uint32_t random = UINT32_MAX / 2;
    /* Without random numbers it's the mean. */
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random)
        random = UINT32_MAX / 2;
    return most - (int64_t)((double)most / 2 * random / UINT32_MAX);
}

int64_t backoff_next(struct backoff *backoff, int64_t first_ms, int64_t most_ms)
{
    backoff->delay_ms = backoff->delay_ms ? 2 * backoff->delay_ms : first_ms;
    if (backoff->delay_ms > most_ms)
        backoff->delay_ms = most_ms;
    return backoff_vary(backoff->delay_ms);
}

void backoff_reset(struct backoff *backoff)
{
    backoff->delay_ms = 0;
}

bool backoff_wait(int64_t milliseconds, int stop)
{
    int64_t end_ns = clock_monotonic_ns() + milliseconds * 1000000;
    for (;;) {
        struct pollfd stopping = {.fd = stop, .events = POLLIN};
        int64_t left_ms = (end_ns - clock_monotonic_ns() + 999999) / 1000000;
        if (left_ms < 0)
            left_ms = 0;
        int ready = poll(&stopping, 1, left_ms > INT_MAX ? INT_MAX : (int)left_ms);
        if (ready > 0)
            return false;
        if (ready == 0 && left_ms <= INT_MAX)
            return true;
        if (ready < 0 && errno != EINTR)
            return true;
    }
}
