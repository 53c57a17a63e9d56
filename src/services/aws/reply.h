/*
 * reply.h - the replies to calls that have no answer, and until when a call may take.
 *
 * What calls a service makes them: client.c for all of AWS's, and those that ask by HTTP alone.
 */
#ifndef DIME_SERVICES_AWS_REPLY_H
#define DIME_SERVICES_AWS_REPLY_H

#include "services/aws/aws.h"
#include "net/http.h"

/* Has a call end well, with BODY. Returns true. */
bool aws_succeed(struct aws_call *call, dime_text body);

/* Has a call that isn't made end with STATUS. The text says to the person what to do. Returns
 * false.
 */
bool aws_refuse(struct aws_call *call, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * The same for a call to NAME that had no answer: OUTCOME isn't HTTP_ANSWERED. REASON is what
 * struct http has for a person. Returns false.
 */
bool aws_refuse_outcome(struct aws_call *call, const char *name, enum http_outcome outcome,
                        const char *reason);

/* Says that there's no memory left for the call. Returns false. */
bool aws_no_memory(struct aws_call *call);

/* The latest moment at which a call may still be under way. */
int64_t aws_until(const struct aws_call *call);

#endif
