/*
 * command_line.h - the command line of `dime lambda`, and its help.
 *
 * `dime lambda` runs dime-lambda with the same arguments, so they are parsed here.
 */
#ifndef DIME_EMULATOR_COMMAND_LINE_H
#define DIME_EMULATOR_COMMAND_LINE_H

#include "emulator/emulator.h"

/*
 * Parses the arguments into *SETTINGS, whose `variables` and `allowed` the caller frees. Returns -1
 * to continue, or the exit status: 0 after --help; 2 if an argument is wrong, after printing an
 * error.
 */
int emu_options_read(int count, char **arguments, struct emu_settings *settings);

#endif
