/*
 * arena.c - blocks of memory in a chain, the newest first.
 *
 * A block has at least BLOCK bytes, or as many as the allocation needs. Under ASan every allocation
 * gets its own block of exactly its size, so that ASan catches a read past the end.
 */
#include "base/arena.h"

#include <stdlib.h>

#include "config.h"

struct arena_block {
    struct arena_block *older;
    size_t size;
    size_t used;
    _Alignas(max_align_t) char data[];
};

/* What to close. This record is allocated after the memory that it closes. */
struct arena_closing {
    struct arena_closing *next;
    void (*close)(void *memory);
    void *memory;
};

enum { BLOCK = 32 * 1024 };

void arena_open(struct arena *arena, size_t limit)
{
    *arena = (struct arena){.limit = limit};
}

static struct arena_block *add_block(struct arena *arena, size_t size)
{
    size_t room = arena->limit - arena->total;
    size_t wanted = ARENA_EXACT ? size : (size < BLOCK ? BLOCK : size);
    if (wanted > room)
        wanted = size;
    if (wanted > room || wanted > SIZE_MAX - sizeof(struct arena_block))
        return NULL;
    struct arena_block *block = malloc(sizeof *block + wanted);
    if (!block)
        return NULL;
    *block = (struct arena_block){.older = arena->block, .size = wanted};
    arena->block = block;
    arena->total += wanted;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    if (size > SIZE_MAX - align)
        goto failed;
    if (!ARENA_EXACT)
        size = (size + align - 1) / align * align;
    struct arena_block *block = arena->block;
    if (ARENA_EXACT || !block || size > block->size - block->used)
        block = add_block(arena, size);
    if (!block)
        goto failed;
    void *memory = block->data + block->used;
    block->used += size;
    return memory;
failed:
    arena->failed = true;
    return NULL;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        arena->failed = true;
        return NULL;
    }
    void *memory = arena_alloc(arena, bytes);
    return memory ? memset(memory, 0, bytes) : NULL;
}

void *arena_alloc_with_close(struct arena *arena, size_t size, void (*close)(void *memory))
{
    void *memory = arena_array(arena, 1, size);
    struct arena_closing *closing = memory ? arena_alloc(arena, sizeof *closing) : NULL;
    if (!closing)
        return NULL;
    *closing = (struct arena_closing){arena->closing, close, memory};
    arena->closing = closing;
    return memory;
}

/* Each is removed from the list before it is closed, so that none is closed twice. */
static void close_until(struct arena *arena, const struct arena_closing *last)
{
    while (arena->closing != last) {
        const struct arena_closing *closing = arena->closing;
        arena->closing = closing->next;
        closing->close(closing->memory);
    }
}

void arena_close_all(struct arena *arena)
{
    close_until(arena, NULL);
}

dime_text arena_copy(struct arena *arena, dime_text text)
{
    char *copy = text.length < SIZE_MAX ? arena_alloc(arena, text.length + 1) : NULL;
    if (!copy)
        return (dime_text){0};
    if (text.length)
        memcpy(copy, text.data, text.length);
    copy[text.length] = '\0';
    return (dime_text){copy, text.length};
}

static void free_until(struct arena *arena, const struct arena_block *last)
{
    while (arena->block != last) {
        struct arena_block *older = arena->block->older;
        arena->total -= arena->block->size;
        free(arena->block);
        arena->block = older;
    }
}

struct arena_moment arena_mark(const struct arena *arena)
{
    return (struct arena_moment){arena->block, arena->block ? arena->block->used : 0,
                                 arena->closing};
}

void arena_rewind(struct arena *arena, struct arena_moment mark)
{
    close_until(arena, mark.closing);
    free_until(arena, mark.block);
    if (mark.block)
        mark.block->used = mark.used;
}

/* The oldest block is kept unless a large allocation made it larger than usual. */
void arena_reset(struct arena *arena)
{
    arena_close_all(arena);
    const struct arena_block *oldest = arena->block;
    while (oldest && oldest->older)
        oldest = oldest->older;
    free_until(arena, oldest && !ARENA_EXACT && oldest->size <= BLOCK ? oldest : NULL);
    if (arena->block)
        arena->block->used = 0;
    arena->failed = false;
}

void arena_close(struct arena *arena)
{
    arena_close_all(arena);
    free_until(arena, NULL);
    arena->failed = false;
}
