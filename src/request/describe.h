/*
 * describe.h - what a function is, as JSON: `NAME --describe`.
 *
 * The tool links no function; it learns everything about one from its program. The format has a
 * version and is documented in dime-describe(7).
 */
#ifndef DIME_REQUEST_DESCRIBE_H
#define DIME_REQUEST_DESCRIBE_H

#include "request/response.h"

/* The version of the format. It changes when a member changes its meaning, not when one is added.
 */
enum { DESCRIBE_VERSION = 1 };

/* Appends the description, one JSON object without a line end. */
__attribute__((cold)) void describe_write(const dime_function *function, struct buffer *json);

/* Prints the description and a line end to stdout. False: out of memory, or the write failed. */
__attribute__((cold)) bool describe_print(const dime_function *function);

#endif
