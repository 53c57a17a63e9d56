/*
 * endpoint.h - the HTTP endpoints of dime-lambda, for callers and for bootstrap programs.
 *
 * Our loop drives an endpoint through its epoll descriptor. One thread does everything, so no locks
 * are needed.
 */
#ifndef DIME_EMULATOR_ENDPOINT_H
#define DIME_EMULATOR_ENDPOINT_H

#include "emulator/exchanges.h"

/*
 * Serves a listening socket, which the endpoint then owns. A connection that is idle for TIMEOUT
 * seconds is closed; 0: never. False: out of memory.
 */
bool emu_endpoint_open(struct emu_endpoint *endpoint, int listener, unsigned timeout);

/* Readable when emu_endpoint_run has something to do. */
int emu_endpoint_fd(const struct emu_endpoint *endpoint);

/* Does what is possible without blocking. */
void emu_endpoint_run(struct emu_endpoint *endpoint);

/* After how many milliseconds it must run in any case; -1: never. */
int emu_endpoint_timeout(const struct emu_endpoint *endpoint);

/* Ends all exchanges, and closes the socket. */
void emu_endpoint_close(struct emu_endpoint *endpoint);

#endif
