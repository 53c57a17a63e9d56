/*
 * describe.h - what a function is, as JSON: `NAME --describe`.
 *
 * Whoever wants to know something of a function asks its program: the tool, which links none, and
 * what is made of a description. The form is versioned, and documented in dime-describe(7).
 */
#ifndef DIME_REQUEST_DESCRIBE_H
#define DIME_REQUEST_DESCRIBE_H

#include "request/response.h"

/* The version of the form. It changes where what is there changes its meaning, not where more is.
 */
enum { DESCRIBE_VERSION = 1 };

/* Appends the description, one JSON object without a line's end. */
__attribute__((cold)) void describe_write(const dime_function *function, struct buffer *json);

/* Prints the description and a line's end to stdout. False: there is no memory, or no stdout. */
__attribute__((cold)) bool describe_print(const dime_function *function);

#endif
