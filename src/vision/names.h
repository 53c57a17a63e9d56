/*
 * names.h - the names of the networks' classes.
 *
 * The detector's are few and stand in names.c, with their wider kinds and other names. The
 * classifier's are in a list inside its model's file, in the zip archive that TensorFlow Lite's
 * metadata appends to a model.
 */
#ifndef DIME_VISION_NAMES_H
#define DIME_VISION_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

enum { NAMES_DETECTED = 90, NAMES_CLASSIFIED = 1000, NAMES_ALIASES = 2 };

/* A class of the detector. Numbers that COCO has left out have an empty name. */
struct detected_name {
    dime_text name;
    dime_text parent;                 /* COCO's supercategory; empty: none */
    dime_text aliases[NAMES_ALIASES]; /* empty ones end them */
};

extern const struct detected_name detected_names[NAMES_DETECTED];

/*
 * The detector's class that a class of the classifier is a kind of: a Persian cat is a cat. -1:
 * none.
 */
int names_wider(size_t classified);

/* The wider kind of a class of the classifier that isn't one of the detector's; empty: none. */
dime_text names_parent(size_t classified);

/*
 * Finds the classifier's list in FILE and cuts it into NAMES_CLASSIFIED names, which lie in FILE.
 * False: it isn't there or isn't whole.
 */
bool names_read(dime_text file, dime_text names[NAMES_CLASSIFIED]);

#endif
