/*
 * arena_of.h - a call's memory, for functions of this tree.
 *
 * dime_alloc is what an author has. The parts that these functions are made of, such as money/ and
 * services/, take an arena instead, since they know no call.
 */
#ifndef DIME_REQUEST_ARENA_OF_H
#define DIME_REQUEST_ARENA_OF_H

#include "base/arena.h"
#include "dime.h"

/* The arena of a call: what it hands out lasts as long as the call. Where it fails, the answer is
 * a 503 whatever the handler does. */
struct arena *call_arena(dime_call *call);

#endif
