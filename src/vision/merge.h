/*
 * merge.h - one list of labels from what two networks say.
 *
 * The detector leads: it has learnt scenes of many objects. The classifier was taught pictures of
 * one object each; of others it says anything at all. So it's only asked, and believed, where one
 * object fills the picture or none was found, where it's sure, and where it doesn't contradict.
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

/* What the classifier takes the whole picture for. */
struct guess {
    size_t classified;
    dime_text name;
    float confidence; /* 0 to 100; 0: it wasn't asked */
};

/* Whether the classifier is worth asking. */
bool merge_wants_guess(const struct findings *findings);

/*
 * Fills the labels of *RESULT, in ARENA. False: there is no memory in it.
 */
bool merge(const struct findings *findings, const struct guess *guess,
           const struct vision_options *options, struct arena *arena, struct vision_result *result);

#endif
