/*
 * page.c - fills the page of labels: the picture, boxes over it, and a bar for each label.
 *
 * The data for www/pages/labels.html comes from the answer's JSON, which is the same for both
 * engines. The boxes are fractions of the picture's width and height, so the page needn't know its
 * size. It works without a script: a label links to its boxes, which light up as the target of the
 * address. A page that already has the picture requests an answer without it (RFC 7240,
 * return=minimal). A label without boxes of its own, such as Egyptian Cat, gets those of the parent
 * that it was found in.
 */
#include "dime.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/json.h"
#include "functions/labels/labels.h"

enum {
    SHOWN_MAX = 5 * 1024 * 1024, /* bytes, in base64, of the largest picture in a page */
    COLOURS = 6,                 /* that style.css has for labels and their boxes */
    NAMED_MAX = 3,               /* labels that the title names */
    INSTANCES_MAX = 1000,        /* boxes that are drawn of a label */
    SHOWN_TEXT_MAX =
        4 * 1024 * 1024, /* bytes of the title, and of a label's kind, as in an answer */
    SOURCE_MAX = 32 + (SHOWN_MAX + 2) / 3 * 4,
};

/* A label of the answer. */
struct shown {
    struct json_value json;
    dime_text name;
    size_t parents, instances;
};

/* All of them. */
struct shown_view {
    struct arena *arena;
    struct json_value answer;
    struct shown *labels;
    size_t count;
};

/* A number, clamped to LEAST and MOST: an engine may send a wrong one. */
static double number_at(struct json_value value, const char *path, double least, double most)
{
    char room[32];
    struct json_value found = json_at(value, path);
    int length = (int)(found.raw.length < sizeof room ? found.raw.length : sizeof room - 1);
    if (found.kind != JSON_NUMBER)
        return 0;
    snprintf(room, sizeof room, "%.*s", length, found.raw.data);
    double number = strtod(room, NULL);
    return number < least ? least : number < most ? number : most;
}

/* The list at a path; an empty one if something else is there, such as an object. */
static struct json_value list_in(struct json_value value, const char *path)
{
    struct json_value list = json_at(value, path);
    return list.kind == JSON_ARRAY ? list : (struct json_value){0};
}

/* False: the arena has failed. */
static bool read_labels(struct shown_view *view)
{
    struct json_cursor cursor = json_members(list_in(view->answer, "Labels"), NULL);
    struct json_member label;
    view->count = json_count(list_in(view->answer, "Labels"));
    view->labels = arena_array(view->arena, view->count + 1, sizeof *view->labels);
    if (!view->labels)
        return false;
    for (size_t i = 0; i < view->count && json_next(&cursor, &label); i++)
        view->labels[i] = (struct shown){
            .json = label.value,
            .name = json_text_at(label.value, "Name", view->arena),
            .parents = json_count(list_in(label.value, "Parents")),
            .instances = json_count(list_in(label.value, "Instances")),
        };
    return !view->arena->failed;
}

static bool has_parent(const struct shown_view *view, const struct shown *label, dime_text name)
{
    struct json_cursor parents = json_members(list_in(label->json, "Parents"), NULL);
    struct json_member parent;
    while (json_next(&parents, &parent)) {
        if (text_equal(json_text_at(parent.value, "Name", view->arena), name))
            return true;
    }
    return false;
}

/*
 * The index of the label whose boxes show this one: its own, or that of the nearest parent with
 * boxes, which is the one with the most parents of its own. If there is none, the count of labels.
 */
static size_t boxes_of(const struct shown_view *view, size_t number)
{
    const struct shown *label = &view->labels[number];
    size_t nearest = view->count;
    if (label->instances)
        return number;
    for (size_t i = 0; label->parents && i < view->count; i++) {
        bool nearer =
            nearest == view->count || view->labels[i].parents > view->labels[nearest].parents;
        if (view->labels[i].instances && nearer && has_parent(view, label, view->labels[i].name))
            nearest = i;
    }
    return nearest;
}

/* The labels that the title names. */
struct named {
    size_t numbers[NAMED_MAX + 1];
    size_t count;
};

/* Whether one of the names implies this one: Egyptian Cat implies Cat. */
static bool is_said(const struct shown_view *view, const struct named *named, size_t number)
{
    for (size_t i = 0; i < named->count; i++) {
        if (named->numbers[i] == number ||
            has_parent(view, &view->labels[named->numbers[i]], view->labels[number].name))
            return true;
    }
    return false;
}

/* Adds a name, and drops those that it implies. */
static void add_name(const struct shown_view *view, struct named *named, size_t number)
{
    size_t kept = 0;
    bool placed = false;
    for (size_t i = 0; i < named->count; i++) {
        bool said = has_parent(view, &view->labels[number], view->labels[named->numbers[i]].name);
        if (!said)
            named->numbers[kept++] = named->numbers[i];
        else if (!placed)
            named->numbers[kept++] = number;
        placed = placed || said;
    }
    if (!placed)
        named->numbers[kept++] = number;
    named->count = kept;
}

/* "Dog, Bicycle, Truck and 2 more" */
static void put_title(const struct shown_view *view, dime_json *seen)
{
    struct named named = {.count = 0};
    struct buffer title;
    size_t more = 0;
    buffer_open(&title, view->arena, SHOWN_TEXT_MAX);
    if (!view->count)
        buffer_puts(&title, "Nothing it knows");
    for (size_t i = 0; i < view->count && named.count < NAMED_MAX; i++) {
        if (!is_said(view, &named, i))
            add_name(view, &named, i);
    }
    for (size_t i = 0; i < view->count; i++)
        more += !is_said(view, &named, i);
    for (size_t i = 0; i < named.count; i++) {
        bool last = !more && i + 1 == named.count;
        buffer_puts(&title, !i ? "" : last ? " and " : ", ");
        buffer_put(&title, view->labels[named.numbers[i]].name);
    }
    if (more)
        buffer_printf(&title, " and %zu more", more);
    dime_put_text(seen, "title", buffer_text(&title));
}

static bool is_minimal(const dime_call *call)
{
    return text_equal_nocase(text_trim(dime_header(call, "prefer")), TEXT("return=minimal"));
}

/* The picture as a data: URL; none if the page has it already, or reads it itself. */
static void put_picture(dime_call *call, dime_json *seen, dime_text bytes)
{
    bool shown = bytes.length && !is_minimal(call), fits = bytes.length <= SHOWN_MAX;
    dime_put_boolean(seen, "too_large", shown && !fits);
    if (!shown || !fits) {
        dime_put_null(seen, "source");
        return;
    }
    struct buffer source;
    buffer_open(&source, call_arena(call), SOURCE_MAX);
    buffer_puts(&source,
                bytes.data[0] == '\x89' ? "data:image/png;base64," : "data:image/jpeg;base64,");
    buffer_base64(&source, bytes);
    dime_put_text(seen, "source", buffer_text(&source));
}

/* A box may extend beyond the picture, by at most the picture's size. */
static void put_boxes(const struct shown *label, dime_json *json)
{
    dime_json *boxes = dime_put_array(json, "boxes");
    struct json_cursor instances = json_members(list_in(label->json, "Instances"), NULL);
    struct json_member instance;
    for (size_t i = 0; i < INSTANCES_MAX && json_next(&instances, &instance); i++) {
        struct json_value box = json_at(instance.value, "BoundingBox");
        dime_json *place = dime_put_object(boxes, NULL);
        dime_put_format(place, "x", "%.5f", number_at(box, "Left", -1, 1));
        dime_put_format(place, "y", "%.5f", number_at(box, "Top", -1, 1));
        dime_put_format(place, "width", "%.5f", number_at(box, "Width", 0, 2));
        dime_put_format(place, "height", "%.5f", number_at(box, "Height", 0, 2));
    }
}

/* What else is known of a label: "Animal, Pet; 2 of them". */
static void put_kind(const struct shown_view *view, const struct shown *label, dime_json *json)
{
    struct json_cursor parents = json_members(list_in(label->json, "Parents"), NULL);
    struct json_member parent;
    struct buffer kind;
    buffer_open(&kind, view->arena, SHOWN_TEXT_MAX);
    while (json_next(&parents, &parent)) {
        buffer_puts(&kind, kind.length ? ", " : "");
        buffer_put(&kind, json_text_at(parent.value, "Name", view->arena));
    }
    if (label->instances > 1)
        buffer_printf(&kind, "%s%zu of them", kind.length ? "; " : "", label->instances);
    dime_put_text(json, "kind", buffer_text(&kind));
}

static void put_shown_label(const struct shown_view *view, size_t number, dime_json *json)
{
    const struct shown *label = &view->labels[number];
    size_t boxes = boxes_of(view, number);
    dime_put_text(json, "name", label->name);
    dime_put_format(json, "percent", "%.1f", number_at(label->json, "Confidence", 0, 100));
    dime_put_integer(json, "number", (int64_t)number);
    dime_put_integer(json, "colour", (int64_t)(number % COLOURS));
    dime_put_boolean(json, "boxed", boxes < view->count);
    dime_put_integer(json, "boxes_number", (int64_t)boxes);
    dime_put_integer(json, "boxes_colour", (int64_t)(boxes % COLOURS));
    put_kind(view, label, json);
    put_boxes(label, json);
}

void labels_put_page(dime_call *call, dime_json *page, const struct labels_picture *picture,
                     const char *engine, dime_text answer)
{
    struct shown_view view = {.arena = call_arena(call)};
    struct json_error error;
    if (!json_check(answer, view.arena, &view.answer, &error) || !read_labels(&view))
        return; /* the answer is valid JSON, so this is out of memory */
    dime_text model = json_text_at(view.answer, "LabelModelVersion", view.arena);
    dime_json *seen = dime_put_object(page, "seen");
    put_title(&view, seen);
    dime_put_format(seen, "total", "%zu label%s, found %s %.*s", view.count,
                    view.count == 1 ? "" : "s",
                    strcmp(engine, "local") == 0 ? "on this server with" : "by Amazon Rekognition",
                    DIME_ARG(model));
    put_picture(call, seen, picture->bytes);
    dime_json *labels = dime_put_array(seen, "labels");
    for (size_t i = 0; i < view.count; i++)
        put_shown_label(&view, i, dime_put_object(labels, NULL));
}
