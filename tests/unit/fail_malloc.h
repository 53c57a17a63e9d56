/*
 * fail_malloc.h - makes one allocation of a test fail, wherever it happens.
 *
 * malloc and its kin are defined in the test program itself, so what a shared library allocates is
 * reached too. A test counts N up from 0 until nothing failed any more, and so sees every single
 * failure. Sanitizers bring a malloc of their own; there the test is to be left out by name.
 */
#ifndef DIME_TESTS_FAIL_MALLOC_H
#define DIME_TESTS_FAIL_MALLOC_H

#include <stdbool.h>
#include <stddef.h>

/* False with a sanitizer, under valgrind and without glibc: nothing will fail then. */
bool fail_malloc_works(void);

/*
 * What the shared library of this name (a part of its file's) allocates itself doesn't fail, and
 * isn't numbered. For a library whose failures another one, that isn't ours, doesn't bear.
 */
void fail_malloc_spare(const char *library);

/* From now on the allocation with this number fails, counted from 0, and only that one. */
void fail_malloc_begin(size_t number);

/* Ends it. True when an allocation has failed: false ends the counting up. */
bool fail_malloc_end(void);

/* How many allocations haven't been freed; the same before and after means that nothing leaked. */
long fail_malloc_live(void);

#endif
