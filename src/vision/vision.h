/*
 * vision.h - labels a picture by two networks on this machine.
 *
 * EfficientDet-Lite0 finds objects of COCO's 80 kinds and where they are; EfficientNet-Lite0 knows
 * ImageNet's 1,000 finer names, and adds one if one object fills the picture. That is about 1,080
 * names; no scenes, no texts, no moderation. A picture is JPEG (ITU-T T.81) or PNG (ISO/IEC 15948).
 * Any other, or a damaged one, is refused with a sentence that says what to do. Nothing here needs
 * the internet or an account.
 *
 * A struct vision belongs to one worker, which labels one picture at a time; several workers each
 * open their own. It runs on its caller's thread alone, so that workers share the
 * machine's cores fairly. The runtime (TensorFlow Lite) and the models are loaded by vision_open,
 * not linked: a program with this library starts without them.
 */
#ifndef DIME_VISION_VISION_H
#define DIME_VISION_VISION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"

#define VISION_BYTES_MAX          15728640  /* of a picture; Rekognition's limit in S3 */
#define VISION_PIXELS_MAX         50000000  /* width times height */
#define VISION_PNG_WORK_MAX       80000000  /* pixels of a PNG, and bytes that they unpack to */
#define VISION_SCANNED_PIXELS_MAX 400000000 /* pixels of a JPEG times its scans */
#define VISION_SIDE_MAX           10000     /* pixels */
#define VISION_SIDE_MIN           16        /* pixels; smaller ones show nothing */
#define VISION_LABELS_MAX         1000      /* most labels that may be asked for */
#define VISION_ARENA_NEED         262144 /* one call never takes more bytes of an arena than this */

struct vision;

struct vision_options {
    size_t max_labels;    /* 0 gives none */
    float min_confidence; /* 0 to 100; of labels and of instances */
};

/* Fractions of the upright picture's width and height, 0 to 1. */
struct vision_box {
    float left, top, width, height;
};

struct vision_instance {
    struct vision_box box;
    float confidence; /* 0 to 100 */
};

/*
 * A kind of thing in the picture. Labels are sorted by confidence, highest first, and so are the
 * instances of each. A label of the classifier alone has no instances: it's about the whole
 * picture.
 */
struct vision_label {
    dime_text name;   /* such as "Dog"; each name comes once */
    float confidence; /* 0 to 100; of its surest instance where it has instances */
    const struct vision_instance *instances;
    size_t instance_count;
    const dime_text *parents; /* wider kinds, such as "Animal" */
    size_t parent_count;
    const dime_text *aliases; /* other names, such as "Mobile Phone" for "Cell Phone" */
    size_t alias_count;
};

struct vision_result {
    int status;      /* 200, or of the refusal: see vision_look */
    const char *why; /* of a refusal: what to do, one or two sentences; a literal or the arena's */
    const struct vision_label *labels;
    size_t label_count;
    size_t width, height; /* of the picture in pixels, after its EXIF orientation */
};

/*
 * Loads the runtime, both models and their lists of names; takes some 50 MB and 0.1 s. They are
 * looked for in the folder that the environment's LABELS_MODELS names, else in "models" beside the
 * program or in LAMBDA_TASK_ROOT, else in the package's own folder. False: *WHY is one or two
 * sentences that say what is missing and how to get it; they last until the thread's next call.
 * *VISION is the caller's.
 */
bool vision_open(struct vision **vision, const char **why);

/*
 * Labels a picture and fills *RESULT; true for a status of 200. The bytes are the caller's, and
 * the texts in RESULT last as long as both ARENA and VISION. Most of the working memory isn't the
 * arena's, and is freed before this returns: at most some 10 MB, and 100 MB for a JPEG of several
 * scans, which libjpeg keeps in full. It takes some 30 ms, and a few tenths of a second for the
 * pictures that are hardest to decode. A refusal has one of these statuses:
 *
 * 400: there are no bytes, or they end too early or are damaged.
 *
 * 413: more bytes, more pixels or more work than allowed.
 *
 * 415: neither JPEG nor PNG; the sentence names the format where it is known.
 *
 * 422: a side has fewer pixels than VISION_SIDE_MIN.
 *
 * 500: a network failed, which it shouldn't.
 *
 * 503: out of memory, or the arena is full.
 */
bool vision_look(struct vision *vision, dime_text bytes, const struct vision_options *options,
                 struct arena *arena, struct vision_result *result);

/* Which models these are, for LabelModelVersion; a literal. */
dime_text vision_model_version(void);

/* Frees it all. NULL is fine. */
void vision_close(struct vision *vision);

#endif
