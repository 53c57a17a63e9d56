/*
 * translate.h - Amazon Translate (its API's pages "TranslateText" and "ListLanguages"). Its answers
 * are passed on as they are, since the function's own have the same shape.
 */
#ifndef DIME_SERVICES_AWS_TRANSLATE_H
#define DIME_SERVICES_AWS_TRANSLATE_H

#include "services/aws/aws.h"

enum { TRANSLATE_TEXT_MAX = 10000 }; /* bytes of UTF-8 */

struct translate_question {
    dime_text text;
    dime_text source; /* a language's code, or auto */
    dime_text target;
};

/*
 * Translates. The reply's body is Translate's JSON as it came: {"TranslatedText":...,
 * "SourceLanguageCode":...,"TargetLanguageCode":...}. A wrong question is a 4xx: 413 the text is
 * too long, 422 anything else, such as an unknown pair of languages.
 */
bool translate_text(struct aws *aws, struct aws_call *call,
                    const struct translate_question *question);

/*
 * Lists the languages, at most 500. The reply's body is {"Languages":[{"LanguageName":...,
 * "LanguageCode":...}],...}, with names in English.
 */
bool translate_list_languages(struct aws *aws, struct aws_call *call);

#endif
