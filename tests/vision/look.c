/*
 * look.c - labels pictures as the function labels does, for the tests in Python.
 *
 *     look [--least=CONFIDENCE] [--most=LABELS] [--times=N] FILE...
 *     look --pixels FILE
 *
 * Prints a line of JSON for each file, and one at last of the program itself. With --pixels it
 * prints what is looked at, upright, as a PPM. It ends with 3 where there are no models.
 */
#include "look.h"

#include <string.h>

#include "core/buffer.h"
#include "vision/picture.h"
#include "vision/vision.h"

enum { LINE_MOST = 1 << 20 };

static struct arena lines; /* for what is printed; vision has one of its own */

static void put_texts(struct buffer *line, const char *name, const struct text *texts, size_t count)
{
    buffer_printf(line, ",\"%s\":[", name);
    for (size_t i = 0; i < count; i++) {
        buffer_puts(line, i ? "," : "");
        buffer_json(line, texts[i]);
    }
    buffer_puts(line, "]");
}

static void put_label(struct buffer *line, const struct vision_label *label)
{
    buffer_puts(line, "{\"name\":");
    buffer_json(line, label->name);
    buffer_printf(line, ",\"confidence\":%.2f,\"boxes\":[", (double)label->confidence);
    for (size_t i = 0; i < label->instance_count; i++) {
        const struct vision_box *box = &label->instances[i].box;
        buffer_printf(line, "%s[%.4f,%.4f,%.4f,%.4f,%.2f]", i ? "," : "", (double)box->left,
                      (double)box->top, (double)box->width, (double)box->height,
                      (double)label->instances[i].confidence);
    }
    buffer_puts(line, "]");
    put_texts(line, "parents", label->parents, label->parent_count);
    put_texts(line, "aliases", label->aliases, label->alias_count);
    buffer_puts(line, "}");
}

static void print_result(const char *path, const struct vision_result *result, double ms)
{
    struct buffer line;
    buffer_open(&line, &lines, LINE_MOST);
    buffer_puts(&line, "{\"file\":");
    buffer_json(&line, text_of(path));
    buffer_printf(&line, ",\"status\":%d,\"ms\":%.2f,\"width\":%zu,\"height\":%zu,\"why\":",
                  result->status, ms, result->width, result->height);
    buffer_json(&line, text_of(result->why));
    buffer_puts(&line, ",\"labels\":[");
    for (size_t i = 0; i < result->label_count; i++) {
        buffer_puts(&line, i ? "," : "");
        put_label(&line, &result->labels[i]);
    }
    buffer_puts(&line, "]}\n");
    fwrite(line.data, 1, line.length, stdout);
    arena_reset(&lines);
}

static void label(struct vision *vision, const char *path, const struct vision_options *options)
{
    struct text file = read_file(path);
    struct arena arena;
    struct vision_result result;
    arena_open(&arena, VISION_ARENA_NEED);
    double began = now_ms();
    bool done = vision_label(vision, file, options, &arena, &result);
    double ms = now_ms() - began;
    if (done != (result.status == 200) || (!done && !result.why))
        abort();
    print_result(path, &result, ms);
    arena_close(&arena);
    free_file(file);
}

static int print_pixels(const char *path)
{
    struct text file = read_file(path);
    struct picture picture;
    struct refusal refusal = {0};
    if (!picture_read(&picture, file, &refusal)) {
        fprintf(stderr, "%d %s\n", refusal.status, refusal.why);
        return 1;
    }
    struct view view = picture_view(&picture);
    printf("P6\n%zu %zu\n255\n", view.width, view.height);
    for (size_t y = 0; y < view.height; y++) {
        for (size_t x = 0; x < view.width; x++)
            fwrite(view_part(view, x, y, 1, 1).origin, 3, 1, stdout);
    }
    picture_free(&picture);
    free_file(file);
    return 0;
}

static int label_all(const struct vision_options *options, long times, char **paths)
{
    struct vision *vision;
    const char *why;
    double began = now_ms();
    if (!vision_open(&vision, &why)) {
        fprintf(stderr, "%s\n", why);
        return 3;
    }
    double opened = now_ms() - began;
    arena_open(&lines, 4 * LINE_MOST);
    for (; times > 0; times--) {
        for (char **path = paths; *path; path++)
            label(vision, *path, options);
    }
    struct text model = vision_model_version();
    printf("{\"model\":\"%.*s\",\"openMs\":%.1f,\"rssKb\":%ld,\"peakKb\":%ld}\n", (int)model.length,
           model.data, opened, memory_kb("VmRSS:"), memory_kb("VmHWM:"));
    arena_close(&lines);
    vision_close(vision);
    return 0;
}

static const char *value_of(const char *argument, const char *option)
{
    size_t length = strlen(option);
    return strncmp(argument, option, length) == 0 ? argument + length : NULL;
}

int main(int count, char **arguments)
{
    struct vision_options options = {.max_labels = VISION_LABELS_MAX, .min_confidence = 50};
    long times = 1;
    (void)count;
    for (arguments++; *arguments && text_starts(text_of(*arguments), TEXT("--")); arguments++) {
        const char *value;
        if (strcmp(*arguments, "--pixels") == 0 && arguments[1])
            return print_pixels(arguments[1]);
        if ((value = value_of(*arguments, "--least=")))
            options.min_confidence = strtof(value, NULL);
        else if ((value = value_of(*arguments, "--most=")))
            options.max_labels = strtoul(value, NULL, 10);
        else if ((value = value_of(*arguments, "--times=")))
            times = strtol(value, NULL, 10);
        else
            return 2;
    }
    return label_all(&options, times, arguments);
}
