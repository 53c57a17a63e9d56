/*
 * merge.c - gathers the detector's findings by name, and adds the classifier's guess if it helps.
 *
 * With the numbers below, nothing wrong was added to the photos of tests/vision, with a margin: a
 * wrong fine name ("moped" for a motorcycle) costs more trust than a right one earns.
 */
#include "vision/merge.h"

static const float SURE = 50;     /* confidence: the detector's, of an object that counts */
static const float LIKELY = 30;   /* the same, of one that confirms a guess */
static const float BELIEVED = 60; /* confidence: the least of the classifier's that counts */
static const float FILLS = 0.25F; /* of the picture's area */

static float area(const struct finding *finding)
{
    return finding->instance.box.width * finding->instance.box.height;
}

/* The largest object that counts; NULL: there is none. */
static const struct finding *main_object(const struct findings *findings)
{
    const struct finding *largest = NULL;
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        if (finding->instance.confidence >= SURE && (!largest || area(finding) > area(largest)))
            largest = finding;
    }
    return largest;
}

bool merge_wants_guess(const struct findings *findings)
{
    const struct finding *object = main_object(findings);
    return !object || area(object) >= FILLS;
}

/* A kind of cat counts only if a cat was found, or nothing at all. */
static bool contradicts(const struct findings *findings, int wider)
{
    if (wider < 0 || !main_object(findings))
        return false;
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        if (finding->detected == (size_t)wider && finding->instance.confidence >= LIKELY)
            return false;
    }
    return true;
}

/* NAME as a label: "Egyptian Cat". Data NULL: out of memory. */
static dime_text title(dime_text name, struct arena *arena)
{
    char *letters = arena_alloc(arena, name.length);
    for (size_t i = 0; letters && i < name.length; i++) {
        char letter = name.data[i];
        bool begins = i == 0 || name.data[i - 1] == ' ';
        letters[i] = begins && letter >= 'a' && letter <= 'z' ? (char)(letter - 32) : letter;
    }
    return (dime_text){letters, name.length};
}

static size_t count_texts(const dime_text *texts, size_t most)
{
    size_t count = 0;
    while (count < most && texts[count].length)
        count++;
    return count;
}

static struct vision_label label_of(const struct detected_name *detected)
{
    return (struct vision_label){
        .name = detected->name,
        .parents = &detected->parent,
        .parent_count = count_texts(&detected->parent, 1),
        .aliases = detected->aliases,
        .alias_count = count_texts(detected->aliases, NAMES_ALIASES),
    };
}

/* The labels so far: at most one for each finding, and the guess. */
struct label_list {
    size_t count;
    struct vision_label *items;
};

_Static_assert((FINDINGS_MAX + 1) * (sizeof(struct vision_label) + sizeof(struct vision_instance)) <
                   VISION_ARENA_NEED,
               "room for all that can be found");

/* Inserts a label after those with the same confidence or more. */
static void insert_label(struct label_list *labels, const struct vision_label *label)
{
    size_t at = labels->count++;
    for (; at && labels->items[at - 1].confidence < label->confidence; at--)
        labels->items[at] = labels->items[at - 1];
    labels->items[at] = *label;
}

/* Copies the findings of one class to INSTANCES, which has enough room. Returns how many. */
static size_t add_class(struct label_list *labels, const struct findings *findings, size_t detected,
                        float least, struct vision_instance *instances)
{
    struct vision_label label = label_of(&detected_names[detected]);
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        if (finding->detected == detected && finding->instance.confidence >= least)
            instances[label.instance_count++] = finding->instance;
    }
    if (!label.instance_count)
        return 0;
    label.instances = instances;
    label.confidence = instances[0].confidence;
    insert_label(labels, &label);
    return label.instance_count;
}

static bool is_new(const struct findings *findings, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (findings->items[i].detected == findings->items[at].detected)
            return false;
    }
    return true;
}

static bool has_label(const struct label_list *labels, dime_text name)
{
    for (size_t i = 0; i < labels->count; i++) {
        if (text_equal(labels->items[i].name, name))
            return true;
    }
    return false;
}

/* A kind of a class that the detector knows has that as its parent; some others have one too. */
static bool set_parents(struct vision_label *label, size_t classified, struct arena *arena)
{
    int wider = names_wider(classified);
    if (wider >= 0 && text_equal(label->name, detected_names[wider].name)) {
        struct vision_label same = label_of(&detected_names[wider]);
        same.confidence = label->confidence;
        *label = same;
        return true;
    }
    dime_text *parents = arena_array(arena, 2, sizeof *parents);
    if (!parents)
        return false;
    parents[0] = wider >= 0 ? detected_names[wider].name : names_parent(classified);
    parents[1] = wider >= 0 ? detected_names[wider].parent : TEXT("");
    label->parents = parents;
    label->parent_count = count_texts(parents, 2);
    return true;
}

static bool add_guess(struct label_list *labels, const struct findings *findings,
                      const struct guess *guess, float least, struct arena *arena)
{
    if (guess->confidence < BELIEVED || guess->confidence < least ||
        contradicts(findings, names_wider(guess->classified)))
        return true;
    struct vision_label label = {.name = title(guess->name, arena),
                                 .confidence = guess->confidence};
    if (!label.name.data || !set_parents(&label, guess->classified, arena))
        return false;
    if (!has_label(labels, label.name))
        insert_label(labels, &label);
    return true;
}

bool merge(const struct findings *findings, const struct guess *guess,
           const struct vision_options *options, struct arena *arena, struct vision_result *result)
{
    size_t most = findings->count + 1;
    struct label_list labels = {.items = arena_array(arena, most, sizeof *labels.items)};
    struct vision_instance *instances = arena_array(arena, most, sizeof *instances);
    if (!labels.items || !instances)
        return false;
    for (size_t i = 0; i < findings->count; i++) {
        if (is_new(findings, i))
            instances += add_class(&labels, findings, findings->items[i].detected,
                                   options->min_confidence, instances);
    }
    if (!add_guess(&labels, findings, guess, options->min_confidence, arena))
        return false;
    result->labels = labels.items;
    result->label_count = labels.count < options->max_labels ? labels.count : options->max_labels;
    return true;
}
