/*
 * invoke.h - one event through one function, for every host that is handed events and not requests.
 *
 * Such a host reads the bytes of an event and writes the bytes of an answer. What lies between is
 * here, so that a function answers the shell and AWS alike.
 */
#ifndef DIME_EVENTS_INVOKE_H
#define DIME_EVENTS_INVOKE_H

#include "events/invocation.h"

/*
 * Reads the event TEXT, runs the function, and returns the answer in the form that the sender
 * expects; it lies in the arena or in the invocation. Its data is NULL where memory runs out so
 * early that it isn't known who that is, or that not even that can be said: the host tells its
 * caller in its own way, but not by an answer. Where the invocation is `streaming` the host has
 * to end its stream with the response instead.
 */
dime_text invoke(struct invocation *invocation, const struct invoker *invoker, dime_text text,
                 struct arena *arena);

/* Writes the invocation's log line. */
void invoke_log(const struct invocation *invocation, const struct invoker *invoker,
                const char *host, size_t bytes_in, size_t bytes_out);

#endif
