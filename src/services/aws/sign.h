/*
 * sign.h - AWS Signature Version 4, in the headers of a request (the IAM user guide, "Create a
 * signed AWS API request").
 *
 * libcurl has an option for this, but its versions disagree: 7.88 signs some requests wrongly,
 * 8.14 others, and from 8.14 on it refuses to sign a path that must stay as it is, which keys of
 * S3 need. The request that is signed here is the one that is sent, with any libcurl.
 */
#ifndef DIME_SERVICES_AWS_SIGN_H
#define DIME_SERVICES_AWS_SIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

enum { SIGN_HOST_MAX = 320, SIGN_HEADERS_MAX = 8 };

/*
 * A request as it will be sent. Its path and query are percent-encoded by buffer_percent, and the
 * parameters are in the order of their names, each with an equals sign. No header is there twice.
 */
struct signing {
    const char *method;
    dime_text url;              /* http or https, with a path */
    const char *const *headers; /* "Name: value"; all are signed; the last is NULL */
    dime_text body;
    dime_text region, service; /* such as eu-west-1, s3 */
    dime_text id, secret;
    int64_t time_s; /* since the epoch */
};

/* The headers to add to the request, each "Name: value". */
struct signature {
    char host[SIGN_HOST_MAX];
    char date[32];
    char authorization[768];
};

/* Signs. False: out of memory, or a part is longer than in any request to AWS. */
bool sign_request(const struct signing *signing, struct arena *arena, struct signature *signature);

#endif
