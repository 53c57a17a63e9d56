/*
 * route.c - matches paths against patterns, part by part.
 *
 * A function has only a few routes, so each is tried in turn. After a slash at the end comes an
 * empty part: "/list" and "/list/" are two paths, as in a browser. Only the function's own URL
 * works with and without a slash, because people who type it expect that.
 */
#include "request/route.h"

#include "request/field.h"
#include "request/request.h"

unsigned route_method(const dime_route *route)
{
    dime_text rest = text_of(route->pattern), word;
    if (!text_cut(&rest, ' ', &word) || !rest.data)
        return 0;
    enum dime_method method = request_method(word);
    return method == DIME_OTHER || method == DIME_OPTIONS || method == DIME_HEAD ? 0 : method;
}

dime_text route_path(const dime_route *route)
{
    dime_text rest = text_of(route->pattern), word;
    text_cut(&rest, ' ', &word);
    return rest;
}

/* Cuts the next part of a path off, with the slash before it. */
static bool next_segment(dime_text *path, dime_text *part)
{
    if (!path->length || path->data[0] != '/')
        return false;
    dime_text rest = text_skip(*path, 1);
    size_t length = 0;
    while (length < rest.length && rest.data[length] != '/')
        length++;
    *part = (dime_text){rest.data, length};
    *path = text_skip(rest, length);
    return true;
}

/* The name in a part such as {code}; empty if the part is literal. */
static dime_text name_within(dime_text part)
{
    bool braces = part.length > 2 && part.data[0] == '{' && part.data[part.length - 1] == '}';
    return braces ? (dime_text){part.data + 1, part.length - 2} : TEXT("");
}

const char *route_wrong(const dime_route *route)
{
    dime_text path = route_path(route), part;
    if (!route_method(route))
        return "must begin with GET, POST, PUT, PATCH or DELETE and a blank";
    if (!path.length || path.data[0] != '/')
        return "has a path that doesn't begin with /";
    while (next_segment(&path, &part)) {
        dime_text name = name_within(part);
        if (!name.length && memchr(part.data, '{', part.length))
            return "has braces that aren't a whole part of its path";
        const dime_field *field = field_find(route->fields, route->field_count, name);
        if (name.length && (!field || field->shape != DIME_ONE || field->kind == DIME_KIND_OBJECT))
            return "has a part in braces that isn't the name of a single field in its table";
    }
    return NULL;
}

dime_text route_split(const char *name, bool routes, dime_text *path)
{
    const dime_text before = TEXT("/cgi-bin/"), own = text_of(name);
    dime_text rest = *path;
    if (!text_starts(rest, before)) {
        if (!routes || text_starts(rest, TEXT("/healthz/")))
            return TEXT("");
        *path = TEXT("");
        return rest;
    }
    rest = text_skip(rest, before.length);
    if (!text_starts(rest, own) || (rest.length > own.length && rest.data[own.length] != '/'))
        return TEXT("");
    rest = text_skip(rest, own.length);
    path->length -= rest.length;
    return rest;
}

static bool fits(const dime_route *route, dime_text path)
{
    dime_text pattern = route_path(route), wanted, part;
    if (!path.length)
        path = TEXT("/");
    while (next_segment(&pattern, &wanted)) {
        bool there = next_segment(&path, &part);
        bool any = name_within(wanted).length && part.length;
        if (!there || (!any && !text_equal(wanted, part)))
            return false;
    }
    return !path.length;
}

struct route_match route_find(const dime_function *function, unsigned method, dime_text path)
{
    struct route_match match = {0};
    method = method == DIME_HEAD ? DIME_GET : method;
    for (size_t i = 0; i < function->route_count; i++) {
        const dime_route *route = &function->routes[i];
        if (!fits(route, path))
            continue;
        match.methods |= route_method(route);
        if (!match.route && route_method(route) == method)
            match.route = route;
    }
    return match;
}

bool route_next(dime_text *pattern, dime_text *path, dime_text *name, dime_text *part)
{
    dime_text wanted;
    while (next_segment(pattern, &wanted) && next_segment(path, part)) {
        *name = name_within(wanted);
        if (name->length)
            return true;
    }
    return false;
}
