/*
 * engine.c - translates a text by Apertium, by Amazon Translate, or by whichever of them can.
 *
 * With `auto`, Amazon Translate is asked if it has credentials; for a while after it was down,
 * Apertium is asked. If both fail, the answer has Amazon Translate's reason, not Apertium's. The
 * list of languages is fetched from the engine too and kept for a minute, since Apertium's own
 * message about an unknown pair helps nobody.
 */
#include "dime.h"

#include "base/clock.h"
#include "base/json.h"
#include "functions/translate/translate.h"

enum {
    HERE_MS = 5000,  /* of the time left: reserved for Apertium after all */
    KEEP_MS = 60000, /* how long a list is kept */
};

static bool open_translate_aws(struct translate *translate)
{
    if (!translate->aws)
        translate->aws = aws_open("translate");
    return translate->aws;
}

/* Whether it's worth asking AWS first. */
static bool can_ask_aws(struct translate *translate)
{
    if (translate->choice != TRANSLATE_EITHER)
        return translate->choice == TRANSLATE_AWS;
    return open_translate_aws(translate) && fallback_may_ask(&translate->fallback, translate->aws);
}

/* Asks one engine for its list. */
static bool get_list(dime_call *call, bool aws, int64_t within_ms,
                     struct translation_answer *answer)
{
    struct translate *translate = dime_state(call);
    struct aws_call asking = translate_call(call, within_ms);
    answer->engine = aws ? "aws" : "apertium";
    arena_reset(&translate->of_list);
    translate->list_until_ms = 0;
    if (aws && !open_translate_aws(translate)) {
        translate_refuse_memory(answer);
        return false;
    }
    bool listed = aws ? translate_list_languages(translate->aws, &asking)
                      : apertium_list_pairs(translate->apertium, &asking);
    if (!listed) {
        translate_refuse(answer, &asking.reply);
        return false;
    }
    bool made = (aws ? languages_of_aws : languages_of_pairs)(&translate->list, asking.reply.body,
                                                              &translate->of_list);
    if (!made) {
        translate_refuse_memory(answer);
        return false;
    }
    translate->list_until_ms = clock_epoch_ms() + KEEP_MS;
    return true;
}

static bool has_list(const struct translate *translate, bool aws)
{
    return clock_epoch_ms() < translate->list_until_ms &&
           (strcmp(translate->list.engine, "aws") == 0) == aws;
}

static bool need_list(dime_call *call, bool aws, int64_t within_ms,
                      struct translation_answer *answer)
{
    return has_list(dime_state(call), aws) || get_list(call, aws, within_ms, answer);
}

const struct translate_list *translate_languages(dime_call *call, int64_t within_ms,
                                                 struct translation_answer *answer)
{
    struct translate *translate = dime_state(call);
    bool aws = can_ask_aws(translate);
    *answer = (struct translation_answer){.why = TEXT("")};
    if (need_list(call, aws, within_ms, answer))
        return &translate->list;
    if (aws && translate->choice == TRANSLATE_EITHER) {
        struct translation_answer none = {0};
        fallback_shun(&translate->fallback, dime_id(call), answer->why);
        if (need_list(call, false, within_ms, &none))
            return &translate->list;
    }
    return NULL;
}

static void ask_apertium(const struct translation_question *question,
                         struct translation_answer *answer)
{
    *answer = (struct translation_answer){.why = TEXT(""), .engine = "apertium"};
    if (need_list(question->call, false, INT64_MAX, answer))
        translate_by_apertium(question, &question->translate->list, answer);
}

/* Its answer is {"TranslatedText":...,"SourceLanguageCode":...,"TargetLanguageCode":...}. */
static void take_aws(dime_text json, struct arena *arena, struct translation_answer *answer)
{
    struct json_value value;
    struct json_error error;
    if (!json_check(json, arena, &value, &error)) { /* it was checked, so this is out of memory */
        translate_refuse_memory(answer);
        return;
    }
    answer->text = json_text_at(value, "TranslatedText", arena);
    answer->source = json_text_at(value, "SourceLanguageCode", arena);
    answer->target = json_text_at(value, "TargetLanguageCode", arena);
    answer->status = 200;
    if (arena->failed) {
        translate_refuse_memory(answer);
    } else if (!answer->text.length || !answer->target.length) {
        answer->status = 502;
        answer->why = TEXT("Amazon Translate sent an answer without a text; try again.");
    }
}

static void ask_aws(const struct translation_question *question, int64_t within_ms,
                    struct translation_answer *answer)
{
    struct aws_call call = translate_call(question->call, within_ms);
    *answer = (struct translation_answer){.why = TEXT(""), .engine = "aws"};
    if (!open_translate_aws(question->translate)) {
        translate_refuse_memory(answer);
        return;
    }
    if (translate_text(question->translate->aws, &call,
                       &(struct translate_question){.text = question->text,
                                                    .source = question->source,
                                                    .target = question->target}))
        take_aws(call.reply.body, call.arena, answer);
    else
        translate_refuse(answer, &call.reply);
}

static void ask_either(const struct translation_question *question,
                       struct translation_answer *answer)
{
    struct translation_answer second;
    int64_t left = dime_deadline_ms(question->call) - clock_epoch_ms();
    if (!can_ask_aws(question->translate)) {
        ask_apertium(question, answer);
        return;
    }
    ask_aws(question, left - HERE_MS > HERE_MS ? left - HERE_MS : INT64_MAX, answer);
    if (answer->status < 500)
        return;
    fallback_shun(&question->translate->fallback, dime_id(question->call), answer->why);
    ask_apertium(question, &second);
    if (second.status == 200)
        *answer = second;
}

void translate_ask(const struct translation_question *question, struct translation_answer *answer)
{
    switch (question->translate->choice) {
    case TRANSLATE_APERTIUM:
        ask_apertium(question, answer);
        break;
    case TRANSLATE_AWS:
        ask_aws(question, INT64_MAX, answer);
        break;
    case TRANSLATE_EITHER:
        ask_either(question, answer);
        break;
    }
}
