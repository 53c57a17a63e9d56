/*
 * command_invoke.h - hands an event, or fields, to a function, as `dime invoke` does.
 *
 * The event is a file's, stdin's, or made of the fields that are words of the command line. The
 * function is a program that is started for this one request. Its answer goes to stdout.
 */
#ifndef DIME_TOOL_COMMAND_INVOKE_H
#define DIME_TOOL_COMMAND_INVOKE_H

#include "tool/ask/find.h"

/*
 * Invokes the function that WORD named, with the WORDS behind it, NULL behind the last. Returns the
 * exit status (status.h).
 */
int command_invoke(const struct callee *callee, const char *word, char **words);

#endif
