/*
 * options.h - the values of options, read the same by all programs that take some.
 *
 * What is wrong is said on stderr, by the program's name, with what would be right.
 */
#ifndef DIME_BASE_OPTIONS_H
#define DIME_BASE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* Reads a whole number from 1 to MOST. False: it has been said what is wrong. */
bool option_number(const char *program, const char *option, const char *value, int64_t most,
                   int64_t *number);

/* Reads seconds, with a fraction where they have one, from LEAST milliseconds to MOST seconds. */
bool option_seconds(const char *program, const char *option, const char *value, int64_t least_ms,
                    int64_t most_s, int64_t *milliseconds);

#endif
