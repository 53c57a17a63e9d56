/*
 * replies.h - writes errors and headers in AWS's forms.
 *
 * Lambda's API and the Runtime API have different forms of errors.
 */
#ifndef DIME_EMULATOR_REPLIES_H
#define DIME_EMULATOR_REPLIES_H

#include "emulator/emulator.h"

/* Refuses as Lambda's API does: a status, the type of the error, and a sentence. */
void emu_refuse_invocation(struct emu_exchange *exchange, unsigned status, const char *type,
                           const char *message);

/* Refuses as the Runtime API does. */
void emu_refuse_runtime(struct emu_exchange *exchange, unsigned status, const char *type,
                        const char *message);

/* The headers that every answer to an invocation has. */
void emu_add_headers(struct MHD_Response *response, const struct emu_call *call, const char *error);

#endif
