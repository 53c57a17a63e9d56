/*
 * samples.h - a sample event of each shape, as `dime event` prints them.
 *
 * They are the files in deploy/lambda/events, which other tools can send too. The build turns them
 * into samples.c, so that the program doesn't depend on files.
 */
#ifndef DIME_TOOL_SAMPLES_H
#define DIME_TOOL_SAMPLES_H

#include "base/text.h"

struct sample {
    const char *name;
    dime_text event;
};

/* All of them, sorted by name; an entry whose name is NULL ends the list. */
extern const struct sample samples[];

#endif
