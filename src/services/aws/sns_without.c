/*
 * sns_without.c - sns.h where dime is built without OpenSSL's libcrypto or without libcurl.
 *
 * A message whose signature can't be verified isn't taken.
 */
#include "services/aws/sns.h"

static void refuse(struct aws_reply *reply)
{
    *reply = (struct aws_reply){
        .status = 503,
        .code = TEXT(""),
        .detail = TEXT("Messages of SNS can't be verified here: dime was built without libcurl or "
                       "OpenSSL. Install their development packages, and build it anew.")};
}

struct sns {
    char none;
};

struct sns *sns_open(void)
{
    static struct sns none;
    return &none;
}

void sns_close(struct sns *sns)
{
    (void)sns;
}

void sns_verify(struct sns *sns, struct aws *aws, const struct aws_call *call,
                const struct sns_message *message, struct aws_reply *reply)
{
    (void)sns, (void)aws, (void)call, (void)message;
    refuse(reply);
}

void sns_confirm(struct aws *aws, const struct aws_call *call, const struct sns_message *message,
                 struct aws_reply *reply)
{
    (void)aws, (void)call, (void)message;
    refuse(reply);
}
