/*
 * find.h - finds a function's program by the word that names it.
 *
 * A word with a slash is the path of a program; any other is the name of an installed function. In
 * a build tree the functions are those that were built there.
 */
#ifndef DIME_TOOL_ASK_FIND_H
#define DIME_TOOL_ASK_FIND_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* A function that was found. */
struct callee {
    const char *name;    /* the last part of its path, for the log and for /cgi-bin/NAME */
    char path[PATH_MAX]; /* of its program, absolute */
};

/*
 * Finds the function that WORD names; WORD must outlast it. False: there is none, or it can't be
 * run. An error is printed to stderr then, in a line that begins with PROGRAM and a colon; nothing
 * is printed if PROGRAM is NULL.
 */
bool find_function(const char *program, const char *word, struct callee *callee);

/*
 * Calls TAKE for each installed function, in the order of names. False: out of memory, or the
 * folder can't be read, which is reported as above. If the folder doesn't exist, there are none.
 */
bool find_each_function(const char *program,
                        void (*take)(void *context, const struct callee *callee), void *context);

#endif
