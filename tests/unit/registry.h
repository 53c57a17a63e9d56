/*
 * registry.h - dime's own functions by name, for tests that link them.
 *
 * Nothing that is installed links more than one.
 */
#ifndef DIME_TESTS_REGISTRY_H
#define DIME_TESTS_REGISTRY_H

#include "request/response.h"

/* Returns the function of this name, which lasts as long as the program, or NULL. */
const dime_function *registry_find(dime_text name);

#endif
