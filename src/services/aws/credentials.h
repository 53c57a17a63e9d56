/*
 * credentials.h - the keys for calls to AWS: where they come from, and how long they are valid.
 *
 * They are searched for in botocore's order: the environment, a role to assume, a web identity,
 * SSO, the credentials file, a login or a process, the config file, the container's server, the
 * instance's server. The first place with keys is used. A place that is configured but can't give
 * keys is an error, never a reason to go on as somebody else. A role of a profile, SSO, a login
 * and a process are such places: AWS's own tools turn them into keys, and dime's message says how.
 */
#ifndef DIME_SERVICES_AWS_CREDENTIALS_H
#define DIME_SERVICES_AWS_CREDENTIALS_H

#include "services/aws/settings.h"

enum { CREDENTIALS_KEY_MAX = 128, CREDENTIALS_TOKEN_MAX = 8192 };

struct credentials {
    char id[CREDENTIALS_KEY_MAX + 1];
    char secret[CREDENTIALS_KEY_MAX + 1];
    char token[CREDENTIALS_TOKEN_MAX + 1]; /* of a session; empty: none */
    int64_t expires_ms;                    /* milliseconds since the epoch; 0: they don't end */
};

/* The sentence where there are none. */
#define CREDENTIALS_NONE                                                                           \
    "There are no AWS credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give this " \
    "machine a role."

/* Where credentials come from. */
enum origin {
    ORIGIN_FAULT, /* what was found is wrong */
    ORIGIN_NONE,
    ORIGIN_SETTINGS, /* the environment or a file */
    ORIGIN_WEB_IDENTITY,
    ORIGIN_CONTAINER,
    ORIGIN_INSTANCE, /* the last resort: a request shows whether it has some */
};

/*
 * Finds the origin by the settings, which have been read, and for ORIGIN_SETTINGS *CREDENTIALS too.
 * Uses no network. For ORIGIN_FAULT and ORIGIN_NONE *WHY is a sentence.
 */
enum origin credentials_find(const struct aws_settings *settings, struct credentials *credentials,
                             const char **why);

/*
 * Copies keys into *CREDENTIALS. False: one is missing, too long, or has characters that no key
 * has; then *CREDENTIALS is empty.
 */
bool credentials_set(struct credentials *credentials, dime_text id, dime_text secret,
                     dime_text token);

/*
 * Reads what a server answers: {"AccessKeyId":...,"SecretAccessKey":...,"Token":...,"Expiration":
 * "2026-11-24T12:00:00Z"}. False: it is something else, or the arena has failed.
 */
bool credentials_read(struct credentials *credentials, dime_text json, struct arena *arena);

/* Reads a time as AWS writes it, 2026-11-24T12:00:00Z, into milliseconds. False: it's none. */
bool credentials_time(dime_text text, int64_t *milliseconds);

#endif
