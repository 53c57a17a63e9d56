/*
 * options.c - the values of options.
 *
 * The whole value must be a number: 10x isn't ten. A number over the limit is an error, and isn't
 * reduced to the limit.
 */
#include "base/options.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

bool option_number(const char *program, const char *option, const char *value, int64_t most,
                   int64_t *number)
{
    if (text_to_int64(text_of(value), number) && *number >= 1 && *number <= most)
        return true;
    fprintf(stderr, "%s: --%s takes a number from 1 to %lld, not \"%s\"\n", program, option,
            (long long)most, value);
    return false;
}

bool option_seconds(const char *program, const char *option, const char *value, int64_t least_ms,
                    int64_t most_s, int64_t *milliseconds)
{
    char *end = NULL;
    double seconds = strtod(value, &end);
    if (end != value && !*end && seconds * 1000 >= (double)least_ms && seconds <= (double)most_s) {
        *milliseconds = (int64_t)(seconds * 1000);
        return true;
    }
    fprintf(stderr, "%s: --%s takes seconds from %g to %lld, not \"%s\"\n", program, option,
            (double)least_ms / 1000, (long long)most_s, value);
    return false;
}
