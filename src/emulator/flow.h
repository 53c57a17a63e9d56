/*
 * flow.h - a response of dime-lambda that is sent while it's still being written.
 *
 * It lies between a process that streams its answer and a caller who reads it: each at its own
 * pace, and either may go. What the caller hasn't read yet is kept, so that a process never waits
 * for a caller, as it doesn't at AWS.
 */
#ifndef DIME_EMULATOR_FLOW_H
#define DIME_EMULATOR_FLOW_H

#include "emulator/http.h"

struct flow;

/*
 * A response for an exchange that waits, whose body flow_add will write to *FLOW; it's to be given
 * headers and to exchange_reply, and *FLOW to flow_end. NULL: no memory, and no flow.
 */
struct MHD_Response *flow_make(struct exchange *exchange, struct flow **flow);

/* Adds to the body; where there is no memory for it the response breaks off. */
void flow_add(struct flow *flow, dime_text text);

/* Ends the body, and the use of FLOW. Where it isn't WHOLE the reader is to see that. */
void flow_end(struct flow *flow, bool whole);

/* Breaks the response off; FLOW is still to be given to flow_end. */
void flow_break(struct flow *flow);

#endif
