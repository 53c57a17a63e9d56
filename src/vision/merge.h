/*
 * merge.h - one list of labels from what two networks say.
 *
 * The detector leads: it was trained on scenes of many objects. The classifier was trained on
 * pictures of one object each, and its guesses about others are random. It's used only if one
 * object fills the picture or none was found, if it's sure, and if it doesn't contradict the
 * detector.
 */
#ifndef DIME_VISION_MERGE_H
#define DIME_VISION_MERGE_H

#include "vision/names.h"
#include "vision/vision.h"

/* An object that the detector found. */
struct finding {
    size_t detected; /* its class, of detected_names */
    struct vision_instance instance;
};

enum { FINDINGS_MAX = 25 };

/* Most sure first. */
struct findings {
    size_t count;
    struct finding items[FINDINGS_MAX];
};

/* The classifier's guess about the whole picture. */
struct guess {
    size_t classified;
    dime_text name;
    float confidence; /* 0 to 100; 0: it wasn't asked */
};

/* Whether the classifier is worth asking. */
bool merge_wants_guess(const struct findings *findings);

/*
 * Fills the labels of *RESULT, in ARENA. False: out of memory.
 */
bool merge(const struct findings *findings, const struct guess *guess,
           const struct vision_options *options, struct arena *arena, struct vision_result *result);

#endif
