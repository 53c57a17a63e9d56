/*
 * state.h - the inside of struct aws: what one worker keeps from call to call.
 *
 * It stands below all that makes a call, the fetching of credentials too.
 */
#ifndef DIME_SERVICES_AWS_STATE_H
#define DIME_SERVICES_AWS_STATE_H

#include "services/aws/aws.h"
#include "services/aws/credentials.h"
#include "net/http.h"
#include "services/aws/settings.h"

/* A lost first packet is sent again after one second, and after three. */
enum { AWS_CONNECT_MS = 3100 };

struct aws {
    const char *function;
    struct http http;
    struct aws_settings settings;
    struct credentials credentials;
    enum origin origin;    /* of those */
    int64_t again_ms;      /* a server isn't asked for credentials before that */
    const char *fetch_why; /* why the last fetch failed; NULL: it didn't */
    int tokens;            /* that retries are paid with: retry.h */
    char token_line[CREDENTIALS_TOKEN_MAX + 32]; /* the header with the session's token */
};

#endif
