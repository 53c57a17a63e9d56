/*
 * state.h - the inside of struct aws: the state that a worker keeps between calls.
 *
 * The files that make calls share it, and those that fetch credentials.
 */
#ifndef DIME_SERVICES_AWS_STATE_H
#define DIME_SERVICES_AWS_STATE_H

#include "services/aws/aws.h"
#include "services/aws/credentials.h"
#include "net/http.h"
#include "services/aws/settings.h"

/* TCP sends a lost first packet again after one second, and after three. */
enum { AWS_CONNECT_MS = 3100 };

struct aws {
    const char *function;
    struct http http;
    struct aws_settings settings;
    struct credentials credentials;
    enum origin origin;    /* of those */
    int64_t again_ms;      /* no server is asked for credentials before then */
    const char *fetch_why; /* why the last fetch failed; NULL: it didn't */
    int tokens;            /* for retries: see retry.h */
    char token_line[CREDENTIALS_TOKEN_MAX + 32]; /* the header with the session's token */
};

#endif
