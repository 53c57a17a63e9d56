/*
 * fallback.h - whether a function that can do without AWS asks it (the engine `auto`).
 *
 * It does where there are a region and credentials, and not for a while after AWS was down. Where
 * it doesn't the log says why: nobody is to find out by the answers alone that somebody else
 * gives them.
 */
#ifndef DIME_SERVICES_AWS_FALLBACK_H
#define DIME_SERVICES_AWS_FALLBACK_H

#include "services/aws/aws.h"

enum { FALLBACK_MS = 30000 }; /* how long AWS isn't asked after it was down */

struct fallback {
    const char *function;
    const char *service, *other; /* Amazon Rekognition, the local engine */
    int64_t until_ms;            /* until when AWS isn't asked, since it was down; 0: it's fine */
    const char *told;            /* why it wasn't asked last; NULL: it was */
};

/* Whether AWS is worth asking. A reason why it isn't is logged when it is new. */
bool fallback_may_ask(struct fallback *fallback, struct aws *aws);

/* Has AWS left alone for a while, since it was down: WHY. */
void fallback_shun(struct fallback *fallback, dime_text request_id, dime_text why);

#endif
