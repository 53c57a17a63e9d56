/*
 * call.h - dime.h's opaque types: one call, its bound input, and the JSON that it writes.
 *
 * A call lives on the stack of run_function. An input is a tree of structs that the tables of
 * fields describe. Each struct is recorded here with its place, so that the address of a member is
 * enough to name its field (items[2].vat).
 */
#ifndef DIME_REQUEST_CALL_H
#define DIME_REQUEST_CALL_H

#include "dime.h"
#include "request/response.h"

/* The index of a field's value that is neither in a list nor in a map. */
#define BOUND_ALONE SIZE_MAX

/* A struct of the author's that was filled by a table of fields. The arena owns it. */
struct bound {
    struct bound *next;        /* the one that was bound next */
    const struct bound *outer; /* the one that holds it; NULL: it is the input itself */
    const dime_field *field;   /* the field of `outer` that it is a value of */
    size_t index;              /* its place in a list or a map; BOUND_ALONE: in neither */
    dime_text name;            /* its name in a map */
    char *base;                /* the struct itself */
    const dime_field *fields;
    size_t count;
    bool given[]; /* one for each of the fields */
};

/* The layout of every DIME_LIST_OF and DIME_MAP_OF, whatever the items are. */
struct bound_list {
    char *items;
    size_t count;
};

/* The size of a map's item, a name and a value of SIZE bytes, as the compiler lays it out. */
static inline size_t bound_map_stride(size_t size)
{
    const size_t unit = _Alignof(dime_text);
    return sizeof(dime_text) + (size + unit - 1) / unit * unit;
}

/* A scope of JSON that is being written. */
struct dime_json {
    struct dime_call *call;
    struct buffer *out;
    struct dime_json *outer, *inner; /* inner: the scope that is open within it; NULL: none */
    size_t start, end;               /* its bytes in `out`; `end` is set once it has ended */
    bool array, ended;
};

/* JSON that is written separately from the answer. */
struct call_document {
    struct buffer text;
    struct dime_json *root; /* NULL: not begun */
};

struct dime_call {
    const dime_function *function;
    const dime_route *route; /* NULL: the function has none */
    struct request *request;
    struct response *response;
    const struct bound *input;  /* the first bound struct; NULL: none */
    const struct value *values; /* in the table's order, for the page; NULL: not read */
    struct dime_json answer;    /* the scope that the answer is written in */
    struct call_document page, problem;
    bool in_pieces;           /* the handler has returned, and its stream is being made */
    struct buffer piece;      /* of a stream: the initial buffer of each piece */
    struct arena_moment mark; /* after `piece`: a piece's memory is taken back before the next */
};

/* The table of fields for the call: the route's, or the function's. */
static inline const dime_field *call_fields(const struct dime_call *call, size_t *count)
{
    *count = call->route ? call->route->field_count : call->function->field_count;
    return call->route ? call->route->fields : call->function->fields;
}

/* Makes a call of FUNCTION, which the caller owns. Allocates nothing. */
void call_open(struct dime_call *call, const dime_function *function, struct request *request,
               struct response *response);

/* Ends all open scopes in the answer and the problem. The page stays open. */
void call_end(struct dime_call *call);

/* Logs a mistake in the function itself, and makes the answer a 500. */
void call_mistake(struct dime_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A buffer of this size is enough for most formatted texts. */
enum { CALL_FORMAT_ROOM = 512 };

/*
 * What printf would print, NUL-terminated. It lies in ROOM, of CALL_FORMAT_ROOM bytes, or in the
 * arena if ROOM is too small or NULL. If the text has more than RESPONSE_BODY_MAX bytes, can't be
 * formatted, or memory runs out, the arena has failed and data is NULL.
 */
dime_text call_format(struct dime_call *call, char *room, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

/* Begins an object or an array in OUT, after its name if it has one. */
void json_scope_open(struct dime_json *scope, struct dime_call *call, struct buffer *out,
                     bool array);

/* A scope that has ended already, for when memory runs out: writes to it are dropped. */
struct dime_json *json_scope_nowhere(struct dime_call *call, struct buffer *out, bool array);

/* Ends a scope and all scopes within it. Does nothing if it has ended already. */
void json_scope_end(struct dime_json *scope);

/* Ends a scope whose text is dropped, and all within it, so that none can be written to. */
void json_scope_abandon(struct dime_json *scope);

/*
 * The place of a field in a bound struct, or of one of its values, for people: items[2].vat. The
 * arena owns it, or it is a literal. Empty if memory runs out.
 */
dime_text bound_place(const struct bound *bound, const dime_field *field, size_t index,
                      dime_text name, struct arena *arena);

/* A field of a bound struct that was found by its member's address. */
struct bound_member {
    const struct bound *bound; /* NULL: there is no such field */
    const dime_field *field;
    size_t index;   /* in a list or a map of scalars; BOUND_ALONE: the field itself */
    dime_text name; /* in a map */
};

/* Finds the field at the address MEMBER, in FIRST and all structs that were bound after it. An
 * object has the address of its first member; if the object was given, that member is found. */
struct bound_member bound_find(const struct bound *first, const void *member);

#endif
