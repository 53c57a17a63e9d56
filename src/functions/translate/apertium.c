/*
 * apertium.c - translates a text by Apertium, in as many requests as it takes, and loses nothing.
 *
 * Apertium doesn't detect the language of a text. If only one of its languages translates into the
 * target, the text must be in that one; else the client has to say. A variant without a pair of its
 * own is looked up as RFC 4647 says: es-MX is taken for es. A request whose answer lacks a mark is
 * repeated in two halves, down to a single piece: words without marks can't lose any.
 */
#include "dime.h"

#include "base/buffer.h"
#include "functions/translate/translate.h"

enum {
    HTML_MAX = 2048,   /* bytes of a request: see pieces_fit */
    HALVINGS_MAX = 64, /* of a text: a real Apertium doesn't lose marks all the time */
    CODES_MAX = 512,   /* bytes of the codes in a problem */
};

/* A text in work. */
struct apertium_work {
    const struct translation_question *question;
    const struct translate_pair *pair;
    struct translation_answer *answer;
    struct buffer text;
    int halvings;
};

static void refuse_translation(struct translation_answer *answer, int status, dime_text why)
{
    answer->status = status;
    answer->why = why;
}

static bool has_words(const struct text_piece *pieces, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!pieces[i].kept)
            return true;
    }
    return false;
}

/* Translates pieces in one request, and adds them to the text. False: a mark is missing, or the
 * answer says what is wrong. */
static bool ask_for_pieces(struct apertium_work *work, const struct text_piece *pieces,
                           size_t count)
{
    struct aws_call call = translate_call(work->question->call, INT64_MAX);
    struct buffer html;
    size_t length = work->text.length;
    buffer_open(&html, call.arena, HTML_MAX);
    pieces_put_html(pieces, count, &html);
    if (html.failed) {
        translate_refuse_memory(work->answer);
        return false;
    }
    if (!apertium_translate(work->question->translate->apertium, &call, work->pair->engine_source,
                            work->pair->engine_target, buffer_text(&html))) {
        translate_refuse(work->answer, &call.reply);
        return false;
    }
    if (pieces_take_html(pieces, count, call.reply.body, call.arena, &work->text))
        return true;
    work->text.length = length;
    if (call.arena->failed)
        translate_refuse_memory(work->answer);
    return false;
}

static bool translate_pieces(struct apertium_work *work, const struct text_piece *pieces,
                             size_t count)
{
    if (!has_words(pieces, count)) {
        for (size_t i = 0; i < count; i++)
            buffer_put(&work->text, pieces[i].text);
        return true;
    }
    if (ask_for_pieces(work, pieces, count))
        return true;
    if (work->answer->status)
        return false;
    if (count > 1 && work->halvings++ < HALVINGS_MAX)
        return translate_pieces(work, pieces, count / 2) &&
               translate_pieces(work, pieces + count / 2, count - count / 2);
    refuse_translation(work->answer, 502,
                       TEXT("Apertium has lost a part of the text; try again, or change it."));
    return false;
}

/* The codes of all languages that translate into the target: "en, pt-BR". */
static dime_text name_codes(const struct translate_list *list, dime_text target,
                            struct arena *arena)
{
    struct buffer names;
    buffer_open(&names, arena, CODES_MAX);
    for (size_t i = 0; i < list->pair_count; i++) {
        if (!language_equal(list->pairs[i].target, target) ||
            names.length + TRANSLATE_CODE_MAX + 2 > CODES_MAX)
            continue;
        buffer_puts(&names, names.length ? ", " : "");
        buffer_put(&names, list->pairs[i].source);
    }
    return buffer_text(&names);
}

static void refuse_pair(const struct translation_question *question,
                        const struct translate_list *list, bool automatic,
                        struct translation_answer *answer)
{
    struct arena *arena = call_arena(question->call);
    dime_text target = question->target, codes = name_codes(list, target, arena);
    while (!codes.length && language_widen(&target))
        codes = name_codes(list, target, arena);
    answer->status = 422;
    answer->field = codes.length ? &question->input->source : &question->input->target;
    if (!codes.length)
        answer->why = TEXT("Apertium has no translation into this language here; choose another.");
    else if (automatic)
        answer->why = dime_format(question->call,
                                  "Give source: Apertium can't tell which language a text is in. "
                                  "Into this one it translates from %.*s.",
                                  DIME_ARG(codes));
    else
        answer->why = dime_format(question->call,
                                  "Apertium doesn't translate between these languages here; into "
                                  "this one it translates from %.*s.",
                                  DIME_ARG(codes));
}

/* The pair of these two, or NULL. AUTOMATIC: the only one that leads to the target. */
static const struct translate_pair *find_exact(const struct translate_list *list, dime_text source,
                                               dime_text target, bool automatic)
{
    const struct translate_pair *found = NULL;
    for (size_t i = 0; i < list->pair_count; i++) {
        const struct translate_pair *pair = &list->pairs[i];
        if (!language_equal(pair->target, target) ||
            (!automatic && !language_equal(pair->source, source)))
            continue;
        if (found && automatic)
            return NULL;
        found = pair;
    }
    return found;
}

/* The same, or that of the nearest wider language: first of the source, then of the target. */
static const struct translate_pair *find_pair(const struct translation_question *question,
                                              const struct translate_list *list, bool automatic)
{
    dime_text target = question->target;
    do {
        dime_text source = question->source;
        do {
            const struct translate_pair *pair = find_exact(list, source, target, automatic);
            if (pair)
                return pair;
        } while (language_widen(&source));
    } while (language_widen(&target));
    return NULL;
}

void translate_by_apertium(const struct translation_question *question,
                           const struct translate_list *list, struct translation_answer *answer)
{
    bool automatic = text_equal_nocase(question->source, TEXT("auto"));
    struct apertium_work work = {.question = question, .answer = answer};
    struct text_piece *pieces;
    size_t count;
    work.pair = find_pair(question, list, automatic);
    if (!work.pair) {
        refuse_pair(question, list, automatic, answer);
        return;
    }
    buffer_open(&work.text, call_arena(question->call), TRANSLATE_ANSWER_MAX);
    if (!pieces_cut(question->text, call_arena(question->call), &pieces, &count)) {
        translate_refuse_memory(answer);
        return;
    }
    while (count) {
        size_t fitting = pieces_fit(pieces, count);
        if (!translate_pieces(&work, pieces, fitting))
            return;
        pieces += fitting;
        count -= fitting;
    }
    if (work.text.failed) {
        translate_refuse_memory(answer);
        return;
    }
    answer->status = 200;
    answer->text = buffer_text(&work.text);
    answer->source = work.pair->source;
    answer->target = work.pair->target;
}
