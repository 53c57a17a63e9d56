/*
 * page.h - the HTML page of a function, filled in. A person gets the form back with what was typed
 * and the answer or the message in it, with no script needed.
 */
#ifndef DIME_REQUEST_PAGE_H
#define DIME_REQUEST_PAGE_H

#include "request/call.h"

/*
 * Turns the response into a whole HTML page: the function's own, or one made from its fields, with
 * the given values in the form and the result or the problem at its place. Writes into the
 * response's body, whose failure says that memory has run out. OPEN: the function is open, so that
 * its `fill` can be called.
 */
void page_write(struct dime_call *call, bool open);

/* Whether the pages of a function and its routes are templates. On false WHY says which isn't. */
__attribute__((cold)) bool page_check(const dime_function *function, char *why, size_t size);

#endif
