/*
 * guard.h - decides which requests dime-lambda accepts.
 *
 * Any web page that a user of this machine opens can send requests to its ports, and a request that
 * two programs parse differently can smuggle a second one. Both are refused before anything is run,
 * for invocations and for the Runtime API alike.
 */
#ifndef DIME_EMULATOR_GUARD_H
#define DIME_EMULATOR_GUARD_H

#include "emulator/exchanges.h"

enum { EMU_HEADERS_MAX = 256 };

/*
 * Whether a request's length and host are unambiguous (RFC 9112, sections 3.2 and 6.3). False: it
 * has been refused, and nothing more may be read from its connection.
 */
bool emu_guard_is_clear(struct emu_exchange *exchange, const char *version);

/* Whether a request may be served. False: it has been refused, but its body must still be read. */
bool emu_guard_admits(struct emu_exchange *exchange);

#endif
