/*
 * redis_look.c - schedules rounds through the list of pending messages, for all threads together.
 *
 * A round may miss a message that becomes pending before the current place, or that another process
 * gives back. So a round is made now and then even if nothing seems to be due.
 */
#include "tool/consume/redis_look.h"

#include "base/clock.h"
#include "base/number.h"

enum {
    LOOK_LEAST_MS =
        500, /* the least pause, unless messages are hidden for less than four times that */
    LOOK_MOST_MS = 5000, /* the greatest pause, likewise */
    SHARE = 20,          /* rounds take at most a twentieth of the time */
};

void redis_look_open(struct redis_look *look, int64_t visibility_ms)
{
    *look =
        (struct redis_look){.least_ns = clock_ns_of_ms(smaller(visibility_ms / 4, LOOK_LEAST_MS)),
                            .most_ns = clock_ns_of_ms(smaller(visibility_ms / 4, LOOK_MOST_MS)),
                            .due_ns = INT64_MAX};
    pthread_mutex_init(&look->lock, NULL);
}

void redis_look_close(struct redis_look *look)
{
    pthread_mutex_destroy(&look->lock);
}

static void move_to(struct redis_look *look, dime_text id)
{
    size_t length = id.length < REDIS_ID_SIZE ? id.length : 0;
    memcpy(look->at, length ? id.data : "", length);
    look->at[length] = '\0';
}

static void end_round(struct redis_look *look, int64_t now_ns)
{
    int64_t due_ns = larger(look->due_ns, now_ns + look->least_ns);
    look->next_ns = smaller(due_ns, now_ns + look->most_ns);
    look->rest_ns = now_ns + SHARE * look->spent_ns;
    look->spent_ns = 0;
    look->due_ns = INT64_MAX;
    move_to(look, TEXT(""));
}

/* Whether a new round begins. If so, it covers the messages that failed here. */
static bool begins(struct redis_look *look, int64_t now_ns)
{
    bool retry = look->retry_ns && look->retry_ns <= now_ns;
    if (now_ns < look->rest_ns || (now_ns < look->next_ns && !retry))
        return false;
    if (retry)
        look->retry_ns = 0;
    return true;
}

enum redis_step redis_look_begin(struct redis_look *look, int64_t now_ns, char at[REDIS_ID_SIZE])
{
    enum redis_step step = REDIS_STEP_NONE;
    pthread_mutex_lock(&look->lock);
    if (look->taking)
        step = REDIS_STEP_TAKE;
    else if (!look->busy && (look->at[0] || begins(look, now_ns)))
        step = REDIS_STEP_PAGE;
    look->busy = look->busy || step == REDIS_STEP_PAGE;
    memcpy(at, look->at, REDIS_ID_SIZE);
    pthread_mutex_unlock(&look->lock);
    return step;
}

void redis_look_paged(struct redis_look *look, const struct redis_page *page)
{
    pthread_mutex_lock(&look->lock);
    look->busy = false;
    if (page) {
        look->spent_ns += page->ended_ns - page->began_ns;
        look->due_ns = smaller(look->due_ns, page->due_ns);
        look->taking = page->found.length;
        move_to(look, look->taking ? page->found : page->last);
        if (!look->at[0])
            end_round(look, page->ended_ns);
    }
    pthread_mutex_unlock(&look->lock);
}

void redis_look_took(struct redis_look *look, dime_text next, bool found, int64_t now_ns)
{
    pthread_mutex_lock(&look->lock);
    if (look->taking) {
        move_to(look, next);
        look->taking = found && look->at[0];
        if (!look->at[0])
            end_round(look, now_ns);
    }
    pthread_mutex_unlock(&look->lock);
}

void redis_look_retry(struct redis_look *look, int64_t due_ns)
{
    pthread_mutex_lock(&look->lock);
    if (!look->retry_ns || due_ns < look->retry_ns)
        look->retry_ns = due_ns;
    pthread_mutex_unlock(&look->lock);
}

int64_t redis_look_wait(struct redis_look *look, enum redis_step step, int64_t now_ns,
                        int64_t most_ms)
{
    int64_t wait_ms = most_ms;
    pthread_mutex_lock(&look->lock);
    if (look->taking || (step == REDIS_STEP_PAGE && look->at[0]))
        wait_ms = 0; /* there is more to look at */
    else if (look->retry_ns && !look->busy)
        wait_ms = (larger(look->retry_ns, look->rest_ns) - now_ns) / clock_ns_of_ms(1) + 1;
    pthread_mutex_unlock(&look->lock);
    return wait_ms < 0 ? 0 : smaller(wait_ms, most_ms);
}
