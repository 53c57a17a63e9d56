/*
 * call.h - what is behind dime.h's opaque types: one call, its bound input, and the JSON that it
 * writes.
 *
 * A call lives on the stack of run_function. An input is a tree of structs that the tables of
 * fields describe; each struct in it is remembered here with the place that it stands at, so that
 * the address of a member is enough to say which field is meant (items[2].vat).
 */
#ifndef DIME_REQUEST_CALL_H
#define DIME_REQUEST_CALL_H

#include "dime.h"
#include "request/response.h"

/* The index of a field's value that is neither in a list nor in a map. */
#define BOUND_ALONE SIZE_MAX

/* A struct of the author's that a table of fields fills. The arena owns it. */
struct bound {
    struct bound *next;        /* the one that was bound after it */
    const struct bound *outer; /* where it lies within; NULL: it is the input itself */
    const dime_field *field;   /* of `outer`: what it is a value of */
    size_t index;              /* in a list or a map; BOUND_ALONE: in neither */
    dime_text name;            /* in a map */
    char *base;                /* of the struct */
    const dime_field *fields;
    size_t count;
    bool given[]; /* one for each of the fields */
};

/* A list as DIME_LIST_OF makes it, whatever its items are; a map likewise. */
struct bound_list {
    char *items;
    size_t count;
};

/* Bytes of a map's item: its name and a value of SIZE bytes, as the compiler lays them out. */
static inline size_t bound_map_stride(size_t size)
{
    const size_t unit = _Alignof(dime_text);
    return sizeof(dime_text) + (size + unit - 1) / unit * unit;
}

/* A scope of JSON that is being written. */
struct dime_json {
    struct dime_call *call;
    struct buffer *out;
    struct dime_json *outer, *inner; /* NULL: none; inner: the one that is open within it */
    size_t start, end;               /* what it has written to `out`; end: once it has ended */
    bool array, ended;
};

/* What is written to a place of its own besides the answer. */
struct call_document {
    struct buffer text;
    struct dime_json *root; /* NULL: not begun */
};

struct dime_call {
    const dime_function *function;
    const dime_route *route; /* NULL: the function has none */
    struct request *request;
    struct response *response;
    const struct bound *input;  /* the first of all that is bound; NULL: nothing is */
    const struct value *values; /* in the order of the table, for the page; NULL: not read */
    struct dime_json answer;    /* the scope that the answer is written in */
    struct call_document page, problem;
    bool in_pieces;           /* the handler has returned, and its stream is being made */
    struct buffer piece;      /* of a stream: the room that each piece begins with */
    struct arena_moment mark; /* behind it: what a piece allocates is taken back before the next */
};

/* The table of fields that holds for the call: the route's, or the function's. */
static inline const dime_field *call_fields(const struct dime_call *call, size_t *count)
{
    *count = call->route ? call->route->field_count : call->function->field_count;
    return call->route ? call->route->fields : call->function->fields;
}

/* Makes a call of FUNCTION, which stays its caller's. Allocates nothing. */
void call_open(struct dime_call *call, const dime_function *function, struct request *request,
               struct response *response);

/* Ends the scopes that are still open in the answer and the problem; the page may be added to. */
void call_end(struct dime_call *call);

/* Logs a mistake in the function itself, and makes the answer a 500. */
void call_mistake(struct dime_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Bytes of the room that most of what is formatted fits into. */
enum { CALL_FORMAT_ROOM = 512 };

/*
 * What printf would print, with a NUL behind it: in ROOM, of CALL_FORMAT_ROOM bytes, or the arena's
 * where that is too small or NULL. Where it has more than RESPONSE_BODY_MAX bytes, or can't be
 * formatted, the arena has failed, as it does where memory runs out; data is NULL then.
 */
dime_text call_format(struct dime_call *call, char *room, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

/* Begins a scope in OUT, an object or an array, behind its name if it has one. */
void json_scope_open(struct dime_json *scope, struct dime_call *call, struct buffer *out,
                     bool array);

/* A scope that has ended already, for where there is no room for one: what is written is dropped.
 */
struct dime_json *json_scope_nowhere(struct dime_call *call, struct buffer *out, bool array);

/* Ends a scope and all within it; one that has ended stays as it is. */
void json_scope_end(struct dime_json *scope);

/* Ends a scope and all within it, of which nothing will be sent: they can't be written to. */
void json_scope_abandon(struct dime_json *scope);

/*
 * The place of a field in a bound struct, or of one of its values, as it is written for people:
 * items[2].vat. The arena's, or a literal. Empty where memory runs out.
 */
dime_text bound_place(const struct bound *bound, const dime_field *field, size_t index,
                      dime_text name, struct arena *arena);

/* A field of a bound struct, found by the address of its member. */
struct bound_member {
    const struct bound *bound; /* NULL: there is no such field */
    const dime_field *field;
    size_t index;   /* of a scalar in a list or a map; BOUND_ALONE: the field itself */
    dime_text name; /* in a map */
};

/* Finds the field that MEMBER is, among FIRST and all that was bound after it. An object has the
 * address of its first member, which is what is found then, if the object was given. */
struct bound_member bound_find(const struct bound *first, const void *member);

#endif
