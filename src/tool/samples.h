/*
 * samples.h - a sample event of each shape, as `dime event` prints them.
 *
 * They are the files in deploy/lambda/events, which other tools can send too; the build turns them
 * into the C text samples.c, so that the program needs no file to find.
 */
#ifndef DIME_TOOL_SAMPLES_H
#define DIME_TOOL_SAMPLES_H

#include "base/text.h"

struct sample {
    const char *name;
    dime_text event;
};

/* All of them, by name; behind the last one whose name is NULL. */
extern const struct sample samples[];

#endif
