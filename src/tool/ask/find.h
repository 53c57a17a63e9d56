/*
 * find.h - from the word that names a function to its program.
 *
 * A word with a slash is the path of a program, any other is the name of a function that is
 * installed. In a build tree the functions are those that were built there.
 */
#ifndef DIME_TOOL_ASK_FIND_H
#define DIME_TOOL_ASK_FIND_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* A function that was found. */
struct callee {
    const char *name;    /* the last part of its path: for the log, and in paths: /cgi-bin/NAME */
    char path[PATH_MAX]; /* of its program, absolute */
};

/*
 * Finds the function that WORD names; WORD must outlast it. False: there is none, or it can't be
 * run, which has been said on stderr, on a line that begins with PROGRAM and a colon; NULL: nothing
 * is said.
 */
bool find_function(const char *program, const char *word, struct callee *callee);

/*
 * Calls TAKE for each function that is installed, by name. False: memory has run out, or the folder
 * can't be read, which has been said as above; a folder that isn't there has none.
 */
bool find_each_function(const char *program,
                        void (*take)(void *context, const struct callee *callee), void *context);

#endif
