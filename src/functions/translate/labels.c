/*
 * labels.c - turns an answer of labels into a text: one name a line.
 *
 * `dime invoke labels ... | dime invoke translate - target=es` then names the things in a picture
 * in another language. labels knows nothing of this: its answer has the shape of Amazon
 * Rekognition's, and is read here as any client would read it.
 */
#include "dime.h"

#include "base/json.h"
#include "functions/translate/translate.h"

/* Reads the list in a field, whose JSON was checked when the field was read. */
static struct json_value labels_list(const struct translation_question *question, const char *name,
                                     const dime_text *member)
{
    struct json_value value = {0};
    struct json_error error;
    if (!member->length || !json_check(*member, call_arena(question->call), &value, &error))
        return (struct json_value){0};
    if (value.kind != JSON_ARRAY)
        dime_wrong(question->call, member, "%s must be a list, as in an answer of labels.", name);
    return value;
}

static void put_label_names(struct buffer *names, struct json_value labels)
{
    struct json_cursor cursor = json_members(labels, names->arena);
    struct json_member label;
    while (labels.kind == JSON_ARRAY && json_next(&cursor, &label)) {
        dime_text name = json_text_at(label.value, "Name", names->arena);
        buffer_puts(names, name.length && names->length ? "\n" : "");
        buffer_put(names, name);
    }
}

static void put_results(struct buffer *names, struct json_value results)
{
    struct json_cursor cursor = json_members(results, names->arena);
    struct json_member result;
    struct json_value labels;
    while (results.kind == JSON_ARRAY && json_next(&cursor, &result)) {
        if (result.value.kind == JSON_OBJECT && json_find(result.value, TEXT("Labels"), &labels))
            put_label_names(names, labels);
    }
}

dime_text translate_labels(const struct translation_question *question)
{
    const struct translate_input *input = question->input;
    struct buffer names;
    buffer_open(&names, call_arena(question->call), TRANSLATE_BODY_MAX);
    put_label_names(&names, labels_list(question, "Labels", &input->Labels));
    put_results(&names, labels_list(question, "Results", &input->Results));
    return buffer_text(&names);
}
