/*
 * client.h - an operation of a service, and its execution.
 *
 * A service says what to send and which of its error codes are the client's fault. The rest of a
 * call is the same for all services, and is in client.c.
 */
#ifndef DIME_SERVICES_AWS_CLIENT_H
#define DIME_SERVICES_AWS_CLIENT_H

#include "services/aws/reply.h"
#include "services/aws/state.h"

/* A service's code for a request that can't be fulfilled. */
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
 * Makes a call: finds region, endpoint and credentials, sends, retries while that may help, and
 * sets the call's reply. Details of a failure for the operator go to the log.
 */
bool client_perform(struct aws *aws, struct aws_call *call, const struct aws_operation *operation);

#endif
