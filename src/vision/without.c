/*
 * without.c - vision.h where dime is built without local labels.
 *
 * So labels needs no condition: it is told why there is no local engine, and goes on without one.
 */
#include "vision/vision.h"

bool vision_open(struct vision **vision, const char **why)
{
    *vision = NULL;
    *why = "Pictures can't be looked at on this machine: dime was built without local labels. "
           "Whoever runs it can set LABELS_ENGINE to rekognition, or configure it anew where "
           "libturbojpeg and libpng are.";
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
