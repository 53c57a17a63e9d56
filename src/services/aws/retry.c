/*
 * retry.c - the standard's lists, and the pause.
 *
 * The JSON services answer throttling with status 400, so its codes are listed. For all else the
 * status is enough.
 */
#include "services/aws/retry.h"

#include <sys/random.h>

#include "base/backoff.h"
#include "base/clock.h"

enum { LONGEST_MS = 20000 };

bool retry_is_throttling(dime_text code)
{
    static const char *const CODES[] = {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "TransactionInProgressException",
        "SlowDown",
        "PriorRequestNotComplete",
        "KmsThrottled", /* SQS's own */
    };
    return text_is_one_of(code, CODES, sizeof CODES / sizeof *CODES);
}

bool retry_is_worth(enum http_outcome outcome, long status, dime_text code)
{
    if (outcome == HTTP_UNREACHED || outcome == HTTP_BROKEN || outcome == HTTP_STALLED)
        return true;
    return outcome == HTTP_ANSWERED &&
           (status == 500 || status == 502 || status == 503 || status == 504 ||
            retry_is_throttling(code) || text_equal(code, TEXT("RequestTimeout")) ||
            text_equal(code, TEXT("RequestTimeoutException")));
}

int64_t retry_pause_ms(int tries, uint32_t random)
{
    int64_t longest = tries < 1 ? 1000 : tries > 5 ? LONGEST_MS : (int64_t)1000 << (tries - 1);
    if (longest > LONGEST_MS)
        longest = LONGEST_MS;
    return (int64_t)((uint64_t)longest * random >> 32);
}

bool retry_pause(int tries, int *tokens, int64_t until_ms, const int *stop)
{
    uint32_t random = UINT32_MAX / 2;
    if (tries >= RETRY_TRIES || *tokens < RETRY_COST)
        return false;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random)
        random = (uint32_t)clock_monotonic_ns() * 2654435761u;
    int64_t pause = retry_pause_ms(tries, random);
    if (clock_epoch_ms() + pause >= until_ms)
        return false;
    *tokens -= RETRY_COST;
    return backoff_wait(pause, stop ? *stop : -1);
}

void retry_succeeded(int tries, int *tokens)
{
    *tokens += tries > 1 ? RETRY_COST : 1;
    if (*tokens > RETRY_TOKENS)
        *tokens = RETRY_TOKENS;
}
