/*
 * event_stream.h - InvokeWithResponseStream: an answer as a stream of events.
 *
 * https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html; the form of the
 * events is https://smithy.io/2.0/aws/amazon-eventstream.html.
 */
#ifndef DIME_EMULATOR_EVENT_STREAM_H
#define DIME_EMULATOR_EVENT_STREAM_H

#include "emulator/emulator.h"

/* Has a call answered as a stream of events. */
void emu_event_stream_prepare(struct emu_call *call);

#endif
