/*
 * page.c - a translation for a program, and for a person: the text in the pane beside the
 * one that it was written in, marked as its language, so that a screen reader speaks it as such.
 *
 * A page that is under way already shows the engine's last list of languages; nothing is asked for
 * here.
 */
#include "dime.h"

#include "functions/translate/translate.h"

void translate_put_page(const struct translation_question *question,
                        const struct translation_answer *answer, dime_json *page)
{
    const struct translate *translate = question->translate;
    const char *engine = answer->engine;
    const char *by = !engine                      ? "There was nothing to translate"
                     : strcmp(engine, "aws") == 0 ? "By Amazon Translate"
                                                  : "By Apertium, on this server";
    const struct translate_list *list = translate->list_until_ms ? &translate->list : NULL;
    dime_json *translation = dime_put_object(page, "translation");
    dime_put_text(translation, "from", language_name(list, answer->source));
    dime_put_text(translation, "to", language_name(list, answer->target));
    dime_put_string(translation, "by", by);
}
