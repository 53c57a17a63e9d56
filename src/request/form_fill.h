/*
 * form_fill.h - fills a form with what was typed before, and with error messages.
 *
 * This works for any page with a form: a function's own page, and one generated from its fields.
 */
#ifndef DIME_REQUEST_FORM_FILL_H
#define DIME_REQUEST_FORM_FILL_H

#include "request/call.h"

/* Appends PAGE to OUT, with the call's values and messages in its form, and "Error: " before its
 * title where the answer is a problem. */
void form_fill(const struct dime_call *call, dime_text page, struct buffer *out);

/* Whether an error is shown at its field, so that it needn't be repeated above the form. */
bool form_says_itself(const struct field_error *error);

#endif
