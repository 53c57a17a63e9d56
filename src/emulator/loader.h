/*
 * loader.h - the loader that a program brings along.
 *
 * A zip with a libc of its own has its loader too, by the path that it has on Lambda. No kernel
 * finds that elsewhere, so it's run by name where the zip was unpacked.
 */
#ifndef DIME_EMULATOR_LOADER_H
#define DIME_EMULATOR_LOADER_H

#include "emulator/emulator.h"

/*
 * Finds the loader that the lambda's program asks for below /var/task, in the lambda's folder, and
 * keeps it in the lambda, which frees it. Says so where it's in neither place. False: there is no
 * memory.
 */
bool emu_loader_find(struct emu_lambda *lambda);

#endif
