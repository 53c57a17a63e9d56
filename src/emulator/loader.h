/*
 * loader.h - finds the loader in a program's own folder.
 *
 * A zip with its own libc includes the loader, at a path that is only valid on Lambda. The kernel
 * wouldn't find it here, so the unpacked loader is run by name.
 */
#ifndef DIME_EMULATOR_LOADER_H
#define DIME_EMULATOR_LOADER_H

#include "emulator/emulator.h"

/*
 * Looks in the lambda's folder for the loader that its program names below /var/task. The lambda
 * keeps the path, and frees it. Prints an error if the loader is in neither place. False: out of
 * memory.
 */
bool emu_loader_find(struct emu_lambda *lambda);

#endif
