/*
 * translate.c - TranslateText and ListLanguages.
 *
 * A client's mistakes come back as five codes. Each has its own sentence here, since the service's
 * own name parameters that the client has never seen.
 */
#include "services/aws/translate.h"

#include "services/aws/client.h"
#include "base/json_put.h"

enum { TRANSLATE_REPLY_MAX = 1024 * 1024, TRANSLATE_REQUEST_MAX = 8 * TRANSLATE_TEXT_MAX };

static const struct aws_service TRANSLATE = {"Amazon Translate", "translate",
                                             "AWS_ENDPOINT_URL_TRANSLATE"};

static const struct aws_refusal TRANSLATE_REFUSALS[] = {
    {"TextSizeLimitExceededException", 413, "the text is too long; send at most 10,000 bytes."},
    {"UnsupportedLanguagePairException", 422,
     "it doesn't translate between these languages; choose others."},
    {"DetectedLanguageLowConfidenceException", 422, "it can't detect the language; give source."},
    {"InvalidRequestException", 422, "it can't translate this; look at the languages' codes."},
    {"ValidationException", 422, "it can't translate this; look at the languages' codes."},
    {"InvalidParameterValueException", 422,
     "it can't translate this; look at the languages' codes."},
    {0},
};

static bool perform_translation(struct aws *aws, struct aws_call *call, const char *target,
                                const struct buffer *body)
{
    struct aws_operation operation = {.service = &TRANSLATE,
                                      .target = target,
                                      .type = "Content-Type: application/x-amz-json-1.1",
                                      .body = buffer_text(body),
                                      .most = TRANSLATE_REPLY_MAX,
                                      .refusals = TRANSLATE_REFUSALS};
    return body->failed ? aws_no_memory(call) : client_perform(aws, call, &operation);
}

static bool check_text_question(const struct translate_question *question, struct aws_call *call)
{
    enum { LANGUAGE_MAX = 64 };
    if (!question->text.length)
        return aws_refuse(call, 422, "There is no text to translate; send some.");
    if (question->text.length > TRANSLATE_TEXT_MAX)
        return aws_refuse(call, 413, "Amazon Translate takes texts of at most 10,000 bytes.");
    if (question->source.length > LANGUAGE_MAX || question->target.length > LANGUAGE_MAX)
        return aws_refuse(call, 422, "A language's code is short, such as en or pt-PT.");
    return true;
}

bool translate_text(struct aws *aws, struct aws_call *call,
                    const struct translate_question *question)
{
    struct buffer body;
    if (!check_text_question(question, call))
        return false;
    buffer_open(&body, call->arena, TRANSLATE_REQUEST_MAX);
    json_begin_object(&body, NULL);
    json_put_text(&body, "Text", question->text);
    json_put_text(&body, "SourceLanguageCode", question->source);
    json_put_text(&body, "TargetLanguageCode", question->target);
    json_end_object(&body);
    return perform_translation(
        aws, call, "X-Amz-Target: AWSShineFrontendService_20170701.TranslateText", &body);
}

bool translate_list_languages(struct aws *aws, struct aws_call *call)
{
    struct buffer body;
    buffer_open(&body, call->arena, TRANSLATE_REQUEST_MAX);
    buffer_puts(&body, "{\"DisplayLanguageCode\":\"en\",\"MaxResults\":500}");
    return perform_translation(
        aws, call, "X-Amz-Target: AWSShineFrontendService_20170701.ListLanguages", &body);
}
