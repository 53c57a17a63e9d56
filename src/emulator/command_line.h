/*
 * command_line.h - the command line of `dime lambda`, and its help.
 *
 * `dime lambda` runs dime-lambda with the same arguments, so this is where they are read.
 */
#ifndef DIME_EMULATOR_COMMAND_LINE_H
#define DIME_EMULATOR_COMMAND_LINE_H

#include "emulator/emulator.h"

/*
 * Reads the arguments into *SETTINGS, whose `variables` and `allowed` the caller frees. Returns -1
 * to go on, or the exit status: 0 after --help, 2 where an argument is wrong, which has been said
 * then.
 */
int emu_options_read(int count, char **arguments, struct emu_settings *settings);

#endif
