/*
 * status.c - how a command of `dime` ends: with a sentence on its arguments, or with its output
 * written.
 *
 * stdout is a buffer until the end of the process, whose loss nobody would see but here.
 */
#include "tool/status.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int status_misuse(const char *what, const char *which, const char *remedy)
{
    fprintf(stderr, "dime: %s%s%s%s; %s\n", what, which ? " \"" : "", which ? which : "",
            which ? "\"" : "", remedy);
    return STATUS_USAGE;
}

int status_finish(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "dime: stdout can't be written: %s\n", strerror(errno));
    return STATUS_FAILED;
}
