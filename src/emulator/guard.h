/*
 * guard.h - which requests dime-lambda takes at all.
 *
 * A port of this machine can be asked by any web page that its user looks at, and a request that
 * two programs read in two ways can carry a second one. Both are refused before anything is run,
 * for invocations and for the Runtime API alike.
 */
#ifndef DIME_EMULATOR_GUARD_H
#define DIME_EMULATOR_GUARD_H

#include "emulator/exchanges.h"

enum { EMU_HEADERS_MAX = 256 };

/*
 * Whether it's clear where a request ends and whom it asks (RFC 9112, sections 3.2 and 6.3). False:
 * it has been refused, and nothing more may be read from its connection.
 */
bool emu_guard_is_clear(struct emu_exchange *exchange, const char *version);

/* Whether a request may be served. False: it has been refused; its body is still to be read. */
bool emu_guard_admits(struct emu_exchange *exchange);

#endif
