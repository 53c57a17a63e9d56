/*
 * zip.h - unpacks the zip of a function to a temporary folder.
 *
 * The zip that is tried should be deployable, so Lambda's own limit applies. The zip isn't trusted,
 * so nothing is written outside the folder.
 */
#ifndef DIME_EMULATOR_ZIP_H
#define DIME_EMULATOR_ZIP_H

#include "emulator/emulator.h"

/* The most that Lambda accepts of an unpacked function ("Lambda quotas": 250 MB). */
enum { EMU_UNPACKED_MAX = 250 * 1024 * 1024 };

/*
 * Unpacks PATH to a new folder, and returns its name, which the caller frees. NULL: it failed, and
 * the folder was removed; an error was printed, unless the emulator must stop.
 */
char *emu_zip_unpack(struct emulator *emulator, const char *path);

/* Removes the folder and its contents. */
void emu_zip_remove(const char *folder);

#endif
