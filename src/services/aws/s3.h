/*
 * s3.h - an object of S3, read whole into memory (the API's page "GetObject"). A picture has to be
 * whole before it can be decoded, and is bounded, so nothing is gained by handing on its pieces.
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
 * them once where S3 says how many there are, which it does. 413: it is larger (not a byte of it is
 * kept then); 422: there is no such object, bucket or version.
 */
bool s3_get_object(struct aws *aws, struct aws_call *call, const struct s3_object *object,
                   size_t most);

#endif
