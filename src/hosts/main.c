/*
 * main.c - where a function's program begins.
 *
 * The linker sets function_served to the program's function, function_NAME (--defsym, see
 * Makefile.am).
 */
#include "hosts/fastcgi/fastcgi.h"

extern const dime_function function_served;

int main(int count, char **arguments)
{
    return fastcgi_main(&function_served, count, arguments);
}
