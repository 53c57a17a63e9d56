/*
 * without.c - aws.h, rekognition.h and s3.h where dime is built without libcurl.
 *
 * So labels needs no condition: it is told why AWS can't be called, and goes on without it.
 */
#include "aws/aws.h"

#include "aws/rekognition.h"
#include "aws/s3.h"

#define WHY                                                                                        \
    "AWS can't be called from here: dime was built without libcurl. Install its development "      \
    "package, and build dime anew."

struct aws {
    const char *function;
};

struct aws *aws_open(const char *function)
{
    static _Thread_local struct aws none;
    none.function = function;
    return &none;
}

void aws_close(struct aws *aws)
{
    (void)aws;
}

bool aws_ready(struct aws *aws, const char **why)
{
    (void)aws;
    *why = WHY;
    return false;
}

static void refuse(struct aws_reply *reply)
{
    *reply = (struct aws_reply){.status = 503, .code = TEXT(""), .detail = TEXT(WHY)};
}

void rekognition_detect_labels(struct aws *aws, const struct aws_call *call,
                               const struct rekognition_question *question, struct aws_reply *reply)
{
    (void)aws, (void)call, (void)question;
    refuse(reply);
}

void s3_get_object(struct aws *aws, const struct aws_call *call, const struct s3_object *object,
                   size_t most, struct aws_reply *reply)
{
    (void)aws, (void)call, (void)object, (void)most;
    refuse(reply);
}
