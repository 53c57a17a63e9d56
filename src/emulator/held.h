/*
 * held.h - answers that wait for the end of the log.
 *
 * A caller may ask for the end of the log along with the answer. A process may write its log after
 * its answer, so that waits until the process asks for more, or has ended.
 */
#ifndef DIME_EMULATOR_HELD_H
#define DIME_EMULATOR_HELD_H

#include "emulator/emulator.h"

/* Has the caller of a call wait for the end of the log of its environment; RESPONSE is taken. */
void emu_held_wait(struct emu_call *call, struct MHD_Response *response);

/* Gives out the answers that waited: the process asks for more, or has ended. */
void emu_held_release(struct emu_environment *environment);

#endif
