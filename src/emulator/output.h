/*
 * output.h - what a process of a lambda writes.
 *
 * It's passed on unchanged, and the end of it kept for callers who ask for it.
 */
#ifndef DIME_EMULATOR_OUTPUT_H
#define DIME_EMULATOR_OUTPUT_H

#include "emulator/emulator.h"

/* Passes on what it has written, as far as ours can be written. */
void emu_output_forward(struct emu_environment *environment);

/*
 * The last bytes of the log that an exchange waits for, in base64, from malloc: what the process
 * has written since then, between the lines that Lambda itself writes. NULL: no memory.
 */
char *emu_output_tail(struct emu_environment *environment, const struct emu_exchange *exchange);

#endif
