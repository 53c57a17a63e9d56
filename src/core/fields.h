/*
 * fields.h - reads a function's fields from wherever they came. Only hosts need it: a function
 * finds the values in its request.
 */
#ifndef DIME_CORE_FIELDS_H
#define DIME_CORE_FIELDS_H

#include "function.h"

/*
 * Reads the fields of FUNCTION from the request's query and body into request->values, which the
 * arena owns. False: the response says what is wrong (400, 415 or 422), or the arena has failed.
 * The values that could be read are there all the same, for the form that is shown again.
 */
bool fields_read(const struct function *function, struct request *request,
                 struct response *response);

#endif
