/*
 * placing.h - files that are put into an administrator's folders, one after the other, and taken
 * back where the whole can't stay.
 *
 * What she has changed is hers: a file is replaced only where it is what dime has written before.
 */
#ifndef DIME_TOOL_DESCRIBE_PLACING_H
#define DIME_TOOL_DESCRIBE_PLACING_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum { PLACING_MAX = 16, PLACING_WHY = PATH_MAX + 128 };

/* A file that was written, and what it was before. */
struct placed {
    char path[PATH_MAX];
    char *before; /* NULL: it wasn't there */
};

/* What was placed so far; zero at first. */
struct placing {
    struct placed files[PLACING_MAX];
    size_t count;
};

/* The text of a file: a new string, which the caller frees. NULL: there is none, or errno says why
 * it can't be read. */
char *placing_read(const char *path);

/* Writes TEXT to the file at PATH in one step; its folders are made. False: errno says why it can't
 * be done, and the file is as it was. */
bool placing_write(const char *path, const char *text);

/*
 * Writes TEXT to the file at PATH, whose folders are made. USUAL is what dime wrote there before;
 * NULL: nothing is known of that. A file that is neither is kept, and TEXT goes beside it, to
 * PATH.new. What is done is said on stdout. False: WHY says why it can't be done.
 */
bool placing_put(struct placing *placing, const char *path, const char *text, const char *usual,
                 char why[PLACING_WHY]);

/* Removes a file that nothing needs any more, if it is as USUAL; else it is kept. False: as above.
 */
bool placing_drop(struct placing *placing, const char *path, const char *usual,
                  char why[PLACING_WHY]);

/*
 * Removes the file at PATH if it is as USUAL, and its folder if nothing is left there; one that was
 * changed gets the name PATH.old. This isn't taken back. False: WHY says why it can't be done.
 */
bool placing_remove(const char *path, const char *usual, char why[PLACING_WHY]);

/* Copies the program at FROM to TO in one step, so that one that runs isn't written to. */
bool placing_copy(const char *from, const char *to, char why[PLACING_WHY]);

/* Takes back what was placed. */
void placing_undo(struct placing *placing);

/* Frees what was kept to take it back. */
void placing_close(struct placing *placing);

#endif
