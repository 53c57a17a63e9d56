/*
 * description.h - what a program says of its function when it is started with --describe.
 *
 * dime's own programs print a description, and others may. Any other program doesn't run its
 * function: it gets a listening socket, as if it were to serve, and is ended.
 */
#ifndef DIME_TOOL_ASK_DESCRIPTION_H
#define DIME_TOOL_ASK_DESCRIPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;

/* A description. It owns its texts. */
struct description {
    struct json_object *tree; /* NULL: there is none */
};

/* A field of the function. */
struct described_field {
    const char *name, *kind, *help; /* empty if the description has none */
    bool required;
    int64_t max; /* of a file: bytes */
};

/*
 * Starts the program at this path with --describe, and reads what it prints. False: it doesn't
 * describe itself within a few seconds, or in a known format. The caller closes it either way.
 */
bool description_read(struct description *description, const char *path);

/* Frees it. */
void description_close(struct description *description);

/* The member of this name and type (enum json_type) in a description or in one of its objects;
 * NULL: there is none. It lasts as long as the description. */
struct json_object *description_member(struct json_object *object, const char *name, int type);

/* The text of a member; empty if there is none. It lasts as long. */
const char *description_string(struct json_object *object, const char *name);

/* Whether the text of a member is TEXT. */
bool description_says(struct json_object *object, const char *name, const char *text);

/* What the function does, in a sentence; empty if the description doesn't say. */
const char *description_summary(const struct description *description);

/* Its fields, routes and settings as text, in lines; empty likewise. */
const char *description_help(const struct description *description);

/* Takes the field at INDEX, counted from 0. False: there are no more. */
bool description_field(const struct description *description, size_t index,
                       struct described_field *field);

#endif
