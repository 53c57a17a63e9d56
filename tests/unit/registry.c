/*
 * registry.c - dime's own functions by name, for tests that call them in their own process.
 *
 * Nothing else does: every program serves one function, and the tool asks that program.
 */
#include "registry.h"

#define FUNCTIONS(each) each(change) each(hello) each(labels) each(translate)

#define DECLARE(name) extern const dime_function dime_function_##name;
#define ADDRESS(name) &dime_function_##name,

FUNCTIONS(DECLARE)

static const dime_function *const ALL[] = {FUNCTIONS(ADDRESS) NULL};

/* The tests have a main of their own. */
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
