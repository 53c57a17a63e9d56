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

enum { PART_FILE_MAX = 1024 * 1024, PROGRAM_MODE = 0755, PART_MODE = 0644, SENT_MOST = 1 << 30 };

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
    if (text && got > 0)
        errno = EFBIG;
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

/* Removes the folder of a file, where nothing is left in it. */
static void remove_folder_of(const char *path)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    *strrchr(folder, '/') = '\0';
    (void)rmdir(folder);
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

bool placing_write(const char *path, const char *text)
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
    if (!placing_write(placed->path, text))
        return fail_to_place(why, placed->path);
    printf(changed ? "kept %s, which was changed; the new one is %s.new\n" : "wrote %s\n", path,
           path);
    return true;
}

bool placing_drop(struct placing *placing, const char *path, const char *usual,
                  char why[PLACING_WHY])
{
    struct placed *placed = &placing->files[placing->count];
    char *before = placing_read(path);
    if (!before || strcmp(before, usual) != 0) {
        if (before)
            printf("kept %s, which was changed; nothing needs it any more\n", path);
        free(before);
        return true;
    }
    snprintf(placed->path, sizeof placed->path, "%s", path);
    placed->before = before;
    placing->count++;
    if (unlink(path) != 0)
        return fail_to_place(why, path);
    remove_folder_of(path);
    printf("removed %s\n", path);
    return true;
}

bool placing_remove(const char *path, const char *usual, char why[PLACING_WHY])
{
    char other[PATH_MAX];
    char *text = placing_read(path);
    if (!text && errno != ENOENT && errno != ENOTDIR)
        return fail_to_place(why, path);
    bool changed = text && (!usual || strcmp(text, usual) != 0);
    bool gone = !text;
    free(text);
    snprintf(other, sizeof other, "%s.new", path);
    (void)unlink(other);
    if (!gone && changed)
        snprintf(other, sizeof other, "%s.old", path);
    if (!gone && (changed ? rename(path, other) : unlink(path)) != 0)
        return fail_to_place(why, path);
    if (!gone && changed)
        printf("kept %s, which was changed, as %s\n", path, other);
    else if (!gone)
        printf("removed %s\n", path);
    remove_folder_of(path);
    return true;
}

bool placing_copy(const char *from, const char *to, char why[PLACING_WHY])
{
    char name[PATH_MAX];
    int source = open(from, O_RDONLY | O_CLOEXEC);
    if (source < 0)
        return fail_to_place(why, from);
    int file = open_beside(to, name, PROGRAM_MODE);
    ssize_t sent = 1;
    while (file >= 0 && sent > 0)
        sent = sendfile(file, source, NULL, SENT_MOST);
    int error = errno;
    close(source);
    errno = error;
    if (file < 0 || !finish_file(file, sent == 0, name, to))
        return fail_to_place(why, to);
    printf("wrote %s\n", to);
    return true;
}

void placing_undo(struct placing *placing)
{
    while (placing->count) {
        struct placed *placed = &placing->files[--placing->count];
        if (placed->before)
            (void)placing_write(placed->path, placed->before);
        else if (unlink(placed->path) == 0)
            printf("removed %s again\n", placed->path);
        if (!placed->before)
            remove_folder_of(placed->path);
        free(placed->before);
    }
}

void placing_close(struct placing *placing)
{
    while (placing->count)
        free(placing->files[--placing->count].before);
}
