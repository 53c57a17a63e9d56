/*
 * zip.c - runs unzip, and limits it.
 *
 * unzip is easily available, sets the modes in the zip, and refuses `..` and links that lead out of
 * the folder. It gets the zip as a descriptor, since a name could be taken for an option or a
 * pattern. It gets nothing of the shell's environment, since a variable can hold options, and no
 * terminal, so that it can't prompt. A small zip can unpack to gigabytes: the folder's size is
 * measured while it grows, and a limit on file sizes applies in between.
 */
#include "emulator/zip.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"

enum {
    MEASURE_MS = 50,
    ZIP_FD = CHILD_FDS - 1, /* unzip reads the zip from it */
    SAID_MAX = 512,
    FOLDERS_OPEN = 16,
    /* From unzip(1), "DIAGNOSTICS". */
    UNZIP_WARNED = 1,
    UNZIP_DISK_FULL = 50,
    UNZIP_ENCRYPTED = 82,
};

/* A zip that is being unpacked. */
struct unpacking {
    struct emulator *emulator;
    const char *path;
    char *folder;
    int zip, said; /* descriptors: of the zip, and of unzip's messages */
    pid_t pid;
    bool too_large;
};

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

void emu_zip_remove(const char *folder)
{
    if (nftw(folder, remove_one, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS) != 0)
        emu_say("%s can't be removed: %s", folder, strerror(errno));
}

static uint64_t measured; /* bytes; nftw has no argument for its callback */

static int measure_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)path;
    (void)walk;
    if (type == FTW_F && status->st_size > 0)
        measured += (uint64_t)status->st_size;
    return 0;
}

/* Whether the folder has become larger than Lambda allows. */
static bool is_too_large(const struct unpacking *unpacking)
{
    measured = 0;
    /* A file that unzip is just replacing is counted the next time. */
    (void)nftw(unpacking->folder, measure_one, FOLDERS_OPEN, FTW_PHYS);
    return measured > EMU_UNPACKED_MAX;
}

/* In the child: becomes unzip, or returns with errno set. */
static void become_unzip(const void *what)
{
    const struct unpacking *unpacking = what;
    const struct rlimit most = {EMU_UNPACKED_MAX + 1, EMU_UNPACKED_MAX + 1};
    char path[32], locale[] = "LC_ALL=C.UTF-8";
    /* In quiet mode it would skip `..` without an error. */
    char *const words[] = {"unzip", "-o", "-d", unpacking->folder, path, NULL};
    char *const variables[] = {locale, NULL};
    signal(SIGXFSZ, SIG_IGN); /* so that unzip gets an error, instead of dumping core */
    snprintf(path, sizeof path, "/dev/fd/%d", ZIP_FD);
    int null = open("/dev/null", O_RDWR);
    if (setsid() < 0 || setrlimit(RLIMIT_FSIZE, &most) != 0 || null < 0 ||
        dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
        dup2(unpacking->said, STDERR_FILENO) < 0 || dup2(unpacking->zip, ZIP_FD) < 0)
        return;
    close_range(ZIP_FD + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    execvpe(words[0], words, variables);
}

/* Duplicates a descriptor above those that the child uses. -1 and errno: none is left. */
static int move_up(int fd)
{
    int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, CHILD_FDS);
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return high;
}

/* Waits for unzip, and kills it if we must stop, or if it has written too much. */
static int wait_for_unzip(struct unpacking *unpacking)
{
    struct emulator *emulator = unpacking->emulator;
    struct pollfd fd = {.fd = emulator->signals, .events = POLLIN};
    struct signalfd_siginfo info;
    int status = -1;
    while (waitpid(unpacking->pid, &status, WNOHANG) == 0) {
        (void)poll(&fd, 1, MEASURE_MS);
        if (read(emulator->signals, &info, sizeof info) == (ssize_t)sizeof info &&
            info.ssi_signo != SIGCHLD)
            emulator->stopping = true;
        unpacking->too_large = unpacking->too_large || is_too_large(unpacking);
        if (emulator->stopping || unpacking->too_large)
            kill(unpacking->pid, SIGKILL);
    }
    unpacking->too_large = unpacking->too_large || is_too_large(unpacking);
    return status;
}

/* Reads the first line of unzip's messages. Returns its length; 0: there is none. */
static int read_said(const struct unpacking *unpacking, char said[SAID_MAX])
{
    ssize_t length = pread(unpacking->said, said, SAID_MAX, 0);
    const char *end = length > 0 ? memchr(said, '\n', (size_t)length) : NULL;
    return end ? (int)(end - said) : length > 0 ? (int)length : 0;
}

/* Prints why the zip couldn't be unpacked, and unzip's message. */
static void tell_unzip_failure(const struct unpacking *unpacking, int error, int status)
{
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    char said[SAID_MAX];
    int length = read_said(unpacking, said);
    if (unpacking->too_large)
        emu_say("%s unpacks to more than %d MB, the most that Lambda accepts", unpacking->path,
                EMU_UNPACKED_MAX / 1024 / 1024);
    else if (error)
        emu_say(error == ENOENT ? "%s can't be unpacked: install unzip"
                                : "%s can't be unpacked: %s",
                unpacking->path, strerror(error));
    else
        emu_say("%s can't be unpacked: %s%s%.*s", unpacking->path,
                code == UNZIP_WARNED      ? "a name in it may lead out of its folder"
                : code == UNZIP_DISK_FULL ? "the disk is full; set TMPDIR to a folder with room"
                : code == UNZIP_ENCRYPTED ? "it's encrypted"
                                          : "is it a zip?",
                length ? "; unzip says: " : "", length, said);
}

/* Makes the folder and unpacks to it. False: it failed, and the folder was removed. */
static bool unpack(struct unpacking *unpacking)
{
    if (!mkdtemp(unpacking->folder)) {
        emu_say("can't make a folder like %s: %s", unpacking->folder, strerror(errno));
        return false;
    }
    int error = child_start(&unpacking->pid, become_unzip, unpacking);
    int status = error ? -1 : wait_for_unzip(unpacking);
    if (!error && status == 0 && !unpacking->too_large && !unpacking->emulator->stopping)
        return true;
    if (!unpacking->emulator->stopping)
        tell_unzip_failure(unpacking, error, status);
    emu_zip_remove(unpacking->folder);
    return false;
}

char *emu_zip_unpack(struct emulator *emulator, const char *path)
{
    const char *temporary = getenv("TMPDIR");
    struct unpacking unpacking = {.emulator = emulator, .path = path};
    if (asprintf(&unpacking.folder, "%s/dime-lambda.XXXXXX",
                 temporary && *temporary ? temporary : "/tmp") < 0)
        return NULL;
    unpacking.zip = move_up(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    unpacking.said = unpacking.zip < 0 ? -1 : move_up(memfd_create("unzip", MFD_CLOEXEC));
    struct stat found;
    bool fine = false;
    if (unpacking.said < 0 || fstat(unpacking.zip, &found) != 0)
        emu_say("%s can't be read: %s", path, strerror(errno));
    else if (!S_ISREG(found.st_mode))
        emu_say("%s can't be unpacked: it isn't a file", path);
    else
        fine = unpack(&unpacking);
    if (unpacking.zip >= 0)
        close(unpacking.zip);
    if (unpacking.said >= 0)
        close(unpacking.said);
    if (fine)
        return unpacking.folder;
    free(unpacking.folder);
    return NULL;
}
