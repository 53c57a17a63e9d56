/*
 * main.c - where a function's bootstrap program begins.
 *
 * The linker sets function_served to the program's function, function_NAME (--defsym, see
 * Makefile.am).
 */
#include "hosts/lambda/lambda.h"

extern const dime_function function_served;

int main(int count, char **arguments)
{
    return lambda_main(&function_served, count, arguments);
}
