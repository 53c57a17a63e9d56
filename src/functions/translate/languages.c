/*
 * languages.c - languages: their codes, their names, and the list that an engine has.
 *
 * People and Amazon Translate write en and pt-BR (RFC 5646), Apertium writes eng and por_BR (ISO
 * 639-3). A code is accepted in either form and in any case, and written in the first. The names
 * are those of ISO 639 in English, for the languages of Debian's pairs for Apertium; any other is
 * shown by its code. Amazon Translate sends names itself.
 */
#include "dime.h"

#include "functions/translate/translate.h"

#include <stdlib.h>

#include "base/json.h"

/* By ISO 639-3; the two letters of ISO 639-1, where there are some. */
static const struct known {
    char three[4], two[3];
    const char *name;
} KNOWN[] = {
    {"afr", "af", "Afrikaans"},
    {"arg", "an", "Aragonese"},
    {"bel", "be", "Belarusian"},
    {"bre", "br", "Breton"},
    {"bul", "bg", "Bulgarian"},
    {"cat", "ca", "Catalan"},
    {"crh", "", "Crimean Tatar"},
    {"dan", "da", "Danish"},
    {"deu", "de", "German"},
    {"eng", "en", "English"},
    {"epo", "eo", "Esperanto"},
    {"eus", "eu", "Basque"},
    {"fra", "fr", "French"},
    {"frp", "", "Arpitan"},
    {"glg", "gl", "Galician"},
    {"hbs", "sh", "Serbo-Croatian"},
    {"hin", "hi", "Hindi"},
    {"ind", "id", "Indonesian"},
    {"isl", "is", "Icelandic"},
    {"ita", "it", "Italian"},
    {"kaz", "kk", "Kazakh"},
    {"mkd", "mk", "Macedonian"},
    {"mlt", "mt", "Maltese"},
    {"nld", "nl", "Dutch"},
    {"nno", "nn", "Norwegian Nynorsk"},
    {"nob", "nb", "Norwegian Bokm\303\245l"},
    {"oci", "oc", "Occitan"},
    {"pol", "pl", "Polish"},
    {"por", "pt", "Portuguese"},
    {"ron", "ro", "Romanian"},
    {"rus", "ru", "Russian"},
    {"slv", "sl", "Slovenian"},
    {"sme", "se", "Northern Sami"},
    {"spa", "es", "Spanish"},
    {"srd", "sc", "Sardinian"},
    {"swe", "sv", "Swedish"},
    {"szl", "", "Silesian"},
    {"tat", "tt", "Tatar"},
    {"tur", "tr", "Turkish"},
    {"ukr", "uk", "Ukrainian"},
    {"urd", "ur", "Urdu"},
    {"zlm", "ms", "Malay"},
};

/* The part of a code before its variant. */
static dime_text base_of(dime_text code)
{
    size_t length = 0;
    while (length < code.length && text_alphanumeric(code.data[length]))
        length++;
    return (dime_text){code.data, length};
}

static const struct known *find_known(dime_text base)
{
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
        if (text_equal_nocase(base, text_of(KNOWN[i].three)) ||
            (KNOWN[i].two[0] && text_equal_nocase(base, text_of(KNOWN[i].two))))
            return &KNOWN[i];
    }
    return NULL;
}

bool language_equal(dime_text a, dime_text b)
{
    dime_text first = base_of(a), second = base_of(b);
    const struct known *known = find_known(first);
    if (!text_equal_nocase(first, second) && (!known || known != find_known(second)))
        return false;
    if (a.length - first.length != b.length - second.length)
        return false;
    for (size_t i = first.length, j = second.length; i < a.length; i++, j++) {
        bool both = !text_alphanumeric(a.data[i]) && !text_alphanumeric(b.data[j]);
        if (!both && text_lower(a.data[i]) != text_lower(b.data[j]))
            return false;
    }
    return true;
}

bool language_widen(dime_text *code)
{
    size_t length = code->length, base = base_of(*code).length;
    while (length > base && text_alphanumeric(code->data[length - 1]))
        length--;
    if (length <= base)
        return false;
    length--; /* the hyphen */
    if (length >= base + 2 && !text_alphanumeric(code->data[length - 2]))
        length -= 2; /* a letter that says of what kind the last part was: -x- */
    code->length = length;
    return true;
}

dime_text language_name(const struct translate_list *list, dime_text code)
{
    for (size_t i = 0; list && i < list->language_count; i++) {
        if (language_equal(list->languages[i].code, code))
            return list->languages[i].name;
    }
    const struct known *known = find_known(base_of(code));
    return known && known->two[0] && base_of(code).length == code.length ? text_of(known->name)
                                                                         : code;
}

/* Apertium's code as people write it: eng_US is en-US. */
static dime_text public_code(dime_text code, struct arena *arena)
{
    dime_text base = base_of(code);
    const struct known *known = find_known(base);
    struct buffer text;
    buffer_open(&text, arena, TRANSLATE_CODE_MAX);
    if (known)
        buffer_puts(&text, known->two[0] ? known->two : known->three);
    else
        buffer_put(&text, base);
    for (size_t i = base.length; i < code.length; i++)
        buffer_put(&text, code.data[i] == '_' ? TEXT("-") : (dime_text){code.data + i, 1});
    return buffer_text(&text);
}

/* "English", "English (US)" */
static dime_text public_name(dime_text code, struct arena *arena)
{
    dime_text base = base_of(code);
    const struct known *known = find_known(base);
    struct buffer text;
    buffer_open(&text, arena, 128);
    buffer_put(&text, known ? text_of(known->name) : base);
    if (code.length > base.length + 1) {
        buffer_puts(&text, " (");
        buffer_put(&text, (dime_text){code.data + base.length + 1, code.length - base.length - 1});
        buffer_puts(&text, ")");
    }
    return buffer_text(&text);
}

bool language_is_code(dime_text code)
{
    for (size_t i = 0; i < code.length; i++) {
        if (!text_alphanumeric(code.data[i]) && code.data[i] != '_' && code.data[i] != '-')
            return false;
    }
    return code.length && code.length < TRANSLATE_CODE_MAX && base_of(code).length;
}

static void add_language(struct translate_list *list, dime_text code, dime_text name)
{
    for (size_t i = 0; i < list->language_count; i++) {
        if (text_equal(list->languages[i].code, code))
            return;
    }
    if (list->language_count < TRANSLATE_LIST_MAX)
        list->languages[list->language_count++] = (struct translate_language){code, name};
}

static int compare_names(const void *a, const void *b)
{
    const struct translate_language *first = a, *second = b;
    size_t length =
        first->name.length < second->name.length ? first->name.length : second->name.length;
    int order = memcmp(first->name.data, second->name.data, length);
    if (order)
        return order;
    return (first->name.length > second->name.length) - (first->name.length < second->name.length);
}

static bool begin_list(struct translate_list *list, const char *engine, struct arena *arena)
{
    *list = (struct translate_list){.engine = engine};
    list->languages = arena_array(arena, TRANSLATE_LIST_MAX, sizeof *list->languages);
    list->pairs = arena_array(arena, TRANSLATE_LIST_MAX, sizeof *list->pairs);
    return list->languages && list->pairs;
}

static bool end_list(struct translate_list *list, const struct arena *arena)
{
    if (list->language_count)
        qsort(list->languages, list->language_count, sizeof *list->languages, compare_names);
    return !arena->failed;
}

bool languages_of_pairs(struct translate_list *list, dime_text json, struct arena *arena)
{
    struct json_value value;
    struct json_error error;
    struct json_member member;
    if (!begin_list(list, "apertium", arena) || !json_check(json, arena, &value, &error))
        return false;
    struct json_cursor cursor = json_members(value, arena);
    while (list->pair_count < TRANSLATE_LIST_MAX && json_next(&cursor, &member)) {
        dime_text source = json_text_at(member.value, "sourceLanguage", arena);
        dime_text target = json_text_at(member.value, "targetLanguage", arena);
        if (!language_is_code(source) || !language_is_code(target))
            continue;
        struct translate_pair pair = {.source = public_code(source, arena),
                                      .target = public_code(target, arena),
                                      .engine_source = arena_copy(arena, source),
                                      .engine_target = arena_copy(arena, target)};
        list->pairs[list->pair_count++] = pair;
        add_language(list, pair.source, public_name(source, arena));
        add_language(list, pair.target, public_name(target, arena));
    }
    return end_list(list, arena);
}

bool languages_of_aws(struct translate_list *list, dime_text json, struct arena *arena)
{
    struct json_value value, languages;
    struct json_error error;
    struct json_member member;
    if (!begin_list(list, "aws", arena) || !json_check(json, arena, &value, &error))
        return false;
    list->detects = true;
    if (!json_find(value, TEXT("Languages"), &languages))
        return !arena->failed;
    struct json_cursor cursor = json_members(languages, arena);
    while (json_next(&cursor, &member)) {
        dime_text code = json_text_at(member.value, "LanguageCode", arena);
        dime_text name = json_text_at(member.value, "LanguageName", arena);
        if (language_is_code(code) && !text_equal(code, TEXT("auto")))
            add_language(list, arena_copy(arena, code), arena_copy(arena, name));
    }
    return end_list(list, arena);
}
