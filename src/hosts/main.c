/*
 * main.c - where a function's program begins: dime_main of libdime.
 *
 * libdime-lambda has another dime_main, which stands before this one where both are linked.
 */
#include <stdio.h>

#include "hosts/fastcgi/fastcgi.h"
#include "request/function.h"

enum { STATUS_USAGE = 2 };

int dime_main(const dime_function *function, int count, char **arguments)
{
    char why[256];
    if (function_check(function, why, sizeof why))
        return fastcgi_main(function, count, arguments);
    fprintf(stderr, "%s: there is a mistake in it: %s\n", function->name, why);
    return STATUS_USAGE;
}
