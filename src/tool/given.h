/*
 * given.h - the fields that the words of a command line give: NAME=VALUE.
 *
 * They reach the function as a query does, so that they can stand beside an event. A file can't:
 * with one all of them are a form, as a browser sends it, and so are fields that are too long.
 */
#ifndef DIME_TOOL_GIVEN_H
#define DIME_TOOL_GIVEN_H

#include "base/buffer.h"
#include "tool/ask/description.h"
#include "tool/ask/find.h"

/* Most bytes of a file that a field may be, and of all fields of a form. */
enum { GIVEN_FILE_MAX = 8 * 1024 * 1024, GIVEN_FORM_MAX = 32 * 1024 * 1024 };

/* Fields, in memory of their own. */
struct given {
    const struct callee *callee;    /* whose they are */
    struct description description; /* the function's; empty where it doesn't describe itself */
    struct arena arena;
    bool any;               /* some were given */
    dime_text query;        /* as a query has them; empty where they are a form */
    dime_text content_type; /* of the form; empty: there is none */
    dime_text form;
};

/* The length of the name in a word that gives a field; 0: it doesn't, but is a path. */
size_t given_name_length(const char *word);

/*
 * Reads those of the WORDS that give fields, NULL behind the last; BESIDE_EVENT: they must go into
 * a query. The caller closes it either way. Returns STATUS_FINE, or another status when it has been
 * said what is wrong.
 */
int given_read(struct given *given, const struct callee *callee, char *const *words,
               bool beside_event);

/* Frees what it holds. */
void given_close(struct given *given);

/* Reads this file, or stdin where PATH is NULL, into memory that *ROOM has for the caller to free.
 * False: it couldn't be, and errno says why; EFBIG: it has more bytes than MOST. */
bool given_read_file(const char *path, size_t most, char **room, dime_text *bytes);

#endif
