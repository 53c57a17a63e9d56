/*
 * fallback.h - whether a function that can do without AWS asks it (the engine `auto`).
 *
 * It does if a region and credentials are known, except for a while after AWS was down. The log
 * says when and why it doesn't: the answers alone shouldn't be the only sign that another engine
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

/* Notes that AWS was down, WHY, so that it isn't asked for a while. */
void fallback_shun(struct fallback *fallback, dime_text request_id, dime_text why);

#endif
