/*
 * s3.h - reads a whole object of S3 into memory (the API's page "GetObject"). A picture must be
 * whole before it can be decoded, and its size is bounded, so passing on its pieces would gain
 * nothing.
 */
#ifndef DIME_SERVICES_AWS_S3_H
#define DIME_SERVICES_AWS_S3_H

#include <stddef.h>

#include "services/aws/aws.h"

struct s3_object {
    dime_text bucket, key; /* the key as S3 has it, not encoded */
    dime_text version;     /* empty: the newest */
    dime_text region;      /* the bucket's, as an event names it; empty: the usual one */
};

/*
 * Reads an object of at most MOST bytes; the reply's body is its bytes. The arena needs room for
 * them once. 413: it is larger, and none of it is kept. 422: there is no such object, bucket or
 * version.
 */
bool s3_get_object(struct aws *aws, struct aws_call *call, const struct s3_object *object,
                   size_t most);

#endif
