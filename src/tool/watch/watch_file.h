/*
 * watch_file.h - a file in a watched folder and its result, on disk.
 *
 * Users who may put files into the folder aren't trusted any further. So only regular files in the
 * folder itself are opened, opening never blocks, and a result is first written to a new file with
 * an unpredictable name, and then renamed.
 */
#ifndef DIME_TOOL_WATCH_WATCH_FILE_H
#define DIME_TOOL_WATCH_WATCH_FILE_H

#include <sys/stat.h>

#include "request/response.h"

/* What the folder's file system reports about changes. */
struct watch_trust {
    bool events; /* each change raises an event, since no other host or layer changes files */
    bool leases; /* a lease is refused for now only if this host has the file open for writing */
};

/* By the type of the file system. An unknown type isn't trusted at all. */
struct watch_trust watch_trust_of(int folder);

struct watch_file {
    int folder; /* the folder's descriptor */
    const char *name;
    int fd;           /* -1: it isn't open */
    struct stat stat; /* when it was found, and later when it was opened */
};

/* Looks the file up. False: it's missing or isn't a regular file, and errno is 0; or errno. */
bool watch_file_find(struct watch_file *file);

/* Opens the file for reading. False as for watch_file_find. */
bool watch_file_open(struct watch_file *file);

/* Closes the file if it's open. */
void watch_file_close(struct watch_file *file);

/* Whether the name still refers to the opened file, and the file is unchanged. */
bool watch_file_is_unchanged(const struct watch_file *file);

enum watch_writer {
    WATCH_NO_WRITER,      /* on this host */
    WATCH_WRITER,         /* it's open for writing; but see watch_trust */
    WATCH_WRITER_UNKNOWN, /* leases aren't supported, or the file is another user's */
};

/* Checked by a lease, which is released at once. */
enum watch_writer watch_file_writer(const struct watch_file *file);

/*
 * Waits until the clock has passed the file's last change. File times are coarse: a file that is
 * changed again at once may keep its time, and the result of the old contents would be taken for
 * that of the new.
 */
void watch_file_settle(const struct watch_file *file);

/* Writes the name of the file that is locked while FUNCTION watches a folder into ROOM. */
void watch_lock_name(const char *function, size_t length, char room[256]);

/*
 * Whether a name is that of a function's result, FILE.FUNCTION.json. The function must have watched
 * the folder, so that its lock file exists.
 */
bool watch_result_is(int folder, const char *name);

/* Whether the file RESULT exists and belongs to the current version of the file. */
bool watch_result_is_of(const char *result, const struct watch_file *file);

/*
 * Writes the file RESULT of FUNCTION atomically. LASTS: it's valid until the file changes; else
 * only until the next start. False and errno: it can't be written.
 */
bool watch_result_write(const char *result, const char *function, const struct watch_file *file,
                        dime_text bytes, bool lasts);

/* Removes the temporary files of FUNCTION's results that a killed process has left. */
void watch_result_tidy(int folder, const char *function);

#endif
