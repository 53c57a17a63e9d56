/*
 * function.h - what a function's table says, with the defaults that hold where it says nothing.
 *
 * Hosts and readers ask here, so that a default stands in one place. What is wrong with a table
 * shows when the program starts, and never first in a request.
 */
#ifndef DIME_REQUEST_FUNCTION_H
#define DIME_REQUEST_FUNCTION_H

#include "request/field.h"

/* Limits of a function's tables, and of its body where they say nothing. */
enum {
    FUNCTION_BODY_MAX = 1024 * 1024, /* bytes, where no file is among the fields */
    FUNCTION_DEPTH_MAX = 16,         /* of tables within tables */
    FUNCTION_PLACES_MAX = 18,        /* decimal places of an int64 */
    FUNCTION_LIMIT_WORDS = 512,      /* bytes of the sentence on a body's limit, with its NUL */
};

/* Most bytes of a body: as the function says, or what its fields need. */
size_t function_body_max(const dime_function *function);

/*
 * Says how much a body may have, to a person whose body had more. A file among the FIELDS may have
 * less than the body, which has room for its base64: the field's help tells its limit.
 */
void function_limit_words(const dime_function *function, const dime_field *fields, size_t count,
                          char words[FUNCTION_LIMIT_WORDS]);

/* The methods that the function takes, as bits, without HEAD and OPTIONS. */
unsigned function_methods(const dime_function *function);

/*
 * Proves a function's tables: names, limits, choices, patterns, handlers. False: WHY says what is
 * wrong, for its author: "the field vat takes up to 40 places; an int64_t has 18". Cold, as all
 * that runs once per start: each program has it, so it is to be small rather than quick.
 */
__attribute__((cold)) bool function_check(const dime_function *function, char *why, size_t size);

#endif
