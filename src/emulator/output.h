/*
 * output.h - the output of a lambda's process.
 *
 * It's passed on unchanged, and its end is kept for callers that request it.
 */
#ifndef DIME_EMULATOR_OUTPUT_H
#define DIME_EMULATOR_OUTPUT_H

#include "emulator/emulator.h"

/* Passes on its output, as far as that is possible without blocking. */
void emu_output_forward(struct emu_environment *environment);

/*
 * The last bytes of the log that an exchange waits for, in base64: the output of the process
 * between the lines that Lambda itself writes. The caller frees them; NULL: out of memory.
 */
char *emu_output_tail(struct emu_environment *environment, const struct emu_exchange *exchange);

#endif
