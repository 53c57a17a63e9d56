/*
 * options.h - the command line of `dime lambda`, and its help.
 *
 * `dime lambda` runs dime-lambda with the same arguments, so this is where they are read.
 */
#ifndef DIME_EMULATOR_OPTIONS_H
#define DIME_EMULATOR_OPTIONS_H

#include "emulator/emulator.h"

/*
 * Reads the arguments into *SETTINGS, whose `variables` and `allowed` the caller frees. Returns -1
 * to go on, or the exit status: 0 after --help, 2 where an argument is wrong, which has been said
 * then.
 */
int options_read(int count, char **arguments, struct settings *settings);

#endif
