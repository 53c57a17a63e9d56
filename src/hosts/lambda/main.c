/*
 * main.c - where the bootstrap program of a function begins: dime_main of libdime-lambda.
 *
 * A program that links libdime-lambda before libdime gets this one, by the rules of archives: the
 * other isn't looked at once the name is there. So an author's command needs no option for it.
 */
#include <stdio.h>

#include "hosts/lambda/lambda.h"
#include "request/function.h"
#include "request/page.h"

enum { STATUS_USAGE = 2 };

int dime_main(const dime_function *function, int count, char **arguments)
{
    char why[512];
    if (function_check(function, why, sizeof why) && page_check(function, why, sizeof why))
        return lambda_main(function, count, arguments);
    fprintf(stderr, "%s: there is a mistake in it: %s\n", function->name, why);
    return STATUS_USAGE;
}
