/*
 * translate.h - what the files of translate share: a worker's state, a question, its answer, and
 * the languages that an engine has.
 *
 * translate.c reads the request and answers it. labels.c makes a text of an answer of labels.
 * engine.c calls the engine in the settings, and apertium.c calls Apertium. pieces.c takes a text
 * apart for Apertium and puts it together again. languages.c knows the codes and names.
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
    TRANSLATE_BODY_MAX = 80 * 1024,    /* such a text with each byte as \u00XX, and more */
    TRANSLATE_CODE_MAX = 32,           /* characters of a language's code */
    TRANSLATE_ANSWER_MAX = 256 * 1024, /* bytes of a translation */
    TRANSLATE_LIST_MAX = 512,          /* languages, and pairs, in an engine's list */
};

/* The engine that translates. */
enum translate_choice { TRANSLATE_APERTIUM, TRANSLATE_AWS, TRANSLATE_EITHER };

/* A language: its code as people write it, and its name in English. */
struct translate_language {
    dime_text code, name;
};

/* From which language into which, by the codes above, and as Apertium calls them. */
struct translate_pair {
    dime_text source, target;
    dime_text engine_source, engine_target;
};

/* An engine's languages. The texts belong to the arena that it was made in. */
struct translate_list {
    const char *engine;
    bool detects; /* it detects the language of a text */
    struct translate_language *languages;
    size_t language_count;
    struct translate_pair *pairs; /* all of them; none: from any language into any other */
    size_t pair_count;
};

/* A worker's state. Each part is opened when it's first needed. */
struct translate {
    enum translate_choice choice;
    struct apertium *apertium; /* NULL where the choice is aws */
    struct aws *aws;
    struct fallback fallback; /* of `auto` */
    struct arena of_list;     /* the list's */
    struct translate_list list;
    int64_t list_until_ms; /* how long the list may be used; 0: there is none */
};

/* The fields of a request. */
struct translate_input {
    dime_text text, source, target, sl, tl;
    dime_text Labels, Results; /* JSON: an answer of labels */
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
    bool no_memory;                 /* not 200: out of memory */
    const dime_text *field;         /* 422: the field that is wrong; NULL: none in particular */
    const char *engine; /* the engine that translated it, or was asked last; NULL: none was */
};

/*
 * The names in a request that is an answer of labels, one a line. Empty if the request isn't one,
 * or if it's wrong: then the call is answered. The text lasts as long as the call.
 */
dime_text translate_labels(const struct translation_question *question);

/* Translates a text by the engine in the settings. The answer lasts as long as the call. */
void translate_ask(const struct translation_question *question, struct translation_answer *answer);

/*
 * The languages of the engine that would be asked, within WITHIN_MS; they are kept for a minute.
 * NULL: *ANSWER says why not. The list lasts until the next call.
 */
const struct translate_list *translate_languages(dime_call *call, int64_t within_ms,
                                                 struct translation_answer *answer);

/* A call to an engine for the request, with a reply within WITHIN_MS. */
struct aws_call translate_call(dime_call *call, int64_t within_ms);

/* Fills *ANSWER with the reason why a call failed. */
void translate_refuse(struct translation_answer *answer, const struct aws_reply *reply);
void translate_refuse_memory(struct translation_answer *answer);

/* Translates by Apertium, which has the pairs in LIST. */
void translate_by_apertium(const struct translation_question *question,
                           const struct translate_list *list, struct translation_answer *answer);

/* Makes the list of JSON: APy's pairs, or Amazon Translate's languages. False: out of memory. */
bool languages_of_pairs(struct translate_list *list, dime_text json, struct arena *arena);
bool languages_of_aws(struct translate_list *list, dime_text json, struct arena *arena);

/* Whether a text looks like a code: letters and digits, and - or _ before a variant. */
bool language_is_code(dime_text code);

/* Whether two codes are the same, in any case, and with two or three letters: en, eng. */
bool language_equal(dime_text a, dime_text b);

/*
 * Cuts the last part off a code, and a single letter before it, as a lookup does (RFC 4647, section
 * 3.4): es-MX becomes es. False: the code has only one part.
 */
bool language_widen(dime_text *code);

/* The name of a code's language; the code itself if the list doesn't have it. */
dime_text language_name(const struct translate_list *list, dime_text code);

/* A piece of a text. */
struct text_piece {
    dime_text text;
    bool kept; /* it isn't translated: a line's end, markup, an address, a sign */
    bool ends; /* it ends a sentence */
};

/* Cuts TEXT into pieces, which are the arena's. False: out of memory. */
bool pieces_cut(dime_text text, struct arena *arena, struct text_piece **pieces, size_t *count);

/* How many of the first pieces, at least one, fit into one request to Apertium. */
size_t pieces_fit(const struct text_piece *pieces, size_t count);

/* Writes pieces as HTML, with a mark for each kept one: <q>Hello<q0>world<q>. */
void pieces_put_html(const struct text_piece *pieces, size_t count, struct buffer *html);

/*
 * Writes the text of translated HTML, with the kept pieces in their places. False: a mark is
 * missing, repeated or unknown, and what was written is of no use.
 */
bool pieces_take_html(const struct text_piece *pieces, size_t count, dime_text html,
                      struct arena *arena, struct buffer *text);

#endif
