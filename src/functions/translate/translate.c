/*
 * translate.c - a text in another language.
 *
 * The fields are `text`, `source` and `target`, or sl and tl as the course's Python original calls
 * the latter two. The answer has the shape of Amazon Translate's TranslateText, whoever has
 * translated, so that a program can change from one engine to the other. Without fields the answer
 * is the list of languages. A text isn't cut: one that is too long is refused, and told how long it
 * is.
 */
#include "functions/translate/translate.h"

#include <stdlib.h>

extern const dime_text translate_page; /* www/translate.html */

enum {
    MENU_MS = 2000,  /* how long a page waits for what its menus hold */
    LIST_MS = 10000, /* how long who asks for the list does */
    LIST_ROOM = 1024 * 1024,
};

static const dime_field FIELDS[] = {
    {.name = "text",
     .kind = FIELD_TEXT,
     .lines = true,
     .max = TRANSLATE_BODY_MAX,
     .help = "what to translate, at most 10,000 bytes"},
    {.name = "source",
     .kind = FIELD_TEXT,
     .max = TRANSLATE_CODE_MAX,
     .help = "the code of its language, such as en; auto, if left out, finds it out where that can "
             "be"},
    {.name = "target",
     .kind = FIELD_TEXT,
     .max = TRANSLATE_CODE_MAX,
     .help = "the code of the language to translate into, such as es"},
    {.name = "sl", .kind = FIELD_TEXT, .max = TRANSLATE_CODE_MAX, .help = "the same as source"},
    {.name = "tl", .kind = FIELD_TEXT, .max = TRANSLATE_CODE_MAX, .help = "the same as target"},
    {.name = "Labels",
     .kind = FIELD_JSON,
     .max = TRANSLATE_BODY_MAX,
     .help = "what labels has answered: its names are the text"},
    {.name = "Results",
     .kind = FIELD_JSON,
     .max = TRANSLATE_BODY_MAX,
     .help = "the same of an event with records"},
    {.name = "TranslatedText",
     .kind = FIELD_TEXT,
     .lines = true,
     .max = TRANSLATE_BODY_MAX,
     .help = "what translate has answered: that is the text"},
    {.name = "TargetLanguageCode",
     .kind = FIELD_TEXT,
     .max = TRANSLATE_CODE_MAX,
     .help = "its language, as translate has answered it"},
    {0},
};

static bool read_choice(const char *name, enum translate_choice *choice)
{
    static const struct {
        dime_text name;
        enum translate_choice choice;
    } CHOICES[] = {{{"", 0}, TRANSLATE_APERTIUM},
                   {{"apertium", 8}, TRANSLATE_APERTIUM},
                   {{"aws", 3}, TRANSLATE_AWS},
                   {{"auto", 4}, TRANSLATE_EITHER}};
    for (size_t i = 0; i < sizeof CHOICES / sizeof *CHOICES; i++) {
        *choice = CHOICES[i].choice;
        if (text_equal(text_of(name), CHOICES[i].name))
            return true;
    }
    return false;
}

/* What isn't yes means no: the setting opens a way out of this machine. */
static bool may_be_remote(void)
{
    return text_equal_nocase(text_of(getenv("TRANSLATE_REMOTE")), TEXT("yes"));
}

static bool open(void **state, const char **why)
{
    struct translate *translate = calloc(1, sizeof *translate);
    if (!translate) {
        *why = "There is no memory to begin with; try again later.";
        return false;
    }
    *why = NULL;
    translate->fallback = (struct fallback){
        .function = "translate", .service = "Amazon Translate", .other = "Apertium"};
    if (!read_choice(getenv("TRANSLATE_ENGINE"), &translate->choice))
        *why = "The setting TRANSLATE_ENGINE must be apertium, aws or auto.";
    else if (translate->choice != TRANSLATE_AWS)
        translate->apertium =
            apertium_open("translate", text_of(getenv("TRANSLATE_URL")), may_be_remote(), why);
    if (*why) {
        free(translate);
        return false;
    }
    arena_open(&translate->of_list, LIST_ROOM);
    *state = translate;
    return true;
}

static void close(void *state)
{
    struct translate *translate = state;
    apertium_close(translate->apertium);
    aws_close(translate->aws);
    arena_close(&translate->of_list);
    free(translate);
}

static dime_text read_code(const struct request *request, struct response *response,
                           const char *name)
{
    dime_text code = text_bare(field_text(request, name));
    if (code.length && !response_field_error(response, text_of(name)) && !language_is_code(code))
        response_field_problem(response, name,
                               "%s must be the code of a language, such as en or pt-BR.", name);
    return code;
}

/* Takes a code from the first of two fields, or from the other. */
static dime_text read_either(const struct request *request, struct response *response,
                             const char *name, const char *other)
{
    if (!field_given(request, name))
        return read_code(request, response, other);
    if (field_given(request, other) && !language_equal(text_bare(field_text(request, name)),
                                                       text_bare(field_text(request, other))))
        response_field_problem(response, other, "%s says something else than %s; give one of them.",
                               other, name);
    return read_code(request, response, name);
}

/* The text itself, or what another function has answered: a translation, or English names. */
static void read_text(struct translation_question *question, struct response *response)
{
    const struct request *request = question->request;
    question->text = field_text(request, "text");
    if (field_given(request, "text"))
        return;
    if (field_given(request, "TranslatedText")) {
        question->text = field_text(request, "TranslatedText");
        if (!question->source.length)
            question->source = read_code(request, response, "TargetLanguageCode");
        return;
    }
    if (!field_given(request, "Labels") && !field_given(request, "Results")) {
        response_field_problem(response, "text", "Give text: %s.", FIELDS[0].help);
        return;
    }
    question->text = translate_labels(request, response);
    if (!question->source.length)
        question->source = TEXT("en");
}

/* False: something is wrong, and the response says so. */
static bool read_question(struct translation_question *question, struct response *response)
{
    const struct request *request = question->request;
    question->source = read_either(request, response, "source", "sl");
    question->target = read_either(request, response, "target", "tl");
    read_text(question, response);
    if (question->text.length > TRANSLATE_TEXT_MAX) {
        response_problem(response, 413, "The text has %zu bytes; send at most %d at once.",
                         question->text.length, TRANSLATE_TEXT_MAX);
        return false;
    }
    if (!question->source.length)
        question->source = TEXT("auto");
    if (!field_given(request, "target") && !field_given(request, "tl"))
        response_field_problem(response, "target", "Give target: %s.", FIELDS[2].help);
    return !response->error_count;
}

static void put_pairs(struct buffer *json, const struct translate_list *list)
{
    buffer_puts(json, ",\"Pairs\":[");
    for (size_t i = 0; i < list->pair_count; i++) {
        buffer_puts(json, i ? ",{\"SourceLanguageCode\":" : "{\"SourceLanguageCode\":");
        buffer_json(json, list->pairs[i].source);
        buffer_puts(json, ",\"TargetLanguageCode\":");
        buffer_json(json, list->pairs[i].target);
        buffer_puts(json, "}");
    }
    buffer_puts(json, "]");
}

/* The list of languages; where there is no engine to be asked, an empty one that says why. */
static void answer_list(const struct request *request, struct response *response)
{
    struct translation_answer none;
    const struct translate_list *list =
        translate_languages(request->state, request, LIST_MS, &none);
    if (list)
        response_header(response, "X-Translate-Engine", text_of(list->engine));
    struct buffer *json = response_json(response);
    buffer_puts(json, "{\"Languages\":[");
    for (size_t i = 0; list && i < list->language_count; i++) {
        buffer_puts(json, i ? ",{\"LanguageName\":" : "{\"LanguageName\":");
        buffer_json(json, list->languages[i].name);
        buffer_puts(json, ",\"LanguageCode\":");
        buffer_json(json, list->languages[i].code);
        buffer_puts(json, "}");
    }
    buffer_puts(json, "]");
    if (list && !list->detects)
        put_pairs(json, list);
    if (!list) {
        buffer_puts(json, ",\"Detail\":");
        buffer_json(json, none.why);
    }
    buffer_puts(json, "}");
}

static void answer_text(const struct translation_question *question, struct response *response)
{
    struct translation_answer answer = {.status = 200,
                                        .text = TEXT(""),
                                        .source = question->source,
                                        .target = question->target,
                                        .why = TEXT("")};
    if (question->text.length) /* in a picture may be nothing to be named */
        translate_ask(question, &answer);
    if (answer.engine)
        response_header(response, "X-Translate-Engine", text_of(answer.engine));
    if (answer.status != 200) {
        response_problem(response, answer.status, "%.*s", (int)answer.why.length, answer.why.data);
        if (answer.status == 422 && answer.field)
            response_blame(response, answer.field);
    } else if (question->request->html) {
        translate_put_page(question, &answer, response);
    } else {
        translate_put_json(&answer, response_json(response));
    }
}

/* Somebody opens the page, or wants to know the languages. */
static bool asks_nothing(const struct request *request)
{
    return request->method != METHOD_POST && !request->query.length && !request->body.length;
}

static void handle(const struct request *request, struct response *response)
{
    struct translation_question question = {.translate = request->state, .request = request};
    if (asks_nothing(request) && request->html)
        (void)response_html(response);
    else if (asks_nothing(request))
        answer_list(request, response);
    else if (read_question(&question, response))
        answer_text(&question, response);
}

static void check(const struct request *request, struct response *response)
{
    struct translation_question question = {.translate = request->state, .request = request};
    read_question(&question, response);
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

/* What a form begins with: from English, if that is there, or from whatever it is. */
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

static void offer_languages(const struct translate_list *list, bool target, struct arena *arena,
                            struct response *response)
{
    struct translate_pair usual = usual_pair(list);
    dime_text chosen = target ? usual.target : usual.source;
    size_t count = 0;
    struct choice *choices = arena_array(arena, list->language_count + 1, sizeof *choices);
    if (!choices)
        return; /* the arena has failed, and so will the whole response */
    if (list->detects && !target)
        choices[count++] = (struct choice){TEXT("auto"), TEXT("Find out the language"), true};
    for (size_t i = 0; i < list->language_count; i++) {
        dime_text code = list->languages[i].code;
        if (is_in_pairs(list, code, target))
            choices[count++] =
                (struct choice){code, list->languages[i].name, text_equal(code, chosen)};
    }
    response_offer(response, target ? "target" : "source", choices, count);
}

/* Before a text is written for nothing. */
static void say_that_none_translates(const struct translation_answer *none,
                                     struct response *response)
{
    if (none->no_memory) {
        response_problem(response, none->status, "%.*s", (int)none->why.length, none->why.data);
        return;
    }
    struct buffer *html = response_html(response);
    buffer_puts(html, "<div class=\"notice\">\n<h2>No text can be translated now</h2>\n<p>");
    buffer_html(html, none->why);
    buffer_puts(html, "</p>\n</div>");
}

/*
 * Where no engine can be asked just now the page has what Debian's usual pair would offer, and says
 * so to who only opens it.
 */
static void offer(const struct request *request, struct response *response)
{
    static struct translate_language usual[] = {{{"en", 2}, {"English", 7}},
                                                {{"es", 2}, {"Spanish", 7}}};
    static struct translate_pair pairs[] = {{.source = {"en", 2}, .target = {"es", 2}},
                                            {.source = {"es", 2}, .target = {"en", 2}}};
    static const struct translate_list none = {
        .languages = usual, .language_count = 2, .pairs = pairs, .pair_count = 2};
    struct translation_answer why;
    const struct translate_list *list = translate_languages(request->state, request, MENU_MS, &why);
    offer_languages(list ? list : &none, false, request->arena, response);
    offer_languages(list ? list : &none, true, request->arena, response);
    if (!list && asks_nothing(request))
        say_that_none_translates(&why, response);
}

const dime_function function_translate = {
    .name = "translate",
    .summary = TRANSLATE_SUMMARY,
    .methods = METHOD_GET | METHOD_POST,
    .body_max = TRANSLATE_BODY_MAX,
    .fields = FIELDS,
    .page = &translate_page,
    .open = open,
    .handle = handle,
    .check = check,
    .offer = offer,
    .close = close,
};
