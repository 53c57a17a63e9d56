/*
 * placing.c - files in an administrator's folders.
 *
 * A file gets its name once it is whole, by rename(2): a server that reads its configuration just
 * then sees the old one or the new one.
 */
#include "tool/describe/placing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool/describe/describe.h"

enum { PART_FILE_MAX = 1024 * 1024, PROGRAM_MODE = 0755, PART_MODE = 0644 };

static bool fail_to_place(char why[PLACING_WHY], const char *path)
{
    snprintf(why, PLACING_WHY, "%s: %s", path, strerror(errno));
    return false;
}

char *placing_read(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    char *text = file < 0 ? NULL : malloc(PART_FILE_MAX);
    size_t length = 0;
    ssize_t got = 1;
    while (text && got > 0 && length < PART_FILE_MAX - 1) {
        got = read(file, text + length, PART_FILE_MAX - 1 - length);
        length += got > 0 ? (size_t)got : 0;
    }
    if (file >= 0)
        close(file);
    if (text)
        text[length] = '\0';
    if (text && got == 0)
        return text;
    free(text);
    return NULL;
}

/* Makes the folders that a path leads through. */
static bool make_folders(const char *path)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder, 0755) != 0 && errno != EEXIST)
            return false;
        *slash = '/';
    }
    return true;
}

/* Opens a new file beside PATH, which gets that name in the end. */
static int open_beside(const char *path, char name[PATH_MAX], mode_t mode)
{
    if (!make_folders(path))
        return -1;
    int length = snprintf(name, PATH_MAX, "%s.XXXXXX", path);
    errno = ENAMETOOLONG;
    int file = length > 0 && length < PATH_MAX ? mkostemp(name, O_CLOEXEC) : -1;
    if (file >= 0)
        (void)fchmod(file, mode);
    return file;
}

/* Gives the file that was written its name, or removes it. */
static bool finish_file(int file, bool fine, const char *name, const char *path)
{
    int error = errno;
    if (close(file) != 0 && fine) {
        fine = false;
        error = errno;
    }
    if (fine && rename(name, path) == 0)
        return true;
    error = fine ? errno : error;
    (void)unlink(name);
    errno = error;
    return false;
}

static bool write_file(const char *path, const char *text)
{
    char name[PATH_MAX];
    int file = open_beside(path, name, PART_MODE);
    return file >= 0 && finish_file(file, describe_write_text(file, text), name, path);
}

bool placing_put(struct placing *placing, const char *path, const char *text, const char *usual,
                 char why[PLACING_WHY])
{
    struct placed *placed = &placing->files[placing->count];
    char *before = placing_read(path);
    if (!before && errno != ENOENT && errno != ENOTDIR)
        return fail_to_place(why, path);
    bool same = before && strcmp(before, text) == 0;
    bool changed = before && !same && (!usual || strcmp(before, usual) != 0);
    snprintf(placed->path, sizeof placed->path, "%s%s", path, changed ? ".new" : "");
    placed->before = changed ? placing_read(placed->path) : before;
    if (changed)
        free(before);
    placing->count++;
    if (same)
        return true;
    if (!write_file(placed->path, text))
        return fail_to_place(why, placed->path);
    printf(changed ? "kept %s, which was changed; the new one is %s.new\n" : "wrote %s\n", path,
           path);
    return true;
}

void placing_remove(const char *path, const char *usual)
{
    char other[PATH_MAX];
    char *text = placing_read(path);
    bool changed = text && (!usual || strcmp(text, usual) != 0);
    int length = snprintf(other, sizeof other, "%s.old", path);
    free(text);
    if (text && changed && length < PATH_MAX && rename(path, other) == 0)
        printf("kept %s, which was changed, as %s\n", path, other);
    else if (text && unlink(path) == 0)
        printf("removed %s\n", path);
}

bool placing_copy(const char *from, const char *to, char why[PLACING_WHY])
{
    char name[PATH_MAX];
    struct stat stat;
    int source = open(from, O_RDONLY | O_CLOEXEC);
    if (source < 0 || fstat(source, &stat) != 0)
        return fail_to_place(why, from);
    int file = open_beside(to, name, PROGRAM_MODE);
    off_t left = stat.st_size;
    ssize_t sent = 1;
    while (file >= 0 && left > 0 && sent > 0) {
        sent = sendfile(file, source, NULL, (size_t)left);
        left -= sent > 0 ? sent : 0;
    }
    int error = errno;
    close(source);
    errno = error;
    if (file < 0 || !finish_file(file, left == 0, name, to))
        return fail_to_place(why, to);
    printf("wrote %s\n", to);
    return true;
}

void placing_undo(struct placing *placing)
{
    while (placing->count) {
        struct placed *placed = &placing->files[--placing->count];
        if (placed->before)
            (void)write_file(placed->path, placed->before);
        else if (unlink(placed->path) == 0)
            printf("removed %s again\n", placed->path);
        free(placed->before);
    }
}

void placing_close(struct placing *placing)
{
    while (placing->count)
        free(placing->files[--placing->count].before);
}
