/*
 * help.h - what a function takes, in words, for a person at a terminal.
 *
 * It's a member of the description, so that `dime help NAME` says what the program's own --help
 * does.
 */
#ifndef DIME_REQUEST_HELP_H
#define DIME_REQUEST_HELP_H

#include "base/buffer.h"
#include "dime.h"

/* Appends the fields, routes and settings of a function: a heading, a line or more for each, and an
 * empty line. Nothing where it has none. */
__attribute__((cold)) void help_write(const dime_function *function, struct buffer *out);

#endif
