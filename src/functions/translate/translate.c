/*
 * translate.c - translates a text.
 *
 * The fields are `text`, `source` and `target`; sl and tl are the names that the course's Python
 * original has for the latter two. The answer has the shape of Amazon Translate's TranslateText
 * with either engine, so a client needn't change with the engine. Without fields, the answer is
 * the list of languages. A text that is too long is refused, not cut, and the problem says how
 * long it is.
 */
#include "functions/translate/translate.h"

#include <stdlib.h>

DIME_EMBED(TRANSLATE_PAGE, "www/whole/translate.html");
DIME_EMBED(TRANSLATE_SCHEMA, "src/functions/translate/translate.schema.json");

enum {
    MENU_MS = 2000,  /* how long a page waits for its menus' languages */
    LIST_MS = 10000, /* how long a request for the list waits */
    LIST_ROOM = 1024 * 1024,
};

static const dime_field TRANSLATE_FIELDS[] = {
    DIME_LINES(struct translate_input, text, .max = TRANSLATE_BODY_MAX,
               .help = "what to translate, at most 10,000 bytes"),
    DIME_TEXT(struct translate_input, source, .max = TRANSLATE_CODE_MAX,
              .help = "the code of its language, such as en; auto, if left out, finds it out where "
                      "that can be"),
    DIME_TEXT(struct translate_input, target, .max = TRANSLATE_CODE_MAX,
              .help = "the code of the language to translate into, such as es"),
    DIME_TEXT(struct translate_input, sl, .max = TRANSLATE_CODE_MAX, .help = "the same as source"),
    DIME_TEXT(struct translate_input, tl, .max = TRANSLATE_CODE_MAX, .help = "the same as target"),
    DIME_JSON(struct translate_input, Labels, .max = TRANSLATE_BODY_MAX,
              .help = "what labels has answered: its names are the text"),
    DIME_JSON(struct translate_input, Results, .max = TRANSLATE_BODY_MAX,
              .help = "the same of an event with records"),
    DIME_LINES(struct translate_input, TranslatedText, .max = TRANSLATE_BODY_MAX,
               .help = "what translate has answered: that is the text"),
    DIME_TEXT(struct translate_input, TargetLanguageCode, .max = TRANSLATE_CODE_MAX,
              .help = "its language, as translate has answered it"),
};

static const dime_setting TRANSLATE_SETTINGS[] = {
    {.name = "TRANSLATE_ENGINE",
     .fallback = "apertium",
     .help = "the engine: apertium, aws or auto"},
    {.name = "TRANSLATE_URL", .help = "where Apertium's APy is; http://127.0.0.1:2737 if left out"},
    {.name = "TRANSLATE_REMOTE", .help = "yes, if that may be another machine"},
};

static bool read_translate_engine(const char *name, enum translate_choice *choice)
{
    static const char *const NAMES[] = {
        [TRANSLATE_APERTIUM] = "apertium", [TRANSLATE_AWS] = "aws", [TRANSLATE_EITHER] = "auto"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        *choice = (enum translate_choice)i;
        if (strcmp(name, NAMES[i]) == 0)
            return true;
    }
    return false;
}

/* Anything but yes means no: the setting lets texts leave this machine. */
static bool may_be_remote(const dime_call *call)
{
    return text_equal_nocase(text_of(dime_setting_of(call, "TRANSLATE_REMOTE")), TEXT("yes"));
}

static bool open_translate(dime_call *call, void **state)
{
    const char *why = NULL;
    struct translate *translate = calloc(1, sizeof *translate);
    if (!translate) {
        dime_problem(call, 503, "There is no memory to begin with; try again later.");
        return false;
    }
    translate->fallback = (struct fallback){
        .function = "translate", .service = "Amazon Translate", .other = "Apertium"};
    if (!read_translate_engine(dime_setting_of(call, "TRANSLATE_ENGINE"), &translate->choice))
        why = "The setting TRANSLATE_ENGINE must be apertium, aws or auto.";
    else if (translate->choice != TRANSLATE_AWS)
        translate->apertium =
            apertium_open("translate", text_of(dime_setting_of(call, "TRANSLATE_URL")),
                          may_be_remote(call), &why);
    if (why) {
        dime_problem(call, 503, "%s", why);
        free(translate);
        return false;
    }
    arena_open(&translate->of_list, LIST_ROOM);
    *state = translate;
    return true;
}

static void close_translate(void *state)
{
    struct translate *translate = state;
    apertium_close(translate->apertium);
    aws_close(translate->aws);
    arena_close(&translate->of_list);
    free(translate);
}

static dime_text read_code(const struct translation_question *question, const char *name,
                           const dime_text *member)
{
    dime_text code = text_bare(*member);
    if (code.length && !dime_is_wrong(question->call, member) && !language_is_code(code))
        dime_wrong(question->call, member,
                   "%s must be the code of a language, such as en or pt-BR.", name);
    return code;
}

/* Reads a code from the first of two fields, or from the other. */
static dime_text read_either(const struct translation_question *question, const char *name,
                             const dime_text *member, const char *other, const dime_text *second)
{
    dime_call *call = question->call;
    if (!dime_given(call, member))
        return read_code(question, other, second);
    if (dime_given(call, second) && !language_equal(text_bare(*member), text_bare(*second)))
        dime_wrong(call, second, "%s and %s differ; give one of them.", other, name);
    return read_code(question, name, member);
}

/* The text itself, or another function's answer: a translation, or English names. */
static void read_source_text(struct translation_question *question)
{
    dime_call *call = question->call;
    const struct translate_input *input = question->input;
    question->text = input->text;
    if (dime_given(call, &input->text))
        return;
    if (dime_given(call, &input->TranslatedText)) {
        question->text = input->TranslatedText;
        if (!question->source.length)
            question->source =
                read_code(question, "TargetLanguageCode", &input->TargetLanguageCode);
        return;
    }
    if (!dime_given(call, &input->Labels) && !dime_given(call, &input->Results)) {
        dime_wrong(call, &input->text, "Give text: %s.", TRANSLATE_FIELDS[0].help);
        return;
    }
    question->text = translate_labels(question);
    if (!question->source.length)
        question->source = TEXT("en");
}

/* False: something is wrong, and the response says so. */
static bool read_translate_question(struct translation_question *question)
{
    dime_call *call = question->call;
    const struct translate_input *input = question->input;
    question->source = read_either(question, "source", &input->source, "sl", &input->sl);
    question->target = read_either(question, "target", &input->target, "tl", &input->tl);
    read_source_text(question);
    if (question->text.length > TRANSLATE_TEXT_MAX) {
        dime_problem(call, 413, "The text has %zu bytes; send at most %d at once.",
                     question->text.length, TRANSLATE_TEXT_MAX);
        return false;
    }
    if (!question->source.length)
        question->source = TEXT("auto");
    if (!dime_given(call, &input->target) && !dime_given(call, &input->tl))
        dime_wrong(call, &input->target, "Give target: %s.", TRANSLATE_FIELDS[2].help);
    return !dime_is_wrong(call, NULL);
}

static void put_languages(dime_json *json, const struct translate_list *list)
{
    dime_json *languages = dime_put_array(json, "Languages");
    for (size_t i = 0; list && i < list->language_count; i++) {
        dime_json *language = dime_put_object(languages, NULL);
        dime_put_text(language, "LanguageName", list->languages[i].name);
        dime_put_text(language, "LanguageCode", list->languages[i].code);
    }
}

static void put_pairs(dime_json *json, const struct translate_list *list)
{
    dime_json *pairs = dime_put_array(json, "Pairs");
    for (size_t i = 0; i < list->pair_count; i++) {
        dime_json *pair = dime_put_object(pairs, NULL);
        dime_put_text(pair, "SourceLanguageCode", list->pairs[i].source);
        dime_put_text(pair, "TargetLanguageCode", list->pairs[i].target);
    }
}

/* The list of languages; if no engine can be asked, an empty one with the reason. */
static void answer_list(dime_call *call)
{
    struct translation_answer none;
    const struct translate_list *list = translate_languages(call, LIST_MS, &none);
    if (list)
        dime_set_header(call, "X-Translate-Engine", text_of(list->engine));
    dime_json *json = dime_answer(call, 200);
    put_languages(json, list);
    if (list && !list->detects)
        put_pairs(json, list);
    if (!list)
        dime_put_text(json, "Detail", none.why);
}

/* The page's further data: the languages' names, as in the engine's list. */
static void put_translate_page(const struct translation_question *question,
                               const struct translation_answer *answer, dime_json *page)
{
    const struct translate *translate = question->translate;
    const struct translate_list *list = translate->list_until_ms ? &translate->list : NULL;
    const char *engine = answer->engine;
    const char *by = !engine                      ? "There was nothing to translate"
                     : strcmp(engine, "aws") == 0 ? "By Amazon Translate"
                                                  : "By Apertium, on this server";
    dime_json *translation = dime_put_object(page, "translation");
    dime_put_text(translation, "from", language_name(list, answer->source));
    dime_put_text(translation, "to", language_name(list, answer->target));
    dime_put_string(translation, "by", by);
}

static void answer_text(const struct translation_question *question)
{
    dime_call *call = question->call;
    struct translation_answer answer = {.status = 200,
                                        .text = TEXT(""),
                                        .source = question->source,
                                        .target = question->target,
                                        .why = TEXT("")};
    if (question->text.length) /* a picture may have no labels */
        translate_ask(question, &answer);
    if (answer.engine)
        dime_set_header(call, "X-Translate-Engine", text_of(answer.engine));
    if (answer.status != 200 && answer.field)
        dime_problem_at(call, answer.field, answer.status, "%.*s", DIME_ARG(answer.why));
    else if (answer.status != 200)
        dime_problem(call, answer.status, "%.*s", DIME_ARG(answer.why));
    if (answer.status != 200)
        return;
    dime_json *json = dime_answer(call, 200);
    dime_put_text(json, "TranslatedText", answer.text);
    dime_put_text(json, "SourceLanguageCode", answer.source);
    dime_put_text(json, "TargetLanguageCode", answer.target);
    if (dime_wants_page(call))
        put_translate_page(question, &answer, dime_page_data(call));
}

/* A person opens the page, or a client requests the languages. */
static bool asks_nothing(const dime_call *call)
{
    return dime_method(call) & (DIME_GET | DIME_HEAD) && !dime_query(call).length &&
           !dime_body(call).length;
}

static void handle_translate(dime_call *call, const void *input)
{
    struct translation_question question = {
        .translate = dime_state(call), .call = call, .input = input};
    if (asks_nothing(call) && dime_wants_page(call))
        dime_answer_page(call);
    else if (asks_nothing(call))
        answer_list(call);
    else if (read_translate_question(&question))
        answer_text(&question);
}

static void check_translate(dime_call *call, const void *input)
{
    struct translation_question question = {
        .translate = dime_state(call), .call = call, .input = input};
    read_translate_question(&question);
}

/* Whether a language is at this end of a pair. */
static bool is_in_pairs(const struct translate_list *list, dime_text code, bool target)
{
    for (size_t i = 0; i < list->pair_count; i++) {
        if (text_equal(target ? list->pairs[i].target : list->pairs[i].source, code))
            return true;
    }
    return !list->pair_count;
}

/* The pair that a form begins with: from English if the list has that, else the first. */
static struct translate_pair usual_pair(const struct translate_list *list)
{
    struct translate_pair usual = {.source = TEXT("auto"), .target = TEXT("en")};
    for (size_t i = 0; i < list->pair_count; i++) {
        if (!i || (text_equal(list->pairs[i].source, TEXT("en")) &&
                   !text_equal(usual.source, TEXT("en"))))
            usual = list->pairs[i];
    }
    return usual;
}

static void put_choice(dime_json *menu, dime_text code, dime_text name, bool is_usual)
{
    dime_json *choice = dime_put_object(menu, NULL);
    dime_put_text(choice, "code", code);
    dime_put_text(choice, "name", name);
    dime_put_boolean(choice, "usual", is_usual);
}

static void put_menu(const struct translate_list *list, bool target, dime_json *page)
{
    struct translate_pair usual = usual_pair(list);
    dime_text chosen = target ? usual.target : usual.source;
    dime_json *menu = dime_put_array(page, target ? "targets" : "sources");
    if (list->detects && !target)
        put_choice(menu, TEXT("auto"), TEXT("Find out the language"), true);
    for (size_t i = 0; i < list->language_count; i++) {
        dime_text code = list->languages[i].code;
        if (is_in_pairs(list, code, target))
            put_choice(menu, code, list->languages[i].name, text_equal(code, chosen));
    }
}

/*
 * If no engine can be asked, the page offers the languages of Debian's usual pair. A page that is
 * only opened says so, before somebody writes a text in vain.
 */
static void fill_menu(dime_call *call, dime_json *page)
{
    static struct translate_language usual[] = {{{"en", 2}, {"English", 7}},
                                                {{"es", 2}, {"Spanish", 7}}};
    static struct translate_pair pairs[] = {{.source = {"en", 2}, .target = {"es", 2}},
                                            {.source = {"es", 2}, .target = {"en", 2}}};
    static const struct translate_list none = {
        .languages = usual, .language_count = 2, .pairs = pairs, .pair_count = 2};
    struct translation_answer why;
    const struct translate_list *list = translate_languages(call, MENU_MS, &why);
    put_menu(list ? list : &none, false, page);
    put_menu(list ? list : &none, true, page);
    if (list || !asks_nothing(call))
        return;
    if (why.no_memory)
        dime_problem(call, why.status, "%.*s", DIME_ARG(why.why));
    else
        dime_put_text(page, "notice", why.why);
}

DIME_FUNCTION(translate, .summary = "A text in another language", .body_max = TRANSLATE_BODY_MAX,
              DIME_INPUT(struct translate_input, TRANSLATE_FIELDS),
              DIME_SETTINGS(TRANSLATE_SETTINGS), .effects = DIME_READS, .network = true,
              .page = TRANSLATE_PAGE, .schema = TRANSLATE_SCHEMA, .open = open_translate,
              .close = close_translate, .handle = handle_translate, .check = check_translate,
              .fill = fill_menu);
