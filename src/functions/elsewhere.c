/*
 * elsewhere.c - the functions that have a program of their own, for a program that doesn't link
 * them.
 *
 * What labels links takes longer to load than `dime` takes to run. So `dime` knows of it no more
 * than its name, and that dime-labels, the same command with all functions, has the rest.
 */
#include "function.h"

#include "functions/labels.h"

extern const struct function function_labels;

/* Without `handle`: it isn't here. */
const struct function function_labels = {.name = "labels", .summary = LABELS_SUMMARY};
