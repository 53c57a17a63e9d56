/*
 * backoff.c - waits that double and vary.
 *
 * Waiting is a poll(2) of the descriptor that becomes readable when the program should stop. It
 * uses no processor time, and a stop ends it at once.
 */
#include "base/backoff.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/number.h"

int64_t backoff_vary(int64_t most)
{
    uint32_t random = UINT32_MAX / 2;
    /* Without random numbers, use the mean. */
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random)
        random = UINT32_MAX / 2;
    return most - (int64_t)((double)most / 2 * random / UINT32_MAX);
}

int64_t backoff_next(struct backoff *backoff, int64_t first_ms, int64_t most_ms)
{
    backoff->delay_ms = smaller(most_ms, backoff->delay_ms ? 2 * backoff->delay_ms : first_ms);
    return backoff_vary(backoff->delay_ms);
}

void backoff_reset(struct backoff *backoff)
{
    backoff->delay_ms = 0;
}

bool backoff_wait(int64_t milliseconds, int stop)
{
    int64_t end_ns = clock_in_ms(milliseconds);
    for (;;) {
        struct pollfd stopping = {.fd = stop, .events = POLLIN};
        int64_t left_ms = larger(0, clock_left_ms(end_ns));
        int ready = poll(&stopping, 1, left_ms > INT_MAX ? INT_MAX : (int)left_ms);
        if (ready > 0)
            return false;
        if (ready == 0 && left_ms <= INT_MAX)
            return true;
        if (ready < 0 && errno != EINTR)
            return true;
    }
}
