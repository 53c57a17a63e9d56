/*
 * fields.h - reads a call's fields, wherever they came from, into the author's struct. Only hosts
 * need it: a function gets its input filled and checked.
 */
#ifndef DIME_REQUEST_FIELDS_H
#define DIME_REQUEST_FIELDS_H

#include "request/call.h"

/*
 * Reads the fields of the call's table from its path, query and body into a struct of the author's,
 * call->input, which the arena owns. PATH is what follows the function's name. On false the
 * response says what is wrong (400, 415 or 422), or the arena has failed. The fields that could be
 * read are kept, so that the form can show them again; call->input is NULL if memory runs out.
 */
bool fields_read(struct dime_call *call, dime_text path);

/*
 * Whether a field's fallback is a valid value of the field. On false WHY completes a sentence about
 * the fallback: "that it would refuse: count must be a whole number from 1 to 9."
 */
__attribute__((cold)) bool fields_fallback_fits(const dime_field *field, char *why, size_t size);

#endif
