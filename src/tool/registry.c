/*
 * registry.c - the list of functions, a line each.
 *
 * A program that serves one function doesn't need it: the linker gives it that function alone. This
 * is for programs that take a function's name, and links all of them.
 */
#include "tool/registry.h"

/* The name of a new function goes here. */
#define FUNCTIONS(each) each(change) each(hello) each(labels) each(translate)

#define DECLARE(name) extern const dime_function dime_function_##name;
#define ADDRESS(name) &dime_function_##name,

FUNCTIONS(DECLARE)

static const dime_function *const ALL[] = {FUNCTIONS(ADDRESS) NULL};

/* These programs have a main of their own, and no function's. */
int dime_main(const dime_function *function, int count, char **arguments)
{
    return (void)function, (void)count, (void)arguments, 2;
}

const dime_function *registry_find(dime_text name)
{
    for (size_t i = 0; ALL[i]; i++) {
        if (text_equal(name, text_of(ALL[i]->name)))
            return ALL[i];
    }
    return NULL;
}

const dime_function *const *registry_list(void)
{
    return ALL;
}
