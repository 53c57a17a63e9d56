/*
 * event_stream.h - InvokeWithResponseStream: sends an answer as a stream of events.
 *
 * See https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html, and
 * https://smithy.io/2.0/aws/amazon-eventstream.html for the format of the events.
 */
#ifndef DIME_EMULATOR_EVENT_STREAM_H
#define DIME_EMULATOR_EVENT_STREAM_H

#include "emulator/emulator.h"

/* Sets a call to be answered as a stream of events. */
void emu_event_stream_prepare(struct emu_call *call);

#endif
