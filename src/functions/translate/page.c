/*
 * page.c - a translation for a program, and for a person: the text in the pane beside the
 * one that it was written in, marked as its language, so that a screen reader speaks it as such.
 *
 * A page that is under way already shows the engine's last list of languages; nothing is asked for
 * here.
 */
#include "function.h"

#include "functions/translate/translate.h"

void translate_put_json(const struct translation_answer *answer, struct buffer *json)
{
    buffer_puts(json, "{\"TranslatedText\":");
    buffer_json(json, answer->text);
    buffer_puts(json, ",\"SourceLanguageCode\":");
    buffer_json(json, answer->source);
    buffer_puts(json, ",\"TargetLanguageCode\":");
    buffer_json(json, answer->target);
    buffer_puts(json, "}");
}

/* "English to Spanish" */
static void put_title(struct buffer *html, const struct translate_list *list,
                      const struct translation_answer *answer)
{
    buffer_html(html, language_name(list, answer->source));
    buffer_puts(html, " to ");
    buffer_html(html, language_name(list, answer->target));
}

void translate_put_page(const struct translation_question *question,
                        const struct translation_answer *answer, struct response *response)
{
    const struct translate *translate = question->translate;
    const char *engine = answer->engine;
    const char *by = !engine                      ? "There was nothing to translate"
                     : strcmp(engine, "aws") == 0 ? "By Amazon Translate"
                                                  : "By Apertium, on this server";
    const struct translate_list *list = translate->list_until_ms ? &translate->list : NULL;
    struct buffer json, *html = response_html(response);
    buffer_puts(html, "<section class=\"result translation\" id=\"result\" tabindex=\"-1\" "
                      "aria-labelledby=\"result-title\" data-source=\"");
    buffer_html(html, answer->source);
    buffer_puts(html, "\">\n<h2 id=\"result-title\">");
    put_title(html, list, answer);
    buffer_puts(html, "</h2>\n<p class=\"translated\" dir=\"auto\" lang=\"");
    buffer_html(html, answer->target);
    buffer_puts(html, "\">");
    buffer_html(html, answer->text);
    buffer_puts(html, "</p>\n<div class=\"by\"><p class=\"hint\">");
    buffer_puts(html, by);
    buffer_puts(html, "</p></div>\n<details>\n<summary>As a program gets it</summary>\n"
                      "<pre class=\"json\">");
    buffer_open(&json, response->arena, (size_t)2 * TRANSLATE_ANSWER_MAX);
    translate_put_json(answer, &json);
    buffer_html(html, buffer_text(&json));
    buffer_puts(html, "</pre>\n</details>\n</section>");
}
