/*
 * programs.h - finds the programs that the command line names.
 *
 * A bootstrap program is run in place. A zip is unpacked to a temporary folder, as Lambda does, so
 * that exactly what would be deployed can be tried.
 */
#ifndef DIME_EMULATOR_PROGRAMS_H
#define DIME_EMULATOR_PROGRAMS_H

#include "emulator/emulator.h"

/*
 * Finds what ARGUMENT names (a program, a zip, a folder with a bootstrap, NAME=PATH of them, or
 * NAME alone) and adds it to the lambdas. False: it can't be run, and an error was printed.
 */
bool emu_program_add(struct emulator *emulator, const char *argument);

/* Frees all lambdas, and removes what was unpacked for them. */
void emu_programs_free(struct emulator *emulator);

#endif
