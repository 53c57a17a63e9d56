/*
 * page.h - the HTML page of a function, filled in. A person gets the form back with the typed
 * values, and with the answer or the error message. This needs no script.
 */
#ifndef DIME_REQUEST_PAGE_H
#define DIME_REQUEST_PAGE_H

#include "request/call.h"

/*
 * Turns the response into a whole HTML page: the function's own, or one generated from its fields.
 * It shows the given values in the form, and the result or the problem. The page is written to the
 * response's body, which has failed afterwards if memory ran out. OPEN says that the function is
 * open, so its `fill` can be called.
 */
void page_write(struct dime_call *call, bool open);

/* Whether the pages of a function and its routes are valid. On false WHY says what is wrong. */
__attribute__((cold)) bool page_check(const dime_function *function, char *why, size_t size);

#endif
