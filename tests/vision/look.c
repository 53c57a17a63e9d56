/*
 * look.c - labels pictures as the function labels does, for the tests in Python.
 *
 *     look [--least=CONFIDENCE] [--most=LABELS] [--times=N] [--threads=N] FILE...
 *     look --pixels FILE... | look --read FILE...
 *
 * Prints a line of JSON for each file, and one at last of the program itself; threads each open
 * vision for themselves. It ends with 3 where there are no models. Without models it only reads the
 * pictures: --pixels prints what would be looked at, upright, as PPMs, and --read how that ended.
 */
#include "look.h"

#include <pthread.h>
#include <string.h>

#include "base/buffer.h"
#include "vision/format.h"
#include "vision/vision.h"

enum { LINE_MOST = 1 << 20 };

static struct vision_options options = {.max_labels = VISION_LABELS_MAX, .min_confidence = 50};
static long times = 1;

static void put_texts(struct buffer *line, const char *name, const dime_text *texts, size_t count)
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

/* A line goes out in one piece, whichever thread's it is. */
static void print_result(const char *path, const struct vision_result *result, double ms)
{
    struct arena arena;
    struct buffer line;
    arena_open(&arena, 4 * LINE_MOST);
    buffer_open(&line, &arena, LINE_MOST);
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
    arena_close(&arena);
}

static void label(struct vision *vision, const char *path)
{
    dime_text file = read_file(path);
    struct arena arena;
    struct vision_result result;
    arena_open(&arena, VISION_ARENA_NEED);
    double began = now_ms();
    bool done = vision_look(vision, file, &options, &arena, &result);
    double ms = now_ms() - began;
    if (done != (result.status == 200) || (!done && !result.why))
        abort();
    print_result(path, &result, ms);
    arena_close(&arena);
    free_file(file);
}

static void print_pixels(const struct picture *picture)
{
    struct view view = picture_view(picture);
    printf("P6\n%zu %zu\n255\n", view.width, view.height);
    for (size_t y = 0; y < view.height; y++) {
        for (size_t x = 0; x < view.width; x++)
            fwrite(view.origin + (ptrdiff_t)x * view.right + (ptrdiff_t)y * view.down, 3, 1,
                   stdout);
    }
}

static int read_all(char **paths, bool pixels)
{
    bool all = true;
    for (; *paths; paths++) {
        dime_text file = read_file(*paths);
        struct picture picture;
        struct picture_refusal refusal = {0};
        double began = now_ms();
        bool done = picture_read(&picture, file, &refusal);
        struct vision_result result = {.status = done ? 200 : refusal.status,
                                       .why = done ? "" : refusal.why};
        if (done && pixels)
            print_pixels(&picture);
        else
            print_result(*paths, &result, now_ms() - began);
        picture_free(&picture);
        free_file(file);
        all &= done;
    }
    return all || !pixels ? 0 : 1;
}

struct worker {
    pthread_t thread;
    char **paths;
    double opened_ms;
    long resident_kb; /* of the whole process, at the end of its work */
    char why[1024];   /* it couldn't be opened */
};

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct vision *vision;
    const char *why;
    double began = now_ms();
    if (!vision_open(&vision, &why)) {
        snprintf(worker->why, sizeof worker->why, "%s", why);
        return NULL;
    }
    worker->opened_ms = now_ms() - began;
    for (long i = 0; i < times; i++) {
        for (char **path = worker->paths; *path; path++)
            label(vision, *path);
    }
    worker->resident_kb = memory_kb("VmRSS:");
    vision_close(vision);
    return NULL;
}

static int label_all(size_t threads, char **paths)
{
    enum { THREADS_MAX = 16 };
    static struct worker workers[THREADS_MAX];
    for (size_t i = 0; i < threads && i < THREADS_MAX; i++) {
        workers[i].paths = paths;
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            abort();
    }
    for (size_t i = 0; i < threads && i < THREADS_MAX; i++)
        pthread_join(workers[i].thread, NULL);
    if (workers[0].why[0]) {
        fprintf(stderr, "%s\n", workers[0].why);
        return 3;
    }
    dime_text model = vision_model_version();
    printf("{\"model\":\"%.*s\",\"openMs\":%.1f,\"rssKb\":%ld,\"peakKb\":%ld}\n", (int)model.length,
           model.data, workers[0].opened_ms, workers[0].resident_kb, memory_kb("VmHWM:"));
    return 0;
}

static const char *value_of(const char *argument, const char *option)
{
    size_t length = strlen(option);
    return strncmp(argument, option, length) == 0 ? argument + length : NULL;
}

int main(int count, char **arguments)
{
    size_t threads = 1;
    (void)count;
    for (arguments++; *arguments && text_starts(text_of(*arguments), TEXT("--")); arguments++) {
        const char *value;
        bool pixels = strcmp(*arguments, "--pixels") == 0;
        if (pixels || strcmp(*arguments, "--read") == 0)
            return read_all(arguments + 1, pixels);
        if ((value = value_of(*arguments, "--least=")))
            options.min_confidence = strtof(value, NULL);
        else if ((value = value_of(*arguments, "--most=")))
            options.max_labels = strtoul(value, NULL, 10);
        else if ((value = value_of(*arguments, "--times=")))
            times = strtol(value, NULL, 10);
        else if ((value = value_of(*arguments, "--threads=")))
            threads = strtoul(value, NULL, 10);
        else
            return 2;
    }
    return label_all(threads, arguments);
}
