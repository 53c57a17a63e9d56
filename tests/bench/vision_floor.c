/*
 * vision_floor.c - what labelling a picture costs next to decoding it and the bare networks.
 *
 *     vision_floor ROUNDS MODELS FILE...
 *
 * In each round every picture is labelled by vision_look, and then decoded and given to TensorFlow
 * Lite's own calls as often as vision_look did; the networks take the same time whatever they see.
 * Prints a line for each picture with the medians in milliseconds, and one with their sums. At last
 * the same calls without XNNPACK, which is how TensorFlow Lite runs when it isn't told otherwise.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../vision/look.h"
#include "vision/merge.h"
#include "vision/format.h"
#include "vision/tflite.h"
#include "vision/vision.h"

enum { PICTURES_MAX = 64, ROUNDS_MAX = 1000 };

static const struct tflite *tflite;

static void must(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "vision_floor: %s\n", what);
        exit(3);
    }
}

/* An interpreter as TensorFlow Lite's documents show one, for one thread. */
static TfLiteInterpreter *bare(dime_text file, bool quick)
{
    TfLiteInterpreterOptions *options = tflite->InterpreterOptionsCreate();
    tflite->InterpreterOptionsSetNumThreads(options, 1);
    struct tflite_xnnpack_options quickly = {.num_threads = 1,
                                             .flags = TFLITE_XNNPACK_DELEGATE_FLAG_QS8};
    if (quick)
        tflite->InterpreterOptionsAddDelegate(options, tflite->XNNPackDelegateCreate(&quickly));
    TfLiteInterpreter *interpreter =
        tflite->InterpreterCreate(tflite->ModelCreate(file.data, file.length), options);
    must(interpreter && tflite->InterpreterAllocateTensors(interpreter) == kTfLiteOk,
         "a model can't be loaded");
    tflite->InterpreterOptionsDelete(options);
    return interpreter;
}

struct networks {
    TfLiteInterpreter *detector, *classifier;
};

static struct networks open_networks(const char *folder, bool quick)
{
    static const char *const FILES[] = {"efficientdet-lite0.tflite", "efficientnet_lite0.tflite"};
    dime_text files[2];
    for (int i = 0; i < 2; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, FILES[i]);
        files[i] = read_file(path);
    }
    tflite_hush();
    struct networks networks = {bare(files[0], quick), bare(files[1], quick)};
    tflite_hush_end();
    return networks;
}

struct timed {
    const char *path;
    dime_text file;
    bool classified;
    double label_ms[ROUNDS_MAX], floor_ms[ROUNDS_MAX];
};

/* Whether vision_look has asked the classifier, by what it says of the objects. */
static bool was_classified(const struct vision_result *result)
{
    struct findings findings = {0};
    for (size_t i = 0; i < result->label_count; i++) {
        for (size_t j = 0; j < result->labels[i].instance_count; j++)
            findings.items[findings.count++].instance = result->labels[i].instances[j];
    }
    return merge_wants_guess(&findings);
}

static double time_label(struct vision *vision, struct timed *timed)
{
    struct arena arena;
    struct vision_result result;
    struct vision_options options = {.max_labels = VISION_LABELS_MAX};
    arena_open(&arena, VISION_ARENA_NEED);
    double began = now_ms();
    must(vision_look(vision, timed->file, &options, &arena, &result), timed->path);
    double ms = now_ms() - began;
    timed->classified = was_classified(&result);
    arena_close(&arena);
    return ms;
}

static double time_floor(const struct networks *networks, const struct timed *timed)
{
    struct picture picture;
    struct picture_refusal refusal = {0};
    double began = now_ms();
    must(picture_read(&picture, timed->file, &refusal), refusal.why);
    picture_free(&picture);
    must(tflite->InterpreterInvoke(networks->detector) == kTfLiteOk, "the detector failed");
    if (timed->classified)
        must(tflite->InterpreterInvoke(networks->classifier) == kTfLiteOk, "the classifier failed");
    return now_ms() - began;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    return values[count / 2];
}

static void measure(struct vision *vision, const char *models, struct timed *timed, size_t count,
                    size_t rounds)
{
    struct networks networks = open_networks(models, true);
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < count; i++) {
            timed[i].label_ms[round] = time_label(vision, &timed[i]);
            timed[i].floor_ms[round] = time_floor(&networks, &timed[i]);
        }
    }
    double label_ms = 0, floor_ms = 0;
    for (size_t i = 0; i < count; i++) {
        double label = median(timed[i].label_ms, rounds), floor = median(timed[i].floor_ms, rounds);
        printf("%s %.2f %.2f\n", timed[i].path, label, floor);
        label_ms += label;
        floor_ms += floor;
    }
    printf("sum %.2f %.2f\n", label_ms, floor_ms);
}

static void measure_plain(const char *models, const struct timed *timed)
{
    enum { TIMES = 5 };
    struct networks networks = open_networks(models, false);
    double ms[TIMES];
    for (int i = 0; i < TIMES; i++)
        ms[i] = time_floor(&networks, timed);
    printf("plain %.2f\n", median(ms, TIMES));
}

int main(int count, char **arguments)
{
    static struct timed timed[PICTURES_MAX];
    struct vision *vision;
    const char *why;
    must(count > 3 && count - 3 <= PICTURES_MAX, "ROUNDS MODELS FILE...");
    size_t rounds = strtoul(arguments[1], NULL, 10);
    setenv("LABELS_MODELS", arguments[2], 1);
    must(rounds > 0 && rounds <= ROUNDS_MAX, "that many rounds aren't possible");
    must(vision_open(&vision, &why), why);
    tflite = tflite_load(arguments[2], &why);
    must(tflite != NULL, why);
    for (int i = 3; i < count; i++)
        timed[i - 3] = (struct timed){.path = arguments[i], .file = read_file(arguments[i])};
    measure(vision, arguments[2], timed, (size_t)count - 3, rounds);
    measure_plain(arguments[2], timed);
    vision_close(vision);
    return 0;
}
