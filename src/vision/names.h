/*
 * names.h - what the networks' classes are called.
 *
 * The detector's are few and stand in names.c, with their wider kinds and other names. The
 * classifier's are in a list inside its model's file, as TensorFlow Lite's metadata puts it there:
 * in a zip archive that follows the model.
 */
#ifndef DIME_VISION_NAMES_H
#define DIME_VISION_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

enum { NAMES_DETECTED = 90, NAMES_CLASSIFIED = 1000, NAMES_ALIASES = 2 };

/* A class of the detector. A name that is empty stands where COCO has left a number out. */
struct detected_name {
    dime_text name;
    dime_text parent;                 /* COCO's supercategory; empty: none */
    dime_text aliases[NAMES_ALIASES]; /* empty ones end them */
};

extern const struct detected_name detected_names[NAMES_DETECTED];

/*
 * Which of the detector's classes a class of the classifier is a kind of: a Persian cat is a cat.
 * -1 where it's none.
 */
int names_wider(size_t classified);

/* The wider kind of a class of the classifier that is none of the detector's; empty: none. */
dime_text names_parent(size_t classified);

/*
 * Finds the classifier's list in FILE and cuts it into NAMES_CLASSIFIED names, which lie in FILE.
 * False: it isn't there or isn't whole.
 */
bool names_read(dime_text file, dime_text names[NAMES_CLASSIFIED]);

#endif
