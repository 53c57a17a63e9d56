/*
 * held.h - answers that wait for the end of the log.
 *
 * A caller may request the end of the log along with the answer. A process may write to the log
 * after its answer, so the response waits until the process asks for more, or has ended.
 */
#ifndef DIME_EMULATOR_HELD_H
#define DIME_EMULATOR_HELD_H

#include "emulator/emulator.h"

/* Holds the response to a call until its log is complete. Takes ownership of RESPONSE. */
void emu_held_wait(struct emu_call *call, struct MHD_Response *response);

/* Sends the held answers: the process has asked for more, or has ended. */
void emu_held_release(struct emu_environment *environment);

#endif
