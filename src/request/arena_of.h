/*
 * arena_of.h - a call's memory, for the functions in this tree.
 *
 * Authors use dime_alloc. The parts of these functions, such as money/ and services/, take an arena
 * instead, because they don't know about calls.
 */
#ifndef DIME_REQUEST_ARENA_OF_H
#define DIME_REQUEST_ARENA_OF_H

#include "base/arena.h"
#include "dime.h"

/* The arena of a call. Its memory lasts as long as the call. If it fails, the answer is a 503,
 * whatever the handler does. */
struct arena *call_arena(dime_call *call);

#endif
