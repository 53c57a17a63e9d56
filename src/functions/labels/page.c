/*
 * page.c - labels for a person: the picture, boxes drawn over it, and a bar for each label.
 *
 * It's written from the answer's JSON, since that is what both engines have in common. The boxes
 * are drawn in parts of the picture's width and height, so its size need not be known. Nothing here
 * needs a script: a label is a link to its boxes, which light up as the target of the address. A
 * page that has the picture already asks for an answer without it (RFC 7240, return=minimal). A
 * label without boxes of its own, such as Egyptian Cat, has those of the parent that it was found
 * in.
 */
#include "dime.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "functions/labels/event.h"

enum {
    SHOWN_MAX = 5 * 1024 * 1024, /* bytes of a picture that still fit into a page, in base64 */
    COLOURS = 6,                 /* that style.css has for labels and their boxes */
    NAMED_MAX = 3,               /* labels that the title names */
    INSTANCES_MAX = 1000,        /* boxes that are drawn of a label */
};

/* A label of the answer. */
struct shown {
    struct json_value json;
    dime_text name;
    size_t parents, instances;
};

/* Where the page is written. */
struct view {
    const struct labels_question *question;
    struct json_value answer;
    struct buffer *html;
    struct shown *labels;
    size_t count;
};

/* A number, held between LEAST and MOST: what an engine says may be wrong. */
static double number_at(struct json_value value, const char *path, double least, double most)
{
    char room[32];
    struct json_value found = labels_member(value, path);
    int length = (int)(found.raw.length < sizeof room ? found.raw.length : sizeof room - 1);
    if (found.kind != JSON_NUMBER)
        return 0;
    snprintf(room, sizeof room, "%.*s", length, found.raw.data);
    double number = strtod(room, NULL);
    return number < least ? least : number < most ? number : most;
}

/* The items of a list; none where it's anything else, such as an object. */
static struct json_cursor items_of(struct json_value value, const char *path)
{
    struct json_value list = labels_member(value, path);
    return json_members(list.kind == JSON_ARRAY ? list : (struct json_value){0}, NULL);
}

static size_t count_of(struct json_value value, const char *path)
{
    struct json_cursor cursor = items_of(value, path);
    struct json_member item;
    size_t count = 0;
    while (json_next(&cursor, &item))
        count++;
    return count;
}

/* False: the arena has failed. */
static bool read_labels(struct view *view)
{
    struct json_cursor cursor = items_of(view->answer, "Labels");
    struct json_member label;
    view->count = count_of(view->answer, "Labels");
    view->labels = arena_array(view->html->arena, view->count + 1, sizeof *view->labels);
    if (!view->labels)
        return false;
    for (size_t i = 0; i < view->count && json_next(&cursor, &label); i++)
        view->labels[i] = (struct shown){
            .json = label.value,
            .name = labels_text(label.value, "Name", view->html->arena),
            .parents = count_of(label.value, "Parents"),
            .instances = count_of(label.value, "Instances"),
        };
    return !view->html->arena->failed;
}

static bool has_parent(const struct view *view, const struct shown *label, dime_text name)
{
    struct json_cursor parents = items_of(label->json, "Parents");
    struct json_member parent;
    while (json_next(&parents, &parent)) {
        if (text_equal(labels_text(parent.value, "Name", view->html->arena), name))
            return true;
    }
    return false;
}

/*
 * The number of the label whose boxes show this one: it, or its nearest parent that has any, which
 * is the one with the most parents of its own. The count of labels: there is none.
 */
static size_t boxes_of(const struct view *view, size_t number)
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

static void put_text(struct view *view, struct json_value value, const char *path)
{
    buffer_html(view->html, labels_text(value, path, view->html->arena));
}

/* The labels that the title names. */
struct named {
    size_t numbers[NAMED_MAX + 1];
    size_t count;
};

/* Whether naming those says this one too: Egyptian Cat says Cat. */
static bool is_said(const struct view *view, const struct named *named, size_t number)
{
    for (size_t i = 0; i < named->count; i++) {
        if (named->numbers[i] == number ||
            has_parent(view, &view->labels[named->numbers[i]], view->labels[number].name))
            return true;
    }
    return false;
}

/* Names one more, in the place of those that it says too. */
static void add_name(const struct view *view, struct named *named, size_t number)
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
static void put_title(struct view *view)
{
    struct named named = {.count = 0};
    size_t more = 0;
    if (!view->count)
        buffer_puts(view->html, "Nothing that it knows");
    for (size_t i = 0; i < view->count && named.count < NAMED_MAX; i++) {
        if (!is_said(view, &named, i))
            add_name(view, &named, i);
    }
    for (size_t i = 0; i < view->count; i++)
        more += !is_said(view, &named, i);
    for (size_t i = 0; i < named.count; i++) {
        bool last = !more && i + 1 == named.count;
        buffer_puts(view->html, !i ? "" : last ? " and " : ", ");
        buffer_html(view->html, view->labels[named.numbers[i]].name);
    }
    if (more)
        buffer_printf(view->html, " and %zu more", more);
}

static void put_head(struct view *view, const char *engine)
{
    bool local = strcmp(engine, "local") == 0;
    size_t count = view->count;
    buffer_puts(view->html, "<div class=\"answer seen\">\n<h2 id=\"result-title\">");
    put_title(view);
    buffer_printf(view->html, "</h2>\n<p class=\"total\">%zu label%s, found %s", count,
                  count == 1 ? "" : "s", local ? "on this server with " : "by Amazon Rekognition ");
    put_text(view, view->answer, "LabelModelVersion");
    buffer_puts(view->html, "</p>\n");
    if (!count)
        buffer_puts(view->html, "<p class=\"sentence\">Try another picture, or ask for labels that "
                                "are less sure.</p>\n");
    buffer_puts(view->html, "</div>\n");
}

/*
 * Twice, so that it can be seen on a dark and on a bright picture. A box may reach beyond the
 * picture, by as much as the picture at most.
 */
static void put_box(struct view *view, struct json_value box)
{
    static const char *const CLASSES[] = {"edge", "line"};
    for (size_t i = 0; i < sizeof CLASSES / sizeof *CLASSES; i++)
        buffer_printf(view->html,
                      "<rect class=\"%s\" x=\"%.5f\" y=\"%.5f\" width=\"%.5f\" height=\"%.5f\"/>",
                      CLASSES[i], number_at(box, "Left", -1, 1), number_at(box, "Top", -1, 1),
                      number_at(box, "Width", 0, 2), number_at(box, "Height", 0, 2));
}

static void put_boxes(struct view *view)
{
    struct json_member instance;
    buffer_puts(view->html, "<svg class=\"boxes\" viewBox=\"0 0 1 1\" preserveAspectRatio=\"none\" "
                            "aria-hidden=\"true\">\n");
    for (size_t i = 0; i < view->count; i++) {
        struct json_cursor instances = items_of(view->labels[i].json, "Instances");
        buffer_printf(view->html, "<g id=\"boxes-%zu\" class=\"colour-%zu\">", i, i % COLOURS);
        for (size_t j = 0; j < INSTANCES_MAX && json_next(&instances, &instance); j++)
            put_box(view, labels_member(instance.value, "BoundingBox"));
        buffer_puts(view->html, "</g>\n");
    }
    buffer_puts(view->html, "</svg>\n");
}

static bool is_minimal(const struct request *request)
{
    const dime_text minimal = TEXT("return=minimal");
    return text_equal_nocase(text_trim(request_header(request, "prefer")), minimal);
}

static void put_picture(struct view *view, dime_text bytes)
{
    bool png = bytes.length && bytes.data[0] == '\x89';
    bool left_out = !bytes.length || is_minimal(view->question->request);
    if (!left_out && bytes.length > SHOWN_MAX) {
        buffer_puts(view->html,
                    "<p class=\"hint\">The picture is too large to be shown again.</p>\n");
        return;
    }
    buffer_puts(view->html, "<div class=\"picture\">\n<img alt=\"The picture\"");
    if (!left_out) {
        buffer_printf(view->html, " src=\"data:image/%s;base64,", png ? "png" : "jpeg");
        buffer_base64(view->html, bytes);
        buffer_puts(view->html, "\"");
    }
    buffer_puts(view->html, ">\n");
    put_boxes(view);
    buffer_puts(view->html, "</div>\n");
}

/* What is known of a label besides its name: "Animal, Pet; 2 of them". */
static void put_kind(struct view *view, const struct shown *label)
{
    struct json_cursor parents = items_of(label->json, "Parents");
    struct json_member parent;
    const char *before = "";
    buffer_puts(view->html, "<span class=\"kind\">");
    while (json_next(&parents, &parent)) {
        buffer_puts(view->html, before);
        put_text(view, parent.value, "Name");
        before = ", ";
    }
    if (label->instances > 1)
        buffer_printf(view->html, "%s%zu of them", *before ? "; " : "", label->instances);
    buffer_puts(view->html, "</span>");
}

static void put_label(struct view *view, size_t number)
{
    const struct shown *label = &view->labels[number];
    double confidence = number_at(label->json, "Confidence", 0, 100);
    size_t boxes = boxes_of(view, number);
    bool boxed = boxes < view->count;
    if (boxed)
        buffer_printf(view->html,
                      "<li class=\"colour-%zu\" data-boxes=\"boxes-%zu\">"
                      "<a class=\"name\" href=\"#boxes-%zu\">",
                      boxes % COLOURS, boxes, boxes);
    else
        buffer_puts(view->html, "<li><span class=\"name\">");
    buffer_html(view->html, label->name);
    buffer_puts(view->html, boxed ? "</a> " : "</span> ");
    put_kind(view, label);
    buffer_printf(view->html,
                  " <span class=\"percent\">%.1f&nbsp;%%</span>"
                  "<svg class=\"bar\" aria-hidden=\"true\"><rect width=\"%.1f%%\" height=\"100%%\" "
                  "rx=\"4\"/></svg></li>\n",
                  confidence, confidence);
}

static void put_labels(struct view *view)
{
    buffer_puts(view->html, "<ol class=\"labels\">\n");
    for (size_t i = 0; i < view->count; i++)
        put_label(view, i);
    buffer_puts(view->html, "</ol>\n");
}

static void put_json(struct view *view)
{
    buffer_puts(view->html, "<details>\n<summary>As a program gets it</summary>\n"
                            "<pre class=\"json\">");
    buffer_html(view->html, view->answer.raw);
    buffer_puts(view->html, "</pre>\n</details>\n");
}

void labels_put_page(const struct labels_question *question, const struct labels_picture *picture,
                     const struct labels_answer *answer, struct response *response)
{
    struct view view = {.question = question};
    struct json_error error;
    if (!json_check(answer->json, response->arena, &view.answer, &error))
        return; /* it's ours, or was checked: only memory can have ended */
    view.html = response_html(response);
    if (!read_labels(&view))
        return;
    buffer_puts(view.html, "<section class=\"result\" id=\"result\" tabindex=\"-1\" "
                           "aria-labelledby=\"result-title\">\n");
    put_head(&view, answer->engine);
    put_picture(&view, picture->bytes);
    if (view.count)
        put_labels(&view);
    put_json(&view);
    buffer_puts(view.html, "</section>");
}
