/*
 * flow.h - a response of dime-lambda that is sent while it's still being written.
 *
 * It lies between a process that streams its answer and a caller who reads it: each at its own
 * pace, and either may go. What the caller hasn't read yet is kept, so that a process never waits
 * for a caller, as it doesn't at AWS.
 */
#ifndef DIME_EMULATOR_FLOW_H
#define DIME_EMULATOR_FLOW_H

#include "emulator/exchanges.h"

struct emu_flow;

/*
 * A response for an exchange that waits, whose body emu_flow_add will write to *FLOW; it's to be
 * given headers and to emu_exchange_reply, and *FLOW to emu_flow_end. NULL: no memory, and no flow.
 */
struct MHD_Response *emu_flow_make(struct emu_exchange *exchange, struct emu_flow **flow);

/* Adds to the body; where there is no memory for it the response breaks off. */
void emu_flow_add(struct emu_flow *flow, dime_text text);

/* Ends the body, and the use of FLOW. Where it isn't WHOLE the reader is to see that. */
void emu_flow_end(struct emu_flow *flow, bool whole);

/* Breaks the response off; FLOW is still to be given to emu_flow_end. */
void emu_flow_break(struct emu_flow *flow);

#endif
