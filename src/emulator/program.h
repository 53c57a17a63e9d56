/*
 * program.h - from what the command line names to a program that can be run.
 *
 * A bootstrap program is taken as it stands, and a zip is unpacked to a folder of ours, as Lambda
 * does it, so that what is tried is what would be deployed.
 */
#ifndef DIME_EMULATOR_PROGRAM_H
#define DIME_EMULATOR_PROGRAM_H

#include "emulator/emulator.h"

/*
 * Finds what ARGUMENT names (a program, a zip, a folder with a bootstrap, NAME=PATH of them, or
 * NAME alone) and adds it to the lambdas. False: it can't be run, and the reason has been said.
 */
bool program_add(struct emulator *emulator, const char *argument);

/* Frees all lambdas, and removes what was unpacked for them. */
void programs_free(struct emulator *emulator);

#endif
