/*
 * without.c - vision.h if dime is built without local labels.
 *
 * labels then needs no #if: opening fails with the reason, and it goes on without a local engine.
 */
#include "vision/vision.h"

bool vision_open(struct vision **vision, const char **why)
{
    *vision = NULL;
    *why = "Pictures can't be looked at on this machine: dime was built without local labels. "
           "Whoever runs it can set LABELS_ENGINE to rekognition, or configure it again with "
           "libturbojpeg and libpng installed.";
    return false;
}

bool vision_look(struct vision *vision, dime_text bytes, const struct vision_options *options,
                 struct arena *arena, struct vision_result *result)
{
    (void)vision, (void)bytes, (void)options, (void)arena;
    *result = (struct vision_result){.status = 503, .why = "There is no local engine here."};
    return false;
}

dime_text vision_model_version(void)
{
    return TEXT("none");
}

void vision_close(struct vision *vision)
{
    (void)vision;
}
