/*
 * url_event.h - turns a request to a function URL into an event.
 *
 * See https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html for the format.
 */
#ifndef DIME_EMULATOR_URL_EVENT_H
#define DIME_EMULATOR_URL_EVENT_H

#include "emulator/emulator.h"

enum emu_url_wrapped {
    EMU_URL_WRAPPED,
    EMU_URL_TOO_LARGE, /* the event, or too large for memory */
    EMU_URL_TOO_MANY,  /* too many parameters */
};

/* Writes the request into the call as an event. */
enum emu_url_wrapped emu_url_wrap(struct emu_exchange *exchange, struct emu_call *call);

#endif
