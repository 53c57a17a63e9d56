/*
 * invoke.h - runs one function on one event, for every host that gets events and not requests.
 *
 * Such a host reads the bytes of an event and writes the bytes of an answer. Everything in between
 * is here, so that a function answers the shell and AWS in the same way.
 */
#ifndef DIME_EVENTS_INVOKE_H
#define DIME_EVENTS_INVOKE_H

#include "events/invocation.h"

/*
 * Reads the event TEXT, runs the function, and returns the answer in the form that the sender
 * expects. It lies in the arena or in the invocation. Its data is NULL if memory runs out before
 * the sender is known, or if there is none even for that answer: the host must then report the
 * error in another way than by an answer. If the invocation is `streaming`, the host must end its
 * stream with the response instead.
 */
dime_text invoke(struct invocation *invocation, const struct invoker *invoker, dime_text text,
                 struct arena *arena);

/* Writes the invocation's log line. */
void invoke_log(const struct invocation *invocation, const struct invoker *invoker,
                const char *host, size_t bytes_in, size_t bytes_out);

#endif
