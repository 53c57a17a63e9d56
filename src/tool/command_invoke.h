/*
 * command_invoke.h - calls a function with an event or with fields: `dime invoke`.
 *
 * The event is read from a file or from stdin, or made of the fields on the command line. The
 * function's program is started for this one request. Its answer goes to stdout.
 */
#ifndef DIME_TOOL_COMMAND_INVOKE_H
#define DIME_TOOL_COMMAND_INVOKE_H

#include "tool/ask/find.h"

/*
 * Invokes the function that WORD names, with the WORDS after it, which end with NULL. Returns the
 * exit status (status.h).
 */
int command_invoke(const struct callee *callee, const char *word, char **words);

#endif
