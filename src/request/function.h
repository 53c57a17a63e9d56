/*
 * function.h - what a function's table says, with the defaults that hold where it says nothing.
 *
 * Hosts and readers ask here, so that a default stands in one place. What is wrong with a table
 * shows when the program starts, and never first in a request.
 */
#ifndef DIME_REQUEST_FUNCTION_H
#define DIME_REQUEST_FUNCTION_H

#include "base/text.h"
#include "dime.h"

/* The limits of a field whose table names none, and of a body likewise. */
enum {
    FIELD_TEXT_MAX = 10000,           /* characters */
    FIELD_NUMBER_MAX = 128,           /* characters */
    FIELD_FILE_MAX = 8 * 1024 * 1024, /* bytes */
    FIELD_ITEMS_MAX = 1000,           /* of a list or a map */
    FUNCTION_BODY_MAX = 1024 * 1024,  /* bytes, where no file is among the fields */
    FUNCTION_DEPTH_MAX = 16,          /* of tables within tables */
    FUNCTION_PLACES_MAX = 18,         /* decimal places of an int64 */
};

/* The least and the most that a field's value, or its length, may be. */
int64_t field_min(const dime_field *field);
int64_t field_max(const dime_field *field);

/* The most items of a list or a map. */
static inline size_t field_most(const dime_field *field)
{
    return field->most ? field->most : FIELD_ITEMS_MAX;
}

/* Most bytes of a body: as the function says, or what its fields need. */
size_t function_body_max(const dime_function *function);

/* The methods that the function takes, as bits, without HEAD and OPTIONS. */
unsigned function_methods(const dime_function *function);

/* The field of this name in a table; NULL: it has none. */
const dime_field *function_find(const dime_field *fields, size_t count, dime_text name);

/* The first field of a table that is a file; NULL likewise. */
const dime_field *function_file(const dime_field *fields, size_t count);

/*
 * Proves a function's tables: names, limits, choices, patterns, handlers. False: WHY says what is
 * wrong, for its author: "the field vat takes up to 40 places; an int64_t has 18".
 */
bool function_check(const dime_function *function, char *why, size_t size);

#endif
