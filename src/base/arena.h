/*
 * arena.h - all memory of one request, given back at once.
 *
 * A request allocates many small things that live exactly as long as it does. An arena hands them
 * out by moving a pointer and takes them all back with one call, so nothing can leak and nothing
 * is freed twice. Each worker keeps one arena and its first block, so a usual request makes no call
 * to malloc at all. A limit bounds what one request can make a worker use.
 *
 * What isn't memory, such as a file that is open, can be closed at that same moment: so it is on
 * every host, however the request ends.
 */
#ifndef DIME_BASE_ARENA_H
#define DIME_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct arena_block;
struct arena_closing;

struct arena {
    struct arena_block *block;     /* the newest block; each knows the one before it */
    struct arena_closing *closing; /* what is to be closed first; each knows the one after it */
    size_t total;                  /* bytes in all blocks */
    size_t limit;                  /* most bytes that all blocks may hold together */
    bool failed;                   /* an allocation has failed since the last reset */
};

/* Makes an empty arena that holds at most LIMIT bytes. Allocates nothing and can't fail. */
void arena_open(struct arena *arena, size_t limit);

/*
 * Returns SIZE bytes, aligned for any type and not cleared, or NULL (and sets `failed`) where that
 * is over the limit, or the machine has no more. The arena owns them: they last until the next
 * reset.
 */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((malloc, alloc_size(2)));

/* The same for COUNT items of SIZE bytes, cleared. NULL also where the product overflows. */
void *arena_array(struct arena *arena, size_t count, size_t size)
    __attribute__((malloc, alloc_size(2, 3)));

/*
 * SIZE bytes as arena_array gives them. CLOSE is called once with them, before they are taken back;
 * what came last is closed first. NULL: there are none, and CLOSE isn't called.
 */
void *arena_alloc_with_close(struct arena *arena, size_t size, void (*close)(void *memory));

/* Closes at once what is to be closed; all memory stays. */
void arena_close_all(struct arena *arena);

/* Returns a copy of TEXT with a NUL behind it, owned by the arena, or a text with data NULL. */
dime_text arena_copy(struct arena *arena, dime_text text);

/* A moment of an arena: what is allocated after it can be taken back alone. */
struct arena_moment {
    struct arena_block *block;
    size_t used;
    struct arena_closing *closing;
};

/* What the arena holds now. */
struct arena_moment arena_mark(const struct arena *arena);

/* Takes back what was allocated after MARK, which must be of the time since the last reset. */
void arena_rewind(struct arena *arena, struct arena_moment mark);

/*
 * Takes everything back. The oldest block is kept for the next request, unless it is larger than
 * usual, so this calls free rarely.
 */
void arena_reset(struct arena *arena);

/* Takes everything back and frees every block. */
void arena_close(struct arena *arena);

#endif
