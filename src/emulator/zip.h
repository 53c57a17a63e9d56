/*
 * zip.h - unpacks the zip of a function to a folder of ours.
 *
 * What is tried is what would be deployed, so a zip is held to Lambda's own limit; and as it may be
 * anybody's, nothing of it is written elsewhere.
 */
#ifndef DIME_EMULATOR_ZIP_H
#define DIME_EMULATOR_ZIP_H

#include "emulator/emulator.h"

/* What Lambda takes of a function, unpacked ("Lambda quotas": 250 MB). */
enum { EMU_UNPACKED_MAX = 250 * 1024 * 1024 };

/*
 * Unpacks PATH to a new folder, whose name is from malloc. NULL: that failed, which has been said
 * unless the emulator is to stop, and nothing is left of it.
 */
char *emu_zip_unpack(struct emulator *emulator, const char *path);

/* Removes what was unpacked to this folder, and the folder. */
void emu_zip_remove(const char *folder);

#endif
