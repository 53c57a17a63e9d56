/*
 * retry.h - what is worth a second try, and when (the reference guide of AWS's SDKs, "Retry
 * behavior", mode standard).
 *
 * Three tries at most, with pauses of random length, so that those who were refused together don't
 * come back together. Each retry costs tokens that only successes bring back: when a service is
 * down for long, its callers soon stop making it worse.
 */
#ifndef DIME_SERVICES_AWS_RETRY_H
#define DIME_SERVICES_AWS_RETRY_H

#include <stdint.h>

#include "services/aws/aws.h"
#include "net/http.h"

enum { RETRY_TRIES = 3, RETRY_TOKENS = 500, RETRY_COST = 5 };

/* Whether the code says that the caller asks too often, whatever its status is. */
bool retry_is_throttling(dime_text code);

/* Whether what came, or didn't come, may be better the next time. */
bool retry_is_worth(enum http_outcome outcome, long status, dime_text code);

/* How long to pause after so many tries (1: the first): a part, RANDOM of 2^32, of 1, 2, 4 .. 20 s.
 */
int64_t retry_pause_ms(int tries, uint32_t random);

/*
 * Pauses before the next try. False: it's over, since there have been enough tries, the tokens are
 * spent, the call is given up, or the pause would end after UNTIL_MS.
 */
bool retry_pause(int tries, int *tokens, int64_t until_ms, const int *stop);

/* A call that took so many tries has succeeded: brings tokens back. */
void retry_succeeded(int tries, int *tokens);

#endif
