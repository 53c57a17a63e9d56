/*
 * retry.h - which failures are retried, and when (the reference guide of AWS's SDKs, "Retry
 * behavior", mode standard).
 *
 * A call is tried three times at most, with pauses of random length, so that clients that failed
 * together don't retry together. Each retry costs tokens that only successes bring back: when a
 * service is down for long, its clients soon stop making it worse.
 */
#ifndef DIME_SERVICES_AWS_RETRY_H
#define DIME_SERVICES_AWS_RETRY_H

#include <stdint.h>

#include "services/aws/aws.h"
#include "net/http.h"

enum { RETRY_TRIES = 3, RETRY_TOKENS = 500, RETRY_COST = 5 };

/* Whether the code means throttling, whatever the status. */
bool retry_is_throttling(dime_text code);

/* Whether a retry may succeed. */
bool retry_is_worth(enum http_outcome outcome, long status, dime_text code);

/* How long to pause after so many tries (1: the first): RANDOM / 2^32 of 1, 2, 4 .. 20 s. */
int64_t retry_pause_ms(int tries, uint32_t random);

/*
 * Pauses before the next try. False: there is none, since there were enough tries, the tokens are
 * spent, the call was given up, or the pause would end after UNTIL_MS.
 */
bool retry_pause(int tries, int *tokens, int64_t until_ms, const int *stop);

/* Brings tokens back after a call has succeeded with so many tries. */
void retry_succeeded(int tries, int *tokens);

#endif
