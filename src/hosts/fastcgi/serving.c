/*
 * serving.c - allocates and frees what serving a request needs.
 *
 * That is too large for a thread's stack, and outlives the call if an answer is streamed.
 */
#include "hosts/fastcgi/serving.h"

#include <stdlib.h>

struct serving *serving_open(void)
{
    struct serving *serving = malloc(sizeof *serving);
    if (serving)
        arena_open(&serving->arena, REQUEST_MEMORY_MAX);
    return serving;
}

void serving_close(struct serving *serving)
{
    if (serving)
        arena_close(&serving->arena);
    free(serving);
}
