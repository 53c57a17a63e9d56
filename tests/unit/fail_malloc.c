/*
 * fail_malloc.c - malloc, calloc, realloc and free that count, and fail once when told to.
 *
 * glibc exports its own allocator under names of its own as well, which is where all calls go on
 * to. The tests that use this have one thread. What can't be counted this way (posix_memalign and
 * its kin) isn't used by what is tested.
 */
#include "fail_malloc.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define FAIL_MALLOC 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) ||                         \
    __has_feature(thread_sanitizer)
#define FAIL_MALLOC 0
#else
#define FAIL_MALLOC 1
#endif
#else
#define FAIL_MALLOC 1
#endif

static bool armed;
static bool failed;
static size_t left;
static long live;

static const char *spared;

void fail_malloc_spare(const char *library)
{
    spared = library;
}

/* valgrind brings a malloc of its own only when the program runs, so this is tried out. */
bool fail_malloc_works(void)
{
    if (!FAIL_MALLOC)
        return false;
    void *(*volatile allocate)(size_t) = malloc; /* not inlined: it's about whose it is */
    fail_malloc_begin(0);
    free(allocate(1));
    return fail_malloc_end();
}

void fail_malloc_begin(size_t number)
{
    left = number;
    failed = false;
    armed = true;
}

bool fail_malloc_end(void)
{
    armed = false;
    return failed;
}

long fail_malloc_live(void)
{
    return live;
}

#if FAIL_MALLOC
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void __libc_free(void *old);

static bool is_spared(const void *caller)
{
    Dl_info info;
    return spared && dladdr(caller, &info) && info.dli_fname && strstr(info.dli_fname, spared);
}

static bool must_fail(const void *caller)
{
    if (!armed || is_spared(caller) || left-- > 0)
        return false;
    armed = false;
    failed = true;
    errno = ENOMEM;
    return true;
}

static void *counted(void *made)
{
    if (made)
        live++;
    return made;
}

void *malloc(size_t size)
{
    return must_fail(__builtin_return_address(0)) ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
    return must_fail(__builtin_return_address(0)) ? NULL : counted(__libc_calloc(count, size));
}

void *realloc(void *old, size_t size)
{
    if (must_fail(__builtin_return_address(0)))
        return NULL;
    void *made = __libc_realloc(old, size);
    if (made && !old)
        live++;
    else if (!made && old && size == 0)
        live--;
    return made;
}

void free(void *old)
{
    if (old)
        live--;
    __libc_free(old);
}
#endif
