/*
 * reply.h - the replies of calls that got no answer, and the latest end of a call.
 *
 * client.c uses them for AWS's services, and others for calls by plain HTTP.
 */
#ifndef DIME_SERVICES_AWS_REPLY_H
#define DIME_SERVICES_AWS_REPLY_H

#include "services/aws/aws.h"
#include "net/http.h"

/* Ends a call with success and BODY. Returns true. */
bool aws_succeed(struct aws_call *call, dime_text body);

/* Ends a call that isn't made with STATUS. The text tells the person what to do. Returns false. */
bool aws_refuse(struct aws_call *call, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * The same for a call to NAME without an answer: OUTCOME isn't HTTP_ANSWERED. REASON is struct
 * http's sentence. Returns false.
 */
bool aws_refuse_outcome(struct aws_call *call, const char *name, enum http_outcome outcome,
                        const char *reason);

/* Ends a call that is out of memory. Returns false. */
bool aws_no_memory(struct aws_call *call);

/* The moment by which a call must have ended. */
int64_t aws_until(const struct aws_call *call);

#endif
