/*
 * number.h - the smaller and the larger of two numbers.
 *
 * C has neither for integers, and a conditional expression that names both twice is error-prone.
 */
#ifndef DIME_BASE_NUMBER_H
#define DIME_BASE_NUMBER_H

#include <stdint.h>

/* Returns the smaller of two numbers. */
static inline int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Returns the larger of two numbers. */
static inline int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

#endif
