/*
 * route.h - which of a function's routes answers a request, and what the path gives its fields.
 *
 * A pattern is a method and a path: "GET /{code}". A part in braces fits any one part of a path and
 * is the value of the field of that name; the host has decoded the path. The first pattern that
 * fits is taken.
 */
#ifndef DIME_REQUEST_ROUTE_H
#define DIME_REQUEST_ROUTE_H

#include "base/arena.h"
#include "base/text.h"
#include "dime.h"

/* The method of a route's pattern; 0: its pattern begins with none. */
unsigned route_method(const dime_route *route);

/* What is wrong with a route's pattern, to be said behind it; NULL: nothing. */
const char *route_wrong(const dime_route *route);

/*
 * Splits the PATH of an event, of which no web server has said where the function is, as every host
 * has to: behind /cgi-bin/NAME, and of any other path all is below a function with ROUTES. Returns
 * what is below the function, and takes it off PATH.
 */
dime_text route_split(const char *name, bool routes, dime_text *path);

/* What comes of looking for a route. */
struct route_match {
    const dime_route *route; /* NULL: none fits */
    unsigned methods;        /* of all whose path fits; 0: nothing is at this path */
};

/* Finds the route for a METHOD (HEAD is GET) and what follows the function's name in the path. */
struct route_match route_find(const dime_function *function, unsigned method, dime_text path);

/*
 * Steps through what a path that fits gives to fields: the next name and its part, as it stands in
 * the path. *PATTERN and *PATH begin as the route's and the path; false: there are no more.
 */
bool route_next(dime_text *pattern, dime_text *path, dime_text *name, dime_text *part);

/* The path of a route's pattern, to begin with. */
dime_text route_path(const dime_route *route);

#endif
