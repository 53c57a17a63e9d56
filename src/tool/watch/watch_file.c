/*
 * watch_file.c - matches results with their files, and writes results.
 *
 * A result has the mtime of its file, and was written after the file's ctime. Nobody can set a
 * ctime: a file that is replaced, renamed, or rewritten with an old mtime has a later ctime. So
 * it's known, even after a restart, whether a result belongs to the current version of the file. A
 * change of its mode or links counts as well, since a ctime doesn't distinguish them.
 */
#include "tool/watch/watch_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/statfs.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum {
    TICK_NS = 20000000, /* twice the step of the slowest clock of Linux */
    NAMES_MAX = 8,      /* to try for a new file */
};

#define TEMPORARY ".dime-watch.%.200s."

struct watch_trust watch_trust_of(int folder)
{
    /* File systems that are local to this host. ZFS and the last five aren't in linux/magic.h. */
    static const uint32_t LOCAL[] = {
        EXT4_SUPER_MAGIC,  XFS_SUPER_MAGIC,      BTRFS_SUPER_MAGIC,
        TMPFS_MAGIC,       RAMFS_MAGIC,          F2FS_SUPER_MAGIC,
        NILFS_SUPER_MAGIC, REISERFS_SUPER_MAGIC, MSDOS_SUPER_MAGIC,
        EXFAT_SUPER_MAGIC, UDF_SUPER_MAGIC,      0x2FC12FC1 /* ZFS */,
        0xCA451A4E,        0x3153464A,           0x482B,
        0x7366746E,        0x5346544E, /* bcachefs, JFS, HFS+, NTFS by ntfs3 and by ntfs */
    };
    /* Here the server grants leases: without it a lease is refused as if there were a writer. */
    static const uint32_t REMOTE[] = {NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, CIFS_SUPER_MAGIC,
                                      SMB2_SUPER_MAGIC};
    struct watch_trust trust = {.events = false, .leases = true};
    struct statfs found;
    if (fstatfs(folder, &found) != 0)
        return (struct watch_trust){0};
    for (size_t i = 0; i < sizeof LOCAL / sizeof *LOCAL; i++)
        trust.events = trust.events || (uint32_t)found.f_type == LOCAL[i];
    for (size_t i = 0; i < sizeof REMOTE / sizeof *REMOTE; i++)
        trust.leases = trust.leases && (uint32_t)found.f_type != REMOTE[i];
    return trust;
}

static bool is_regular(const struct stat *stat)
{
    errno = 0;
    return S_ISREG(stat->st_mode);
}

bool watch_file_find(struct watch_file *file)
{
    if (fstatat(file->folder, file->name, &file->stat, AT_SYMLINK_NOFOLLOW) == 0)
        return is_regular(&file->stat);
    errno = errno == ENOENT ? 0 : errno;
    return false;
}

bool watch_file_open(struct watch_file *file)
{
    /* It may have been replaced by a link, a FIFO or a device since it was found. */
    file->fd =
        openat(file->folder, file->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (file->fd >= 0)
        return fstat(file->fd, &file->stat) == 0 && is_regular(&file->stat);
    errno = errno == ENOENT || errno == ELOOP || errno == ENXIO ? 0 : errno;
    return false;
}

void watch_file_close(struct watch_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}

bool watch_file_is_unchanged(const struct watch_file *file)
{
    const struct stat *then = &file->stat;
    struct stat now;
    return fstatat(file->folder, file->name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
           now.st_ino == then->st_ino && now.st_dev == then->st_dev &&
           now.st_size == then->st_size && clock_ns(&now.st_mtim) == clock_ns(&then->st_mtim) &&
           clock_ns(&now.st_ctim) == clock_ns(&then->st_ctim);
}

enum watch_writer watch_file_writer(const struct watch_file *file)
{
    if (fcntl(file->fd, F_SETLEASE, F_RDLCK) == 0) {
        (void)fcntl(file->fd, F_SETLEASE, F_UNLCK);
        return WATCH_NO_WRITER;
    }
    return errno == EAGAIN ? WATCH_WRITER : WATCH_WRITER_UNKNOWN;
}

void watch_file_settle(const struct watch_file *file)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    int64_t age_ns = clock_ns(&now) - clock_ns(&file->stat.st_ctim);
    if (age_ns >= 0 && age_ns < TICK_NS) {
        struct timespec rest = clock_timespec(TICK_NS - age_ns);
        nanosleep(&rest, NULL);
    }
}

void watch_lock_name(const char *function, size_t length, char room[256])
{
    snprintf(room, 256, ".dime-watch.%.*s.lock", length < 200 ? (int)length : 200, function);
}

bool watch_result_is(int folder, const char *name)
{
    const dime_text ending = TEXT(".json");
    dime_text all = text_of(name);
    char lock[256];
    struct stat stat;
    if (!text_ends_nocase(all, ending))
        return false;
    size_t end = all.length - ending.length;
    for (size_t i = end; i > 1; i--) {
        if (name[i - 1] != '.' || i == end)
            continue;
        watch_lock_name(name + i, end - i, lock);
        if (fstatat(folder, lock, &stat, AT_SYMLINK_NOFOLLOW) == 0)
            return true;
    }
    return false;
}

bool watch_result_is_of(const char *result, const struct watch_file *file)
{
    struct stat stat;
    if (fstatat(file->folder, result, &stat, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(stat.st_mode))
        return false;
    int64_t modified_ns = clock_ns(&stat.st_mtim), changed_ns = clock_ns(&stat.st_ctim);
    /* On FAT both are the same, so only the mtime is compared. */
    return modified_ns == clock_ns(&file->stat.st_mtim) &&
           (changed_ns > clock_ns(&file->stat.st_ctim) || changed_ns == modified_ns);
}

static bool write_all(int fd, dime_text bytes)
{
    while (bytes.length) {
        ssize_t written = write(fd, bytes.data, bytes.length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes.data += written;
        bytes.length -= (size_t)written;
    }
    return true;
}

/* Makes a new file for FUNCTION, and sets its name. Returns a descriptor; -1 and errno. */
static int make_temporary(int folder, const char *function, char *name, size_t size)
{
    int fd = -1;
    for (int i = 0; i < NAMES_MAX && (i == 0 || (fd < 0 && errno == EEXIST)); i++) {
        uint64_t number;
        if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number)
            return -1;
        snprintf(name, size, TEMPORARY "%016llx", function, (unsigned long long)number);
        fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    }
    return fd;
}

/* Writes the file and closes it; MODIFIED is its mtime, or NULL for now. False and errno. */
static bool fill(int fd, dime_text bytes, const struct timespec *modified)
{
    const struct timespec times[] = {{.tv_nsec = UTIME_OMIT},
                                     modified ? *modified : (struct timespec){0}};
    bool fine = write_all(fd, bytes) && (!modified || futimens(fd, times) == 0) && fsync(fd) == 0;
    int error = errno;
    if (close(fd) != 0 && fine) {
        error = errno;
        fine = false;
    }
    errno = error;
    return fine;
}

bool watch_result_write(const char *result, const char *function, const struct watch_file *file,
                        dime_text bytes, bool lasts)
{
    char name[NAME_MAX + 1];
    int folder = file->folder, fd = make_temporary(folder, function, name, sizeof name);
    if (fd < 0)
        return false;
    if (fill(fd, bytes, lasts ? &file->stat.st_mtim : NULL) &&
        renameat(folder, name, folder, result) == 0)
        return true;
    int error = errno;
    (void)unlinkat(folder, name, 0);
    errno = error;
    return false;
}

void watch_result_tidy(int folder, const char *function)
{
    char prefix[NAME_MAX + 1];
    size_t length = (size_t)snprintf(prefix, sizeof prefix, TEMPORARY, function);
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *all = fd < 0 ? NULL : fdopendir(fd);
    for (const struct dirent *entry; all && (entry = readdir(all));) {
        const char *name = entry->d_name;
        if (strncmp(name, prefix, length) == 0 && name[length] &&
            !name[length + strspn(name + length, "0123456789abcdef")])
            (void)unlinkat(folder, name, 0);
    }
    if (all)
        closedir(all);
    else if (fd >= 0)
        close(fd);
}
