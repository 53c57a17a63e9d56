/*
 * flow.h - a response of dime-lambda that is sent while it's still being written.
 *
 * It decouples a process that streams its answer from the caller that reads it; either may end
 * first. What the caller hasn't read yet is buffered, so that a process never waits for a caller,
 * as on AWS.
 */
#ifndef DIME_EMULATOR_FLOW_H
#define DIME_EMULATOR_FLOW_H

#include "emulator/exchanges.h"

struct emu_flow;

/*
 * A response for a suspended exchange; emu_flow_add writes its body to *FLOW. The caller adds
 * headers and passes it to emu_exchange_reply, and later ends *FLOW with emu_flow_end. NULL: out of
 * memory, and there is no flow.
 */
struct MHD_Response *emu_flow_make(struct emu_exchange *exchange, struct emu_flow **flow);

/* Adds to the body. If memory runs out, the response is aborted. */
void emu_flow_add(struct emu_flow *flow, dime_text text);

/* Ends the body, and releases FLOW. If the body isn't WHOLE, the reader notices. */
void emu_flow_end(struct emu_flow *flow, bool whole);

/* Aborts the response; the caller must still call emu_flow_end. */
void emu_flow_break(struct emu_flow *flow);

#endif
