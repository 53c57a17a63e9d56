/*
 * function.h - a function's properties, with the defaults for those that its table leaves out.
 *
 * All code uses this, so each default is in one place. A mistake in a table is found when the
 * program starts, not at the first request.
 */
#ifndef DIME_REQUEST_FUNCTION_H
#define DIME_REQUEST_FUNCTION_H

#include "request/field.h"

/* The limits of a function's tables, and the default limit of its body. */
enum {
    FUNCTION_BODY_MAX = 1024 * 1024, /* bytes, where no file is among the fields */
    FUNCTION_DEPTH_MAX = 16,         /* of tables within tables */
    FUNCTION_PLACES_MAX = 18,        /* decimal places of an int64 */
    FUNCTION_LIMIT_WORDS = 512,      /* bytes of the sentence on a body's limit, with its NUL */
};

/* The largest body in bytes: the function's own limit, or what its fields need. */
size_t function_body_max(const dime_function *function);

/*
 * Tells a person whose body was too large how large it may be. A file among the FIELDS has a lower
 * limit than the body, which has room for its base64; the field's help gives the file's limit.
 */
void function_limit_words(const dime_function *function, const dime_field *fields, size_t count,
                          char words[FUNCTION_LIMIT_WORDS]);

/* The methods that the function takes, as bits, without HEAD and OPTIONS. */
unsigned function_methods(const dime_function *function);

/*
 * Checks a function's tables: names, limits, choices, patterns, handlers. On false WHY tells the
 * author what is wrong: "the field vat takes up to 40 places; an int64_t has 18". Marked cold,
 * because it runs once per start and is part of each program: it should be small, not fast.
 */
__attribute__((cold)) bool function_check(const dime_function *function, char *why, size_t size);

#endif
