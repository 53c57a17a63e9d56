/*
 * labels_page.c - labels for a person: the picture, boxes drawn over it, and a bar for each label.
 *
 * It's written from the answer's JSON, since that is what both engines have in common. The boxes
 * are drawn in parts of the picture's width and height, so its size need not be known. Nothing here
 * needs a script: a label is a link to its boxes, which light up as the target of the address. A
 * page that has the picture already asks for an answer without it (RFC 7240, return=minimal).
 */
#include "function.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base64.h"
#include "functions/labels_event.h"

enum {
    SHOWN_MAX = 5 * 1024 * 1024, /* bytes of a picture that still fit into a page, in base64 */
    COLOURS = 6,                 /* that style.css has for labels and their boxes */
    NAMED_MAX = 3,               /* labels that the title names */
    INSTANCES_MAX = 1000,        /* boxes that are drawn of a label */
};

/* Where the page is written. */
struct view {
    const struct labels_question *question;
    struct json_value answer;
    struct buffer *html;
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

static struct json_cursor labels_of(const struct view *view)
{
    return items_of(view->answer, "Labels");
}

static void put_text(struct view *view, struct json_value value, const char *path)
{
    buffer_html(view->html, labels_text(value, path, view->html->arena));
}

/* "Dog, Bicycle, Truck and 2 more" */
static void put_title(struct view *view, size_t count)
{
    struct json_cursor labels = labels_of(view);
    struct json_member label;
    if (!count)
        buffer_puts(view->html, "Nothing that it knows");
    for (size_t i = 0; i < NAMED_MAX && json_next(&labels, &label); i++) {
        bool last = i + 1 == count;
        buffer_puts(view->html, !i ? "" : last ? " and " : ", ");
        put_text(view, label.value, "Name");
    }
    if (count > NAMED_MAX)
        buffer_printf(view->html, " and %zu more", count - NAMED_MAX);
}

static void put_head(struct view *view, const char *engine, size_t count)
{
    bool local = strcmp(engine, "local") == 0;
    buffer_puts(view->html, "<div class=\"answer\">\n<h2 id=\"result-title\">");
    put_title(view, count);
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
    struct json_cursor labels = labels_of(view);
    struct json_member label, instance;
    buffer_puts(view->html, "<svg class=\"boxes\" viewBox=\"0 0 1 1\" preserveAspectRatio=\"none\" "
                            "aria-hidden=\"true\">\n");
    for (size_t i = 0; json_next(&labels, &label); i++) {
        struct json_cursor instances = items_of(label.value, "Instances");
        buffer_printf(view->html, "<g id=\"boxes-%zu\" class=\"colour-%zu\">", i, i % COLOURS);
        for (size_t j = 0; j < INSTANCES_MAX && json_next(&instances, &instance); j++)
            put_box(view, labels_member(instance.value, "BoundingBox"));
        buffer_puts(view->html, "</g>\n");
    }
    buffer_puts(view->html, "</svg>\n");
}

static bool is_minimal(const struct request *request)
{
    const struct text minimal = TEXT("return=minimal");
    return text_equal_nocase(text_trim(request_header(request, "prefer")), minimal);
}

static void put_picture(struct view *view, struct text bytes)
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
static void put_kind(struct view *view, struct json_value label, size_t instances)
{
    struct json_cursor parents = items_of(label, "Parents");
    struct json_member parent;
    const char *before = "";
    buffer_puts(view->html, "<span class=\"kind\">");
    while (json_next(&parents, &parent)) {
        buffer_puts(view->html, before);
        put_text(view, parent.value, "Name");
        before = ", ";
    }
    if (instances > 1)
        buffer_printf(view->html, "%s%zu of them", *before ? "; " : "", instances);
    buffer_puts(view->html, "</span>");
}

static void put_label(struct view *view, struct json_value label, size_t number)
{
    double confidence = number_at(label, "Confidence", 0, 100);
    size_t instances = count_of(label, "Instances");
    buffer_printf(view->html, "<li class=\"colour-%zu\" data-boxes=\"boxes-%zu\">",
                  number % COLOURS, number);
    if (instances)
        buffer_printf(view->html, "<a class=\"name\" href=\"#boxes-%zu\">", number);
    else
        buffer_puts(view->html, "<span class=\"name\">");
    put_text(view, label, "Name");
    buffer_puts(view->html, instances ? "</a> " : "</span> ");
    put_kind(view, label, instances);
    buffer_printf(view->html,
                  " <span class=\"percent\">%.1f&nbsp;%%</span>"
                  "<svg class=\"bar\" aria-hidden=\"true\"><rect width=\"%.1f%%\" height=\"100%%\" "
                  "rx=\"4\"/></svg></li>\n",
                  confidence, confidence);
}

static void put_labels(struct view *view)
{
    struct json_cursor labels = labels_of(view);
    struct json_member label;
    buffer_puts(view->html, "<ol class=\"labels\">\n");
    for (size_t i = 0; json_next(&labels, &label); i++)
        put_label(view, label.value, i);
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
    size_t count = count_of(view.answer, "Labels");
    buffer_puts(view.html, "<section class=\"result\" id=\"result\" tabindex=\"-1\" "
                           "aria-labelledby=\"result-title\">\n");
    put_head(&view, answer->engine, count);
    put_picture(&view, picture->bytes);
    if (count)
        put_labels(&view);
    put_json(&view);
    buffer_puts(view.html, "</section>");
}
