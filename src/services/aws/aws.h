/*
 * aws.h - a call to a service of AWS: signed, retried, within a deadline, and always with a reply.
 *
 * A function or a host includes this and the header of the service that it calls (rekognition.h,
 * s3.h, sqs.h, translate.h). Credentials, region and endpoint come from the same places as for
 * AWS's own tools (their reference guide, "Configuration and authentication settings"). libcurl
 * sends. Each failure becomes a reply that the caller can answer with as it stands. No secret is
 * in a reply or in the log. A struct aws belongs to one worker: two threads may not share it.
 */
#ifndef DIME_SERVICES_AWS_AWS_H
#define DIME_SERVICES_AWS_AWS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

struct aws; /* credentials once they are found, and open connections */

/*
 * Makes a client, which connects to nothing before the first call. FUNCTION names it in the log and
 * must outlast it. The caller closes it. NULL: out of memory.
 */
struct aws *aws_open(const char *function);

/* Closes its connections and wipes its credentials. AWS may be NULL. */
void aws_close(struct aws *aws);

/*
 * Whether a call can be signed: a region and credentials are known. An engine is used only then. It
 * reads the environment and files (some 20 us) and uses no network, so on an EC2 instance, or in a
 * container with a role, a call may still find no credentials. False: *WHY is a sentence on what to
 * set, a literal.
 */
bool aws_ready(struct aws *aws, const char **why);

/* The result of a call. Texts are the arena's or literals. */
struct aws_reply {
    bool ok;
    bool stopped;   /* not ok: it was given up */
    bool no_memory; /* not ok: out of memory */
    dime_text body; /* ok: the service's whole answer; JSON, if it speaks that, has been checked */

    /* Not ok: */
    int status;       /* to answer with: 502 the service failed, 503 it can't be called here or
                         now, 504 the deadline passed; or 4xx, what was asked can't be done */
    dime_text code;   /* the service's own, such as ThrottlingException; may be empty */
    dime_text detail; /* a sentence for the person, which names the code */
    dime_text log;    /* of a quiet call: the sentence for the operator; empty: `detail` is it */
};

/*
 * A call: its circumstances and its reply. The reply is there a tenth of a second before the
 * deadline, so that there is time to answer with it. A function that calls returns whether it is
 * ok.
 */
struct aws_call {
    struct arena *arena;  /* the reply's; needs room for what is sent and for the answer */
    int64_t deadline_ms;  /* milliseconds since the epoch; 0: a minute from now */
    dime_text request_id; /* for the log; may be empty */
    const int *stop;      /* readable when the call should be given up; NULL: never */
    bool quiet;           /* the caller logs a failure, by the reply's `log` */

    struct aws_reply reply; /* how it has ended */
};

#endif
