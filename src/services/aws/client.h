/*
 * client.h - an operation, as a service hands it over to be performed.
 *
 * A service says what is to be sent and which of its error codes are the client's fault; all the
 * rest of a call is the same for each of them and is done in client.c.
 */
#ifndef DIME_SERVICES_AWS_CLIENT_H
#define DIME_SERVICES_AWS_CLIENT_H

#include "services/aws/reply.h"
#include "services/aws/state.h"

/* A code of a service that means that what was asked can't be done. */
struct aws_refusal {
    const char *code;
    int status;           /* 4xx, to answer with */
    const char *sentence; /* for the person; the code is put before it */
};

struct aws_operation {
    const struct aws_service *service;
    const char *target; /* "X-Amz-Target: ..."; NULL: GET, of an object */
    const char *type;   /* of the body: "Content-Type: ..." */
    dime_text body;
    dime_text region;                   /* empty: the usual one */
    dime_text endpoint;                 /* where no setting names one; empty: AWS's own */
    dime_text bucket, path;             /* of GET; the path is encoded and begins with a slash */
    size_t most;                        /* bytes of an answer */
    const struct aws_refusal *refusals; /* the last has no code */
};

/*
 * Makes a call: finds region, endpoint and credentials, sends, tries again as long as it's worth
 * it, and notes the reply in it. What an operator has to know of a failure goes to the log.
 */
bool client_perform(struct aws *aws, struct aws_call *call, const struct aws_operation *operation);

#endif
