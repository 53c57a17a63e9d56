/*
 * without.c - aws.h, apertium.h, rekognition.h, s3.h and translate.h where dime is built without
 * libcurl or libcrypto.
 *
 * So labels and translate need no condition: they are told why nobody can be called, and go on
 * without.
 */
#include "services/aws/aws.h"

#include "services/apertium.h"
#include "services/aws/rekognition.h"
#include "services/aws/s3.h"
#include "services/aws/translate.h"

#define WHY                                                                                        \
    "AWS can't be called from here: dime was built without libcurl or libcrypto. Install their "   \
    "development packages, and build dime anew."

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

void translate_text(struct aws *aws, const struct aws_call *call,
                    const struct translate_question *question, struct aws_reply *reply)
{
    (void)aws, (void)call, (void)question;
    refuse(reply);
}

void translate_list_languages(struct aws *aws, const struct aws_call *call, struct aws_reply *reply)
{
    (void)aws, (void)call;
    refuse(reply);
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

static void refuse_apertium(struct aws_reply *reply)
{
    *reply = (struct aws_reply){
        .status = 503,
        .code = TEXT(""),
        .detail =
            TEXT("Apertium can't be called from here: dime was built without libcurl. Install "
                 "its development package, and build dime anew.")};
}

void apertium_list_pairs(struct apertium *apertium, const struct aws_call *call,
                         struct aws_reply *reply)
{
    (void)apertium, (void)call;
    refuse_apertium(reply);
}

void apertium_translate(struct apertium *apertium, const struct aws_call *call, dime_text source,
                        dime_text target, dime_text html, struct aws_reply *reply)
{
    (void)apertium, (void)call, (void)source, (void)target, (void)html;
    refuse_apertium(reply);
}
