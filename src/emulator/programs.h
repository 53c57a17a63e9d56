/*
 * programs.h - from what the command line names to a program that can be run.
 *
 * A bootstrap program is taken as it stands, and a zip is unpacked to a folder of ours, as Lambda
 * does it, so that what is tried is what would be deployed.
 */
#ifndef DIME_EMULATOR_PROGRAMS_H
#define DIME_EMULATOR_PROGRAMS_H

#include "emulator/emulator.h"

/*
 * Finds what ARGUMENT names (a program, a zip, a folder with a bootstrap, NAME=PATH of them, or
 * NAME alone) and adds it to the lambdas. False: it can't be run, and the reason has been said.
 */
bool emu_program_add(struct emulator *emulator, const char *argument);

/* Frees all lambdas, and removes what was unpacked for them. */
void emu_programs_free(struct emulator *emulator);

#endif
