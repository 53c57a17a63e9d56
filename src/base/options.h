/*
 * options.h - reads the values of options, in the same way for all programs.
 *
 * Errors go to stderr with the program's name and say which values are allowed.
 */
#ifndef DIME_BASE_OPTIONS_H
#define DIME_BASE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* Reads a whole number from 1 to MOST. On false the error has been printed. */
bool option_number(const char *program, const char *option, const char *value, int64_t most,
                   int64_t *number);

/* Reads seconds, which may have a fraction, from LEAST milliseconds to MOST seconds. */
bool option_seconds(const char *program, const char *option, const char *value, int64_t least_ms,
                    int64_t most_s, int64_t *milliseconds);

#endif
