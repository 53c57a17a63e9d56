/*
 * fallback.c - remembers that AWS was down, and logs the engine that is used instead.
 *
 * Missing credentials or a missing region are logged once, since they stay missing for long. That
 * AWS was down is logged each time, at most every half a minute, so that the log shows the last.
 */
#include "services/aws/fallback.h"

#include "base/clock.h"
#include "request/log.h"

bool fallback_may_ask(struct fallback *fallback, struct aws *aws)
{
    const char *why;
    if (clock_epoch_ms() < fallback->until_ms)
        return false;
    if (aws_ready(aws, &why)) {
        fallback->told = NULL;
        return true;
    }
    if (!fallback->told || strcmp(fallback->told, why) != 0)
        log_say(LOG_LEVEL_INFO, fallback->function, 0, "%s is used instead of %s: %s",
                fallback->other, fallback->service, why);
    fallback->told = why;
    return false;
}

void fallback_shun(struct fallback *fallback, dime_text request_id, dime_text why)
{
    const struct log_subject subject = {.function = fallback->function, .request_id = request_id};
    fallback->until_ms = clock_epoch_ms() + FALLBACK_MS;
    log_say_of(LOG_LEVEL_WARN, &subject, 0, "%s is used instead of %s for %d seconds: %.*s",
               fallback->other, fallback->service, FALLBACK_MS / 1000, (int)why.length, why.data);
}
