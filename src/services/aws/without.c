/*
 * without.c - aws.h, apertium.h, rekognition.h, s3.h, sns.h and translate.h where dime is built
 * without libcurl or libcrypto.
 *
 * So labels and translate need no condition: they are told why nobody can be called, and go on
 * without.
 */
#include "services/aws/aws.h"

#include "services/apertium.h"
#include "services/aws/rekognition.h"
#include "services/aws/s3.h"
#include "services/aws/sns.h"
#include "services/aws/translate.h"

static const char NO_AWS[] =
    "AWS can't be called from here: dime was built without libcurl or libcrypto. Install their "
    "development packages, and build dime anew.";
static const char NO_APERTIUM[] =
    "Apertium can't be called from here: dime was built without libcurl. Install its development "
    "package, and build dime anew.";
static const char NO_SNS[] =
    "Messages of SNS can't be verified here: dime was built without libcurl or OpenSSL. Install "
    "their development packages, and build it anew.";

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

static void refuse_here(struct aws_reply *reply, const char *why)
{
    *reply = (struct aws_reply){.status = 503, .code = TEXT(""), .detail = text_of(why)};
}

void rekognition_detect_labels(struct aws *aws, const struct aws_call *call,
                               const struct rekognition_question *question, struct aws_reply *reply)
{
    (void)aws, (void)call, (void)question;
    refuse_here(reply, NO_AWS);
}

void s3_get_object(struct aws *aws, const struct aws_call *call, const struct s3_object *object,
                   size_t most, struct aws_reply *reply)
{
    (void)aws, (void)call, (void)object, (void)most;
    refuse_here(reply, NO_AWS);
}

void translate_text(struct aws *aws, const struct aws_call *call,
                    const struct translate_question *question, struct aws_reply *reply)
{
    (void)aws, (void)call, (void)question;
    refuse_here(reply, NO_AWS);
}

void translate_list_languages(struct aws *aws, const struct aws_call *call, struct aws_reply *reply)
{
    (void)aws, (void)call;
    refuse_here(reply, NO_AWS);
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

void apertium_list_pairs(struct apertium *apertium, const struct aws_call *call,
                         struct aws_reply *reply)
{
    (void)apertium, (void)call;
    refuse_here(reply, NO_APERTIUM);
}

void apertium_translate(struct apertium *apertium, const struct aws_call *call, dime_text source,
                        dime_text target, dime_text html, struct aws_reply *reply)
{
    (void)apertium, (void)call, (void)source, (void)target, (void)html;
    refuse_here(reply, NO_APERTIUM);
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
    refuse_here(reply, NO_SNS);
}

void sns_confirm(struct aws *aws, const struct aws_call *call, const struct sns_message *message,
                 struct aws_reply *reply)
{
    (void)aws, (void)call, (void)message;
    refuse_here(reply, NO_SNS);
}
