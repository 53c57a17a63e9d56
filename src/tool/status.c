/*
 * status.c - how a command of `dime` ends: with an error about its arguments, or with its output
 * written.
 *
 * stdout is buffered until the process ends. A failure to write it would go unnoticed but for the
 * check here.
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
