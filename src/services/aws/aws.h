/*
 * aws.h - a call to a service of AWS: signed, retried, over in time, and answered in any case.
 *
 * A function or a host includes this and the header of the service that it calls (rekognition.h,
 * s3.h, sqs.h, translate.h). Credentials, region and endpoint come from where AWS's own tools take
 * them (their reference guide, "Configuration and authentication settings"), libcurl signs and
 * sends, and whatever goes wrong becomes a reply that can be answered with as it stands. Nothing of
 * a secret is in a reply or in the log. A struct aws is one worker's: no two threads may share one.
 */
#ifndef DIME_SERVICES_AWS_AWS_H
#define DIME_SERVICES_AWS_AWS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

struct aws; /* credentials once they are found, and the connections that are kept */

/*
 * Makes one, which asks nobody for anything before the first call. FUNCTION names it in the log and
 * must outlast it. The caller closes it. NULL: there is no memory.
 */
struct aws *aws_open(const char *function);

/* Closes its connections and wipes its credentials. AWS may be NULL. */
void aws_close(struct aws *aws);

/*
 * Whether a call can be signed, for an engine that is used only where it can: there are a region
 * and credentials. It reads the environment and files (some 20 us) and asks no network, so that on
 * a machine of EC2's, or a container with a role, a call may still find that there are none. Where
 * it is false *WHY is a sentence on what to set, a literal.
 */
bool aws_ready(struct aws *aws, const char **why);

/* How a call has ended. Texts are the arena's or literals. */
struct aws_reply {
    bool ok;
    bool stopped;   /* not ok, since it was given up */
    bool no_memory; /* not ok, since there was none left for the call */
    dime_text body; /* ok: what the service answered, whole; checked JSON where it speaks JSON */

    /* Not ok: */
    int status;       /* to answer with: 502 the service failed, 503 it can't be called here or
                         now, 504 the deadline passed; or 4xx, what was asked can't be done */
    dime_text code;   /* the service's own, such as ThrottlingException; may be empty */
    dime_text detail; /* a sentence for the person, which names the code */
    dime_text log;    /* of a quiet call: the sentence for the operator; empty: `detail` is it */
};

/*
 * A call: for whom it is made, and what came of it. The reply is there a tenth of a second before
 * the deadline, so that it can be answered with. What makes a call returns whether it is ok.
 */
struct aws_call {
    struct arena *arena;  /* the reply's; must have room for what is sent and for what comes back */
    int64_t deadline_ms;  /* milliseconds since the epoch; 0: a minute from now */
    dime_text request_id; /* for the log; may be empty */
    const int *stop;      /* can be read from when the call is to be given up; NULL: nothing can */
    bool quiet;           /* the caller logs a failure, by the reply's `log` */

    struct aws_reply reply; /* how it has ended */
};

#endif
