/*
 * fields.h - reads a call's fields from wherever they came into its author's struct. Only hosts
 * need it: a function finds its input filled and checked.
 */
#ifndef DIME_REQUEST_FIELDS_H
#define DIME_REQUEST_FIELDS_H

#include "request/call.h"

/*
 * Reads the fields of the call's table from its path, query and body into a struct of the author's,
 * call->input, which the arena owns. PATH is what follows the function's name. False: the response
 * says what is wrong (400, 415 or 422), or the arena has failed. What could be read is there all
 * the same, for the form that is shown again; call->input is NULL where memory runs out.
 */
bool fields_read(struct dime_call *call, dime_text path);

/*
 * Whether a field's fallback is one of its values. False: WHY ends a sentence about the fallback,
 * "that it would refuse: count must be a whole number from 1 to 9."
 */
__attribute__((cold)) bool fields_fallback_fits(const dime_field *field, char *why, size_t size);

#endif
