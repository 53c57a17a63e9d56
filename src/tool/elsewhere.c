/*
 * elsewhere.c - the functions that have a program of their own, for a program that doesn't link
 * them.
 *
 * What labels and translate link takes longer to load than `dime` takes to run. So `dime` knows of
 * them no more than their names, and that dime-labels, the same command with all functions, has the
 * rest.
 */
#include "request/response.h"

#include "functions/labels/labels.h"
#include "functions/translate/translate.h"

extern const dime_function dime_function_labels, dime_function_translate;

/* Without `handle`: they aren't here. */
const dime_function dime_function_labels = {.name = "labels", .summary = LABELS_SUMMARY};
const dime_function dime_function_translate = {.name = "translate", .summary = TRANSLATE_SUMMARY};
