/*
 * given.h - the fields that a command line gives, as NAME=VALUE.
 *
 * They reach the function as a query, so that they can be added to an event. A query can't hold a
 * file: if one is given, or if the fields are too long, all are sent as a form, as a browser does.
 */
#ifndef DIME_TOOL_GIVEN_H
#define DIME_TOOL_GIVEN_H

#include "base/buffer.h"
#include "tool/ask/description.h"
#include "tool/ask/find.h"

/* The most bytes of a file in a field, and of all fields of a form. */
enum { GIVEN_FILE_MAX = 8 * 1024 * 1024, GIVEN_FORM_MAX = 32 * 1024 * 1024 };

/* Fields, which own their memory. */
struct given {
    const struct callee *callee;    /* the function */
    struct description description; /* the function's; empty if it doesn't describe itself */
    struct arena arena;
    bool any;               /* some were given */
    dime_text query;        /* the fields as a query; empty if they are a form */
    dime_text content_type; /* of the form; empty: there is none */
    dime_text form;
};

/* The length of the name in a word that gives a field; 0: the word is a path. */
size_t given_name_length(const char *word);

/*
 * Reads the fields among WORDS, which end with NULL; BESIDE_EVENT: they must fit in a query. The
 * caller closes it either way. Returns STATUS_FINE, or another status after printing an error.
 */
int given_read(struct given *given, const struct callee *callee, char *const *words,
               bool beside_event);

/* Frees what it holds. */
void given_close(struct given *given);

/* Reads this file, or stdin if PATH is NULL, into memory at *ROOM that the caller frees. False and
 * errno: it can't be read; EFBIG: it has more bytes than MOST. */
bool given_read_file(const char *path, size_t most, char **room, dime_text *bytes);

#endif
