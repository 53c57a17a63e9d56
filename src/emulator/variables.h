/*
 * variables.h - the environment variables of a process of a lambda.
 *
 * It gets Lambda's, and those from the command line.
 */
#ifndef DIME_EMULATOR_VARIABLES_H
#define DIME_EMULATOR_VARIABLES_H

#include "emulator/emulator.h"

/* The variables of a process, as one block that the caller frees. NULL: out of memory. */
char **emu_variables(const struct emu_environment *environment);

#endif
