/*
 * url_event.h - a request to a function URL becomes an event.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html has its shape.
 */
#ifndef DIME_EMULATOR_URL_EVENT_H
#define DIME_EMULATOR_URL_EVENT_H

#include "emulator/emulator.h"

enum emu_url_wrapped {
    EMU_URL_WRAPPED,
    EMU_URL_TOO_LARGE, /* as an event, or for our memory */
    EMU_URL_TOO_MANY,  /* parameters */
};

/* Writes the request as an event into the call. */
enum emu_url_wrapped emu_url_wrap(struct emu_exchange *exchange, struct emu_call *call);

#endif
