/*
 * rekognition.h - labels of a picture by Amazon Rekognition (its API's page "DetectLabels"). Its
 * answer is passed on as it is, since the function's own has the same shape.
 */
#ifndef DIME_SERVICES_AWS_REKOGNITION_H
#define DIME_SERVICES_AWS_REKOGNITION_H

#include "services/aws/aws.h"

/* Most bytes of a picture in a request. Rekognition takes JPEG and PNG. */
enum { REKOGNITION_BYTES_MAX = 5242880 };

struct rekognition_question {
    dime_text bytes;              /* the picture itself; empty: it's the object */
    dime_text bucket, key;        /* the key as S3 has it, not encoded */
    dime_text version;            /* empty: the newest */
    dime_text region;             /* for the call; must be the bucket's; empty: the usual one */
    const int64_t *max_labels;    /* NULL: as many as Rekognition likes */
    const double *min_confidence; /* 0 to 100; NULL: Rekognition's own, 55 */
};

/*
 * Asks for labels. The reply's body is Rekognition's JSON as it came: {"Labels":[...],
 * "LabelModelVersion":...}. What is wrong with the picture is a 4xx: 413 too large, 415 neither
 * JPEG nor PNG, 422 anything else about it. The arena needs room for 4/3 of the bytes and for the
 * answer, at most 4 MiB.
 */
bool rekognition_detect_labels(struct aws *aws, struct aws_call *call,
                               const struct rekognition_question *question);

#endif
