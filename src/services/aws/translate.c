/*
 * translate.c - TranslateText and ListLanguages.
 *
 * What a person can have done wrong comes back in five codes; each has its own sentence, since the
 * service's own speak of parameters that the person has never seen.
 */
#include "services/aws/translate.h"

#include "services/aws/client.h"
#include "base/buffer.h"

enum { REPLY_MAX = 1024 * 1024, BODY_MAX = 8 * TRANSLATE_TEXT_MAX };

static const struct service TRANSLATE = {"Amazon Translate", "translate",
                                         "AWS_ENDPOINT_URL_TRANSLATE"};

static const struct refusal REFUSALS[] = {
    {"TextSizeLimitExceededException", 413, "the text is too long; send at most 10,000 bytes."},
    {"UnsupportedLanguagePairException", 422,
     "it doesn't translate between these languages; choose others."},
    {"DetectedLanguageLowConfidenceException", 422,
     "it can't tell which language this is; say which."},
    {"InvalidRequestException", 422, "it can't translate this; look at the languages' codes."},
    {"ValidationException", 422, "it can't translate this; look at the languages' codes."},
    {"InvalidParameterValueException", 422,
     "it can't translate this; look at the languages' codes."},
    {0},
};

static void perform(struct aws *aws, const struct aws_call *call, const char *target,
                    const struct buffer *body, struct aws_reply *reply)
{
    struct operation operation = {.service = &TRANSLATE,
                                  .target = target,
                                  .type = "Content-Type: application/x-amz-json-1.1",
                                  .body = buffer_text(body),
                                  .most = REPLY_MAX,
                                  .refusals = REFUSALS};
    if (body->failed)
        client_no_memory(reply);
    else
        client_perform(aws, call, &operation, reply);
}

static bool check(const struct translate_question *question, const struct aws_call *call,
                  struct aws_reply *reply)
{
    enum { CODE_MAX = 64 };
    if (!question->text.length)
        client_refuse(reply, call, 422, "There is no text to translate; send some.");
    else if (question->text.length > TRANSLATE_TEXT_MAX)
        client_refuse(reply, call, 413, "Amazon Translate takes texts of at most 10,000 bytes.");
    else if (question->source.length > CODE_MAX || question->target.length > CODE_MAX)
        client_refuse(reply, call, 422, "A language's code is short, such as en or pt-PT.");
    else
        return true;
    return false;
}

void translate_text(struct aws *aws, const struct aws_call *call,
                    const struct translate_question *question, struct aws_reply *reply)
{
    struct buffer body;
    if (!check(question, call, reply))
        return;
    buffer_open(&body, call->arena, BODY_MAX);
    buffer_puts(&body, "{\"Text\":");
    buffer_json(&body, question->text);
    buffer_puts(&body, ",\"SourceLanguageCode\":");
    buffer_json(&body, question->source);
    buffer_puts(&body, ",\"TargetLanguageCode\":");
    buffer_json(&body, question->target);
    buffer_puts(&body, "}");
    perform(aws, call, "X-Amz-Target: AWSShineFrontendService_20170701.TranslateText", &body,
            reply);
}

void translate_list_languages(struct aws *aws, const struct aws_call *call, struct aws_reply *reply)
{
    struct buffer body;
    buffer_open(&body, call->arena, BODY_MAX);
    buffer_puts(&body, "{\"DisplayLanguageCode\":\"en\",\"MaxResults\":500}");
    perform(aws, call, "X-Amz-Target: AWSShineFrontendService_20170701.ListLanguages", &body,
            reply);
}
