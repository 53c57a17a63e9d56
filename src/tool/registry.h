/*
 * registry.h - all functions, for programs that have more than one. It is all that such a program
 * knows of them.
 */
#ifndef DIME_TOOL_REGISTRY_H
#define DIME_TOOL_REGISTRY_H

#include "request/response.h"

/*
 * Returns the function of this name, which lasts as long as the program, or NULL. One whose
 * `handle` is NULL is in another program: dime-labels, which has all of them.
 */
const dime_function *registry_find(dime_text name);

/* Returns all functions, NULL behind the last. */
const dime_function *const *registry_list(void);

#endif
