/*
 * route.h - finds the route that answers a request, and the fields in its path.
 *
 * A pattern is a method and a path: "GET /{code}". A part in braces matches any one part of a path
 * and is the value of the field with that name. The host has decoded the path. The first pattern
 * that matches is used.
 */
#ifndef DIME_REQUEST_ROUTE_H
#define DIME_REQUEST_ROUTE_H

#include "base/arena.h"
#include "base/text.h"
#include "dime.h"

/* The method of a route's pattern; 0 if it doesn't begin with one. */
unsigned route_method(const dime_route *route);

/* What is wrong with a route's pattern, to be printed after it; NULL if nothing is. */
const char *route_wrong(const dime_route *route);

/*
 * Splits the PATH of an event into the function's own path and what is below it. No web server has
 * done that for an event. The split is after /cgi-bin/NAME; any other path is wholly below a
 * function with ROUTES. Cuts the part below the function off PATH and returns it.
 */
dime_text route_split(const char *name, bool routes, dime_text *path);

/* The result of looking for a route. */
struct route_match {
    const dime_route *route; /* NULL: none matches */
    unsigned methods;        /* of all routes with this path; 0: there are none */
};

/* Finds the route for a METHOD (HEAD is GET) and what follows the function's name in the path. */
struct route_match route_find(const dime_function *function, unsigned method, dime_text path);

/*
 * Steps through the fields in a path that matches. Returns the next name, and its part of the path
 * as it is. *PATTERN and *PATH begin as the route's and the whole path. False: there are no more.
 */
bool route_next(dime_text *pattern, dime_text *path, dime_text *name, dime_text *part);

/* The path of a route's pattern, to begin route_next with. */
dime_text route_path(const dime_route *route);

#endif
