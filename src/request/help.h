/*
 * help.h - describes a function's input in words, for a person at a terminal.
 *
 * The text is a member of the description, so `dime help NAME` prints the same as the program's own
 * --help.
 */
#ifndef DIME_REQUEST_HELP_H
#define DIME_REQUEST_HELP_H

#include "base/buffer.h"
#include "dime.h"

/* Appends the fields, routes and settings of a function, each group with a heading, one or more
 * lines for each entry, and an empty line. Empty groups are left out. */
__attribute__((cold)) void help_write(const dime_function *function, struct buffer *out);

#endif
