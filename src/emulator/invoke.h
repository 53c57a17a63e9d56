/*
 * invoke.h - Lambda's own API, as far as invoking goes: what curl and the AWS CLI ask.
 *
 * https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html says what is asked and answered.
 * Signatures aren't looked at: whoever can reach the port may invoke.
 */
#ifndef DIME_EMULATOR_INVOKE_H
#define DIME_EMULATOR_INVOKE_H

#include "emulator/emulator.h"

/* Answers what is asked of the endpoint that invocations come in at. */
void invoke_route(struct exchange *exchange);

/* How many bytes of an event are kept there. */
size_t invoke_begin(struct exchange *exchange);

/* Refuses as Lambda does: a status, the type of the error, and a sentence. */
void invoke_refuse(struct exchange *exchange, unsigned status, const char *type,
                   const char *message);

/* A new call of this lambda that the exchange waits for, without its event; NULL: no memory. */
struct call *invoke_prepare(struct exchange *exchange, struct lambda *lambda);

/* Queues a call, or refuses it where the queue is full. */
void invoke_queue(struct exchange *exchange, struct call *call);

/* Gives out the answers that waited for the end of the log: the process asks for more, or ended. */
void invoke_release(struct environment *environment);

/* The headers that every answer to an invocation has. */
void invoke_add_headers(struct MHD_Response *response, const struct call *call, const char *error);

#endif
