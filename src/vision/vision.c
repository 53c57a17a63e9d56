/*
 * vision.c - from the bytes of a picture to its labels.
 *
 * The picture is decoded to little more than the networks' size and put upright into the detector's
 * square. If one object fills it, the classifier runs too. The detector was trained on pictures at
 * the square's upper left corner with grey around, so it's better at those.
 */
#include "vision/vision.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "vision/merge.h"
#include "vision/names.h"
#include "vision/network.h"
#include "vision/format.h"
#include "vision/resize.h"
#include "vision/tflite.h"

enum { DETECTOR_SIDE = 320, CLASSIFIER_SIDE = 224, GREY = 127, FOLDER_MAX = 3072 };
static const size_t DETECTOR_ROW = (size_t)DETECTOR_SIDE * 3;     /* bytes */
static const size_t CLASSIFIER_ROW = (size_t)CLASSIFIER_SIDE * 3; /* bytes */

/* The detector's outputs: 25 boxes, their classes, their confidences, and their number. */
enum { BOXES, CLASSES, SCORES, COUNT };

static const struct network_shape DETECTOR = {
    .file = "efficientdet-lite0.tflite",
    .side = DETECTOR_SIDE,
    .output_type = kTfLiteFloat32,
    .output_bytes = {[BOXES] = FINDINGS_MAX * sizeof(float[4]),
                     [CLASSES] = FINDINGS_MAX * sizeof(float),
                     [SCORES] = FINDINGS_MAX * sizeof(float),
                     [COUNT] = sizeof(float)},
};
static const struct network_shape CLASSIFIER = {
    .file = "efficientnet_lite0.tflite",
    .side = CLASSIFIER_SIDE,
    .output_type = kTfLiteUInt8,
    .output_bytes = {NAMES_CLASSIFIED},
};

struct vision {
    struct network *detector, *classifier;
    dime_text names[NAMES_CLASSIFIED]; /* in the classifier's file */
};

/* The folder "models" beside the program, such as a Lambda's or a build's. */
static bool beside_program(char folder[FOLDER_MAX])
{
    ssize_t length = readlink("/proc/self/exe", folder, FOLDER_MAX - sizeof "models");
    while (length > 0 && folder[length - 1] != '/')
        length--;
    if (length <= 0)
        return false;
    memcpy(folder + length, "models", sizeof "models");
    return true;
}

/* The same under a loader, which the kernel names as the program: Lambda names the folder. */
static bool in_task_root(char folder[FOLDER_MAX])
{
    const char *root = getenv("LAMBDA_TASK_ROOT");
    int length = root ? snprintf(folder, FOLDER_MAX, "%s/models", root) : -1;
    return length > 0 && length < FOLDER_MAX;
}

static bool has_detector(const char *folder)
{
    char path[FOLDER_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", folder, DETECTOR.file);
    return access(path, R_OK) == 0;
}

static const char *find_folder(char room[FOLDER_MAX])
{
    const char *named = getenv("LABELS_MODELS");
    if (named && *named)
        return named;
    if ((beside_program(room) && has_detector(room)) || (in_task_root(room) && has_detector(room)))
        return room;
    return PKGLIBDIR "/models";
}

static bool load_networks(struct vision *vision, const char **why)
{
    char room[FOLDER_MAX];
    const char *folder = find_folder(room);
    if (!network_open(&vision->detector, folder, &DETECTOR, why) ||
        !network_open(&vision->classifier, folder, &CLASSIFIER, why))
        return false;
    *why = "the classifier's file has no list of names";
    return names_read(network_file(vision->classifier), vision->names);
}

bool vision_open(struct vision **vision, const char **why)
{
    static _Thread_local char sentence[1024];
    struct vision *opened = calloc(1, sizeof *opened);
    const char *reason = "there is no memory for the models";
    *vision = NULL;
    if (opened && load_networks(opened, &reason)) {
        *vision = opened;
        return true;
    }
    snprintf(
        sentence, sizeof sentence,
        "Pictures can't be looked at on this machine: %s. Whoever runs dime can get the models: "
        "`make models` where it was built, then `make install`; or name their folder in "
        "LABELS_MODELS.",
        reason);
    *why = sentence;
    vision_close(opened);
    return false;
}

dime_text vision_model_version(void)
{
    return TEXT("EfficientDet-Lite0, EfficientNet-Lite0");
}

/* One edge of a box, from a fraction of the detector's square to one of the picture. */
static float edge(float of_square, size_t filled)
{
    float part = of_square * (float)DETECTOR_SIDE / (float)filled;
    return part > 0 ? (part < 1 ? part : 1) : 0;
}

/* Reads the detector's finding at AT. False: it's none. */
static bool take_finding(const struct network *detector, size_t at, const struct placement *placed,
                         struct finding *finding)
{
    const float *box = (const float *)network_output(detector, BOXES) + 4 * at;
    float detected = ((const float *)network_output(detector, CLASSES))[at];
    float score = ((const float *)network_output(detector, SCORES))[at];
    if (!(detected >= 0 && detected < (float)NAMES_DETECTED && score > 0 && score <= 1))
        return false;
    finding->detected = (size_t)detected;
    float top = edge(box[0], placed->height), left = edge(box[1], placed->width);
    float bottom = edge(box[2], placed->height), right = edge(box[3], placed->width);
    finding->instance.box = (struct vision_box){left, top, right - left, bottom - top};
    finding->instance.confidence = 100 * score;
    return detected_names[finding->detected].name.length && right > left && bottom > top;
}

static void insert_finding(struct findings *findings, const struct finding *finding)
{
    size_t at = findings->count++;
    float confidence = finding->instance.confidence;
    for (; at && findings->items[at - 1].instance.confidence < confidence; at--)
        findings->items[at] = findings->items[at - 1];
    findings->items[at] = *finding;
}

static bool detect(const struct vision *vision, struct view view, struct findings *findings,
                   struct picture_refusal *refusal)
{
    struct placement placed = letterbox(view.width, view.height, DETECTOR_SIDE);
    uint8_t *input = network_input(vision->detector);
    memset(input, GREY, DETECTOR_SIDE * DETECTOR_ROW);
    if (!resize(view, placed.width, placed.height, input, DETECTOR_ROW))
        return picture_refuse_memory(refusal);
    if (!network_run(vision->detector))
        return picture_refuse(refusal, 500, "The detector failed; please report this.");
    float count = *(const float *)network_output(vision->detector, COUNT);
    for (size_t i = 0; i < FINDINGS_MAX && (float)i < count; i++) {
        struct finding finding;
        if (take_finding(vision->detector, i, &placed, &finding))
            insert_finding(findings, &finding);
    }
    return true;
}

static bool classify(const struct vision *vision, struct view view, struct guess *guess,
                     struct picture_refusal *refusal)
{
    if (!resize(view, CLASSIFIER_SIDE, CLASSIFIER_SIDE, network_input(vision->classifier),
                CLASSIFIER_ROW))
        return picture_refuse_memory(refusal);
    if (!network_run(vision->classifier))
        return picture_refuse(refusal, 500, "The classifier failed; please report this.");
    const uint8_t *scores = network_output(vision->classifier, 0);
    size_t best = 0;
    for (size_t i = 1; i < NAMES_CLASSIFIED; i++)
        best = scores[i] > scores[best] ? i : best;
    *guess = (struct guess){best, vision->names[best], (float)scores[best] * 100 / 256};
    return true;
}

static bool label_picture(const struct vision *vision, const struct picture *picture,
                          const struct vision_options *options, struct arena *arena,
                          struct vision_result *result, struct picture_refusal *refusal)
{
    struct view view = picture_view(picture);
    struct findings findings = {0};
    struct guess guess = {0};
    if (!detect(vision, view, &findings, refusal) ||
        (merge_wants_guess(&findings) && !classify(vision, view, &guess, refusal)))
        return false;
    return merge(&findings, &guess, options, arena, result) || picture_refuse_memory(refusal);
}

bool vision_look(struct vision *vision, dime_text bytes, const struct vision_options *options,
                 struct arena *arena, struct vision_result *result)
{
    struct picture picture;
    struct picture_refusal refusal = {0};
    *result = (struct vision_result){.status = 200};
    if (picture_read(&picture, bytes, &refusal)) {
        bool turned = picture.orientation >= 5;
        result->width = turned ? picture.full_height : picture.full_width;
        result->height = turned ? picture.full_width : picture.full_height;
        label_picture(vision, &picture, options, arena, result, &refusal);
        picture_free(&picture);
    }
    if (!refusal.status)
        return true;
    dime_text why = arena_copy(arena, text_of(refusal.why));
    *result = (struct vision_result){.status = refusal.status, .why = why.data};
    if (!why.data)
        *result = (struct vision_result){503, .why = "There is no memory now; try again later."};
    return false;
}

void vision_close(struct vision *vision)
{
    if (!vision)
        return;
    network_close(vision->detector);
    network_close(vision->classifier);
    free(vision);
}
