/*
 * without.c - aws.h, apertium.h, rekognition.h, s3.h, sns.h and translate.h if dime is built
 * without libcurl or libcrypto.
 *
 * labels and translate then need no #if: every call fails with the reason, and they go on without.
 */
#include "services/aws/aws.h"

#include "services/apertium.h"
#include "services/aws/rekognition.h"
#include "services/aws/s3.h"
#include "services/aws/sns.h"
#include "services/aws/translate.h"

static const char NO_AWS[] =
    "AWS can't be called from here: dime was built without libcurl or libcrypto. Install their "
    "development packages, and build dime again.";
static const char NO_APERTIUM[] =
    "Apertium can't be called from here: dime was built without libcurl. Install its development "
    "package, and build dime again.";
static const char NO_SNS[] =
    "Messages of SNS can't be verified here: dime was built without libcurl or OpenSSL. Install "
    "their development packages, and build dime again.";

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
    *why = NO_AWS;
    return false;
}

static bool refuse_here(struct aws_call *call, const char *why)
{
    call->reply = (struct aws_reply){.status = 503, .code = TEXT(""), .detail = text_of(why)};
    return false;
}

bool rekognition_detect_labels(struct aws *aws, struct aws_call *call,
                               const struct rekognition_question *question)
{
    (void)aws, (void)question;
    return refuse_here(call, NO_AWS);
}

bool s3_get_object(struct aws *aws, struct aws_call *call, const struct s3_object *object,
                   size_t most)
{
    (void)aws, (void)object, (void)most;
    return refuse_here(call, NO_AWS);
}

bool translate_text(struct aws *aws, struct aws_call *call,
                    const struct translate_question *question)
{
    (void)aws, (void)question;
    return refuse_here(call, NO_AWS);
}

bool translate_list_languages(struct aws *aws, struct aws_call *call)
{
    (void)aws;
    return refuse_here(call, NO_AWS);
}

struct apertium {
    const char *function;
};

struct apertium *apertium_open(const char *function, dime_text url, bool anywhere, const char **why)
{
    static _Thread_local struct apertium none;
    (void)url, (void)anywhere;
    none.function = function;
    *why = NULL;
    return &none;
}

void apertium_close(struct apertium *apertium)
{
    (void)apertium;
}

bool apertium_list_pairs(struct apertium *apertium, struct aws_call *call)
{
    (void)apertium;
    return refuse_here(call, NO_APERTIUM);
}

bool apertium_translate(struct apertium *apertium, struct aws_call *call, dime_text source,
                        dime_text target, dime_text html)
{
    (void)apertium, (void)source, (void)target, (void)html;
    return refuse_here(call, NO_APERTIUM);
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

bool sns_verify(struct sns *sns, struct aws *aws, struct aws_call *call,
                const struct sns_message *message)
{
    (void)sns, (void)aws, (void)message;
    return refuse_here(call, NO_SNS);
}

bool sns_confirm(struct aws *aws, struct aws_call *call, const struct sns_message *message)
{
    (void)aws, (void)message;
    return refuse_here(call, NO_SNS);
}
