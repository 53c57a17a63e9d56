/*
 * outage.c - logs few lines for many failures.
 *
 * Something that fails intermittently must not fill the log either. So a success doesn't shorten
 * the pause between lines; only a period without failures that is as long as the pause does.
 */
#include "tool/consume/outage.h"

#include "base/clock.h"
#include "request/log.h"

static const int64_t PAUSE_FIRST_NS = 60 * INT64_C(1000000000);
static const int64_t PAUSE_MOST_NS = 3600 * INT64_C(1000000000);

void outage_open(struct outage *outage, const char *function, const char *failing,
                 const char *working)
{
    *outage = (struct outage){.function = function, .failing = failing, .working = working};
    pthread_mutex_init(&outage->lock, NULL);
}

void outage_close(struct outage *outage)
{
    pthread_mutex_destroy(&outage->lock);
}

bool outage_is_due(struct outage *outage, int64_t now_ns, uint64_t *untold)
{
    bool calm = !outage->pause_ns || now_ns - outage->failure_ns > outage->pause_ns;
    *untold = outage->untold;
    outage->failure_ns = now_ns;
    if (!calm && now_ns < outage->next_ns) {
        outage->untold++;
        return false;
    }
    int64_t longer_ns = calm ? PAUSE_FIRST_NS : 2 * outage->pause_ns;
    outage->pause_ns = longer_ns < PAUSE_MOST_NS ? longer_ns : PAUSE_MOST_NS;
    outage->next_ns = now_ns + outage->pause_ns;
    outage->untold = 0;
    return true;
}

void outage_fail(struct outage *outage, const char *reason)
{
    uint64_t untold;
    pthread_mutex_lock(&outage->lock);
    bool due = outage_is_due(outage, clock_monotonic_ns(), &untold);
    outage->told = outage->told || due;
    pthread_mutex_unlock(&outage->lock);
    if (due && untold)
        log_say(LOG_LEVEL_ERROR, outage->function, 0, "%s: %s (and %llu more failures before)",
                outage->failing, reason, (unsigned long long)untold);
    else if (due)
        log_say(LOG_LEVEL_ERROR, outage->function, 0, "%s: %s", outage->failing, reason);
}

void outage_end(struct outage *outage)
{
    pthread_mutex_lock(&outage->lock);
    bool told = outage->told;
    outage->told = false;
    pthread_mutex_unlock(&outage->lock);
    if (told && outage->working)
        log_say(LOG_LEVEL_INFO, outage->function, 0, "%s", outage->working);
}
