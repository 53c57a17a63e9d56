/*
 * check.c - whether a fuzzer was built as it has to be; linked into each of them.
 *
 * The harnesses see a read past the end of an allocation only if each has a block of its own. A
 * config.h that says otherwise has once made them blind without a word, so they ask.
 */
#include <stdint.h>
#include <stdlib.h>

#include "config.h"
#include "base/arena.h"
#include "dime.h"

_Static_assert(ARENA_EXACT == 1, "build fuzzers with a config.h where ARENA_EXACT is 1");

int LLVMFuzzerInitialize(int *count, char ***arguments);

/* The functions that are fuzzed have a main that gives way to the fuzzer's. */
int dime_main(const dime_function *function, int count, char **arguments)
{
    return (void)function, (void)count, (void)arguments, 2;
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    struct arena arena;
    arena_open(&arena, 1 << 20);
    bool exact = arena_alloc(&arena, 3) && arena_alloc(&arena, 5) && arena.total == 8;
    arena_close(&arena);
    if (!exact)
        abort();
    return 0;
}
