/*
 * opening.c - opens a function for a worker, and retries with a back-off.
 *
 * A request triggers the retry, not a timer: a worker without requests doesn't need its function.
 */
#include "request/opening.h"

#include <stdio.h>

#include "base/clock.h"
#include "request/call.h"
#include "request/log.h"
#include "request/problem.h"

enum { OPENING_FIRST_MS = 100, OPENING_MOST_MS = 30000, OPENING_MEMORY_MAX = 1024 * 1024 };

static void say_closed(struct opening *opening, const dime_function *function)
{
    if (strncmp(opening->said, opening->not_open, sizeof opening->said - 1) == 0)
        return;
    (void)snprintf(opening->said, sizeof opening->said, "%.*s", (int)sizeof opening->said - 1,
                   opening->not_open);
    log_say(LOG_LEVEL_ERROR, function->name, 0, "the function can't be opened: %s",
            opening->not_open);
}

/* The first required setting that is missing; NULL if none is. */
static const dime_setting *missing(struct dime_call *call)
{
    const dime_function *function = call->function;
    for (size_t i = 0; i < function->setting_count; i++) {
        const dime_setting *setting = &function->settings[i];
        if (setting->required && !dime_setting_of(call, setting->name))
            return setting;
    }
    return NULL;
}

/* Opens the function with a call that has its own memory. On false `why` says why it isn't open. */
static bool open_function(struct opening *opening, const dime_function *function)
{
    struct arena arena;
    struct response response;
    struct request request = {.arena = &arena, .id = TEXT("")};
    struct dime_call call;
    arena_open(&arena, OPENING_MEMORY_MAX);
    response_open(&response, &arena);
    call_open(&call, function, &request, &response);
    const dime_setting *setting = missing(&call);
    bool open = !setting && (!function->open || function->open(&call, &opening->state));
    dime_text why = response.answer == ANSWER_PROBLEM
                        ? problem_detail(&response)
                        : TEXT("The function couldn't be opened; try again later.");
    if (setting)
        (void)snprintf(opening->why, sizeof opening->why, "The setting %s is missing%s%s.",
                       setting->name, setting->help ? ": " : "",
                       setting->help ? setting->help : "");
    else if (!open)
        (void)snprintf(opening->why, sizeof opening->why, "%.*s", DIME_ARG(why));
    arena_close(&arena);
    return open;
}

bool opening_try(struct opening *opening, const dime_function *function)
{
    if (opening->open || (opening->not_open && clock_monotonic_ns() < opening->next_ns))
        return opening->open;
    opening->open =
        (!function->open && !function->setting_count) || open_function(opening, function);
    if (opening->open) {
        if (opening->not_open)
            log_say(LOG_LEVEL_INFO, function->name, 0, "the function is open now");
        opening->not_open = NULL;
        return true;
    }
    opening->not_open = opening->why;
    say_closed(opening, function);
    int64_t wait_ms = backoff_next(&opening->backoff, OPENING_FIRST_MS, OPENING_MOST_MS);
    opening->next_ns = clock_monotonic_ns() + wait_ms * 1000000;
    return false;
}

void opening_close(struct opening *opening, const dime_function *function)
{
    if (opening->open && function->close)
        function->close(opening->state);
    *opening = (struct opening){0};
}
