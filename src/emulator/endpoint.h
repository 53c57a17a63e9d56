/*
 * endpoint.h - where dime-lambda is asked: by callers, and by bootstrap programs.
 *
 * An endpoint is driven by our own loop through its epoll descriptor: one thread does everything,
 * so nothing needs a lock.
 */
#ifndef DIME_EMULATOR_ENDPOINT_H
#define DIME_EMULATOR_ENDPOINT_H

#include "emulator/exchanges.h"

/*
 * Serves what is asked of a socket that listens, whose owner the endpoint is from then on. A
 * connection on which nothing moves for TIMEOUT seconds is closed, 0 is never. False: no memory.
 */
bool emu_endpoint_open(struct emu_endpoint *endpoint, int listener, unsigned timeout);

/* Readable when emu_endpoint_run has something to do. */
int emu_endpoint_fd(const struct emu_endpoint *endpoint);

/* Does what can be done without waiting. */
void emu_endpoint_run(struct emu_endpoint *endpoint);

/* In how many milliseconds it wants to run in any case; -1 for never. */
int emu_endpoint_timeout(const struct emu_endpoint *endpoint);

/* Ends all exchanges, and closes the socket. */
void emu_endpoint_close(struct emu_endpoint *endpoint);

#endif
