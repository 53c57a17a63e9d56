/*
 * form_fill.h - a person gets a form back with what was typed and what is wrong in it.
 *
 * Any page with a form has that, a function's own as well as one that is made from its fields.
 */
#ifndef DIME_REQUEST_FORM_FILL_H
#define DIME_REQUEST_FORM_FILL_H

#include "request/call.h"

/* Appends PAGE to OUT, with the call's values and messages in its form, and "Error: " before its
 * title where the answer is a problem. */
void form_fill(const struct dime_call *call, dime_text page, struct buffer *out);

/* Whether a message at its field says all, so that it needn't stand above the form too. */
bool form_says_itself(const struct field_error *error);

#endif
