/*
 * translate.h - what the files of translate share: a worker's state, a question, its answer, and
 * the languages that an engine has.
 *
 * translate.c reads what was asked and answers it, labels.c takes it from an answer of labels,
 * engine.c has it translated by whom the settings say, apertium.c has Apertium do it, pieces.c
 * takes a text apart for that and puts it together again, and languages.c knows languages by their
 * codes.
 */
#ifndef DIME_FUNCTIONS_TRANSLATE_TRANSLATE_H
#define DIME_FUNCTIONS_TRANSLATE_TRANSLATE_H

#include "dime.h"

#include "base/buffer.h"
#include "base/text.h"
#include "request/arena_of.h"
#include "services/apertium.h"
#include "services/aws/aws.h"
#include "services/aws/fallback.h"
#include "services/aws/translate.h"

enum {
    TRANSLATE_BODY_MAX = 80 * 1024,    /* such a text with each byte written as \u00XX, and a bit */
    TRANSLATE_CODE_MAX = 32,           /* characters of a language's code */
    TRANSLATE_ANSWER_MAX = 256 * 1024, /* bytes of a translation */
    TRANSLATE_LIST_MAX = 512, /* languages, and pairs of them, that are known of an engine */
};

/* Who translates. */
enum translate_choice { TRANSLATE_APERTIUM, TRANSLATE_AWS, TRANSLATE_EITHER };

/* A language as people write its code, and its name in English. */
struct translate_language {
    dime_text code, name;
};

/* From which language into which, by the codes above, and as Apertium calls them. */
struct translate_pair {
    dime_text source, target;
    dime_text engine_source, engine_target;
};

/* What an engine has. Texts are of the arena that it was made in. */
struct translate_list {
    const char *engine;
    bool detects; /* it finds out by itself which language a text is in */
    struct translate_language *languages;
    size_t language_count;
    struct translate_pair *pairs; /* all that there are; none: from any language into any other */
    size_t pair_count;
};

/* A worker's. What isn't needed yet hasn't been opened. */
struct translate {
    enum translate_choice choice;
    struct apertium *apertium; /* NULL where the choice is aws */
    struct aws *aws;
    struct fallback fallback; /* of `auto` */
    struct arena of_list;     /* the list's */
    struct translate_list list;
    int64_t list_until_ms; /* how long the list may be used; 0: there is none */
};

/* What a request gives. */
struct translate_input {
    dime_text text, source, target, sl, tl;
    dime_text Labels, Results; /* JSON: what labels has answered */
    dime_text TranslatedText, TargetLanguageCode;
};

struct translation_question {
    struct translate *translate;
    dime_call *call;
    const struct translate_input *input;
    dime_text text;
    dime_text source, target; /* codes; the source is auto where none was given */
};

struct translation_answer {
    int status;                     /* 200, or of the problem */
    dime_text text, source, target; /* 200 */
    dime_text why;                  /* not 200: a sentence for the person */
    bool no_memory;                 /* not 200, since there was none left */
    const dime_text *field;         /* 422: the field that is wrong; NULL: none in particular */
    const char *engine;             /* that has translated it, or was asked last; NULL: none was */
};

/*
 * The names in an answer of labels that the request is, a line each; empty where it isn't one, or a
 * wrong one: then the answer says so. It lasts as long as the call.
 */
dime_text translate_labels(const struct translation_question *question);

/* Has a text translated by whom the settings say. The answer lasts as long as the call. */
void translate_ask(const struct translation_question *question, struct translation_answer *answer);

/*
 * The languages of the engine that would be asked, at most WITHIN_MS later; it keeps them for a
 * minute. NULL: *ANSWER says why there are none. The list lasts until the next call.
 */
const struct translate_list *translate_languages(dime_call *call, int64_t within_ms,
                                                 struct translation_answer *answer);

/* A call to a service on behalf of ours, whose reply is there WITHIN_MS from now at last. */
struct aws_call translate_call(dime_call *call, int64_t within_ms);

/* Fills *ANSWER with what a call came to nothing for. */
void translate_refuse(struct translation_answer *answer, const struct aws_reply *reply);
void translate_refuse_memory(struct translation_answer *answer);

/* Has Apertium translate, which has the pairs in LIST. */
void translate_by_apertium(const struct translation_question *question,
                           const struct translate_list *list, struct translation_answer *answer);

/* Makes the list of JSON: pairs as APy has them, or Amazon Translate's languages. False: no memory.
 */
bool languages_of_pairs(struct translate_list *list, dime_text json, struct arena *arena);
bool languages_of_aws(struct translate_list *list, dime_text json, struct arena *arena);

/* Whether a text looks like a code: letters and digits, and - or _ before a variant. */
bool language_is_code(dime_text code);

/* Whether two codes are the same, of whatever case, and of two or three letters: en, eng. */
bool language_equal(dime_text a, dime_text b);

/*
 * Cuts the last part off a code, and a single letter before it, as a lookup does (RFC 4647, section
 * 3.4): of es-MX there is es left. False: it has one part alone.
 */
bool language_widen(dime_text *code);

/* The name of the language of a code; the code itself, where the list hasn't got it. */
dime_text language_name(const struct translate_list *list, dime_text code);

/* A piece of a text. */
struct text_piece {
    dime_text text;
    bool kept; /* it comes back as it is: a line's end, markup, an address, a sign */
    bool ends; /* behind it a sentence has ended */
};

/* Takes TEXT apart; the pieces are the arena's. False: there is no memory. */
bool pieces_cut(dime_text text, struct arena *arena, struct text_piece **pieces, size_t *count);

/* How many of the first pieces, at least one, fit into one request to Apertium. */
size_t pieces_fit(const struct text_piece *pieces, size_t count);

/* Writes pieces as HTML in which what is kept is a mark: <q>Hello<q0>world<q>. */
void pieces_put_html(const struct text_piece *pieces, size_t count, struct buffer *html);

/*
 * Writes the text of translated HTML, with what was kept in its place again. False: a mark is
 * missing, is there twice, or is none; what has been written is of no use.
 */
bool pieces_take_html(const struct text_piece *pieces, size_t count, dime_text html,
                      struct arena *arena, struct buffer *text);

#endif
