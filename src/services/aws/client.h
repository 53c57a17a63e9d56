/*
 * client.h - the inside of struct aws, and an operation as a service hands it over.
 *
 * A service says what is to be sent and which of its error codes are the asker's fault; all the
 * rest of a call is the same for each of them and is done in client.c.
 */
#ifndef DIME_SERVICES_AWS_CLIENT_H
#define DIME_SERVICES_AWS_CLIENT_H

#include "services/aws/aws.h"
#include "services/aws/credentials.h"
#include "net/http.h"
#include "services/aws/settings.h"

struct aws {
    const char *function;
    struct http http;
    struct settings settings;
    struct credentials credentials;
    enum origin origin;    /* of those */
    int64_t again_ms;      /* a server isn't asked for credentials before that */
    const char *fetch_why; /* why the last fetch failed; NULL: it didn't */
    int tokens;            /* that retries are paid with: retry.h */
    char token_line[CREDENTIALS_TOKEN_MAX + 32]; /* the header with the session's token */
};

/* A code of a service that means that what was asked can't be done. */
struct refusal {
    const char *code;
    int status;           /* 4xx, to answer with */
    const char *sentence; /* for the person; the code is put before it */
};

struct operation {
    const struct service *service;
    const char *target; /* "X-Amz-Target: ..."; NULL: GET, of an object */
    const char *type;   /* of the body: "Content-Type: ..." */
    dime_text body;
    dime_text region;               /* empty: the usual one */
    dime_text endpoint;             /* where no setting names one; empty: AWS's own */
    dime_text bucket, path;         /* of GET; the path is encoded and begins with a slash */
    size_t most;                    /* bytes of an answer */
    const struct refusal *refusals; /* the last has no code */
};

/*
 * Makes a call: finds region, endpoint and credentials, sends, tries again as long as it's worth
 * it, and fills *REPLY. What an operator has to know of a failure goes to the log.
 */
void client_perform(struct aws *aws, const struct aws_call *call, const struct operation *operation,
                    struct aws_reply *reply);

/* Fills *REPLY for a call that isn't made. The text says to the person what to do. */
void client_refuse(struct aws_reply *reply, const struct aws_call *call, int status,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Says that there's no memory left for the call. */
void client_no_memory(struct aws_reply *reply);

/* The latest moment at which a call may still be under way. */
int64_t client_until(const struct aws_call *call);

#endif
