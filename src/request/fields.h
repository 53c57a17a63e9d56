/*
 * fields.h - reads a function's fields from wherever they came. Only hosts need it: a function
 * finds the values in its request.
 */
#ifndef DIME_REQUEST_FIELDS_H
#define DIME_REQUEST_FIELDS_H

#include "function.h"

/*
 * Reads the fields of FUNCTION from the request's query and body into request->values, which the
 * arena owns. False: the response says what is wrong (400, 415 or 422), or the arena has failed.
 * The values that could be read are there all the same, for the form that is shown again.
 */
bool fields_read(const dime_function *function, struct request *request, struct response *response);

/* The field of this name in the function's table; NULL: it has none, or no table. */
static inline const dime_field *fields_find(const dime_function *function, dime_text name)
{
    for (const dime_field *field = function->fields; field && field->name; field++) {
        if (text_equal(name, text_of(field->name)))
            return field;
    }
    return NULL;
}

/* The first field of the function that is a file; NULL likewise. */
static inline const dime_field *fields_file(const dime_function *function)
{
    for (const dime_field *field = function->fields; field && field->name; field++) {
        if (field->kind == FIELD_FILE)
            return field;
    }
    return NULL;
}

#endif
