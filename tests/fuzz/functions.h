/*
 * functions.h - the functions that the fuzzers ask in their own process.
 *
 * They are those that need nothing but dime itself.
 */
#ifndef DIME_TESTS_FUZZ_FUNCTIONS_H
#define DIME_TESTS_FUZZ_FUNCTIONS_H

#include "dime.h"

extern const dime_function dime_function_change, dime_function_hello;

#endif
