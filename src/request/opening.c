/*
 * opening.c - opens a function for a worker, and tries again with a back-off.
 *
 * It is a request that tries again, not a timer: a worker without requests doesn't need its
 * function.
 */
#include "request/opening.h"

#include <stdio.h>

#include "base/clock.h"
#include "request/log.h"

enum { FIRST_MS = 100, MOST_MS = 30000 };

static void say(struct opening *opening, const dime_function *function)
{
    if (strncmp(opening->said, opening->not_open, sizeof opening->said - 1) == 0)
        return;
    (void)snprintf(opening->said, sizeof opening->said, "%s", opening->not_open);
    log_say(LOG_LEVEL_ERROR, function->name, 0, "the function can't be opened: %s",
            opening->not_open);
}

bool opening_try(struct opening *opening, const dime_function *function)
{
    const char *why = NULL;
    if (opening->open || (opening->not_open && clock_monotonic_ns() < opening->next_ns))
        return opening->open;
    opening->open = !function->open || function->open(&opening->state, &why);
    if (opening->open) {
        if (opening->not_open)
            log_say(LOG_LEVEL_INFO, function->name, 0, "the function is open now");
        opening->not_open = NULL;
        return true;
    }
    opening->not_open = why ? why : "Try again later.";
    say(opening, function);
    int64_t wait_ms = backoff_next(&opening->backoff, FIRST_MS, MOST_MS);
    opening->next_ns = clock_monotonic_ns() + wait_ms * 1000000;
    return false;
}

void opening_close(struct opening *opening, const dime_function *function)
{
    if (opening->open && function->close)
        function->close(opening->state);
    *opening = (struct opening){0};
}
