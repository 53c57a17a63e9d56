/*
 * arena.h - all memory of one request, given back at once.
 *
 * A request allocates many small things that live exactly as long as it does. An arena hands them
 * out by moving a pointer and takes them all back with one call, so nothing can leak and nothing
 * is freed twice. Each worker keeps one arena and its first block, so a usual request makes no call
 * to malloc at all. A limit bounds what one request can make a worker use.
 *
 * A resource that isn't memory, such as an open file, can be closed at the same moment. This holds
 * on every host, however the request ends.
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
    struct arena_closing *closing; /* the first one to close; each points to the next */
    size_t total;                  /* bytes in all blocks */
    size_t limit;                  /* most bytes that all blocks may hold together */
    bool failed;                   /* an allocation has failed since the last reset */
};

/* Makes an empty arena that holds at most LIMIT bytes. Allocates nothing and can't fail. */
void arena_open(struct arena *arena, size_t limit);

/*
 * Returns SIZE bytes, aligned for any type and not cleared. Returns NULL and sets `failed` if that
 * exceeds the limit or the machine is out of memory. The arena owns the bytes; they last until the
 * next reset.
 */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((malloc, alloc_size(2)));

/* The same for COUNT items of SIZE bytes, cleared. Also returns NULL if the product overflows. */
void *arena_array(struct arena *arena, size_t count, size_t size)
    __attribute__((malloc, alloc_size(2, 3)));

/*
 * Returns SIZE cleared bytes. CLOSE is called with them once, before they are taken back; the last
 * one allocated is closed first. Returns NULL if out of memory; CLOSE isn't called then.
 */
void *arena_alloc_with_close(struct arena *arena, size_t size, void (*close)(void *memory));

/* Calls all CLOSE functions now. The memory stays. */
void arena_close_all(struct arena *arena);

/* Returns a copy of TEXT, NUL-terminated and owned by the arena; data is NULL if out of memory. */
dime_text arena_copy(struct arena *arena, dime_text text);

/* A mark in an arena. Later allocations can be taken back without the earlier ones. */
struct arena_moment {
    struct arena_block *block;
    size_t used;
    struct arena_closing *closing;
};

/* Marks what the arena holds now. */
struct arena_moment arena_mark(const struct arena *arena);

/* Takes back what was allocated after MARK. MARK must have been made since the last reset. */
void arena_rewind(struct arena *arena, struct arena_moment mark);

/*
 * Takes everything back. The oldest block is kept for the next request unless it is larger than
 * usual, so free is rarely called.
 */
void arena_reset(struct arena *arena);

/* Takes everything back and frees every block. */
void arena_close(struct arena *arena);

#endif
