/*
 * watch_file.h - a file in a watched folder and its result, as they are on the disk.
 *
 * Whoever may put files into the folder is trusted no further than that. So only regular files of
 * the folder itself are opened, no open waits for anybody, and a result is written to a new file
 * under a name that nobody can guess before it is renamed.
 */
#ifndef DIME_TOOL_WATCH_WATCH_FILE_H
#define DIME_TOOL_WATCH_WATCH_FILE_H

#include <sys/stat.h>

#include "request/response.h"

/* What the folder's file system tells of what happens there. */
struct watch_trust {
    bool events; /* each change raises an event: no other host changes files, and nothing below */
    bool leases; /* a lease is refused for now only while this host has the file open for writing */
};

/* By the kind of the file system. Nothing is trusted where that isn't known. */
struct watch_trust watch_trust_of(int folder);

struct watch_file {
    int folder; /* a descriptor of it */
    const char *name;
    int fd;           /* -1: it isn't open */
    struct stat stat; /* as it was found, and then as it was opened */
};

/* Looks the file up. False: it isn't there or isn't a regular file, and errno is 0; or errno. */
bool watch_file_find(struct watch_file *file);

/* Opens the file to read it. False as for watch_file_find. */
bool watch_file_open(struct watch_file *file);

/* Closes the file if it's open. */
void watch_file_close(struct watch_file *file);

/* Whether the name still stands for the file that was opened, unchanged. */
bool watch_file_is_unchanged(const struct watch_file *file);

enum watch_writer {
    WATCH_NO_WRITER,      /* on this host */
    WATCH_WRITER,         /* somebody has it open for writing; but see watch_trust */
    WATCH_WRITER_UNKNOWN, /* no leases here, or none for us: the file is another user's */
};

/* By a lease, which is given back at once. */
enum watch_writer watch_file_writer(const struct watch_file *file);

/*
 * Waits until the time of the file's last change is past. Files have coarse times: a file that was
 * changed again at once would keep its time, and the result of what was read before would pass for
 * that of the file.
 */
void watch_file_settle(const struct watch_file *file);

/* The name of the file that is locked while FUNCTION watches a folder, in ROOM. */
void watch_lock_name(const char *function, size_t length, char room[256]);

/*
 * Whether a file of this name is the result of a function, FILE.FUNCTION.json: of one that has
 * watched the folder, since its lock is still there.
 */
bool watch_result_is(int folder, const char *name);

/* Whether the file RESULT is there, and of the file as it is. */
bool watch_result_is_of(const char *result, const struct watch_file *file);

/*
 * Writes the file RESULT of FUNCTION, whole or not at all. LASTS: it's the file's for as long as
 * that doesn't change; else until the next start. False and errno: it can't be written.
 */
bool watch_result_write(const char *result, const char *function, const struct watch_file *file,
                        dime_text bytes, bool lasts);

/* Removes what a process that was killed while it wrote a result of FUNCTION has left over. */
void watch_result_tidy(int folder, const char *function);

#endif
