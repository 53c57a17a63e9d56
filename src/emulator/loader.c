/*
 * loader.c - finds the loader in a program's own folder.
 *
 * An ELF program names its loader in the segment PT_INTERP (elf(5)); a script has none. Errors in a
 * program are left to the kernel, which reports them when it runs it. The loader takes the path of
 * the program as an argument, and searches for libraries beside itself, as the program's RPATH does
 * on Lambda.
 */
#include "emulator/loader.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char TASK_ROOT[] = "/var/task"; /* where Lambda unpacks a zip */

enum { SEGMENTS_MAX = 64 };

static bool read_at(int fd, void *room, size_t size, uint64_t offset)
{
    return offset <= INT64_MAX && pread(fd, room, size, (off_t)offset) == (ssize_t)size;
}

/* Reads the loader's path from an open program. False: it names none. */
static bool read_interpreter(int fd, char path[PATH_MAX])
{
    Elf64_Ehdr head;
    Elf64_Phdr segment;
    if (!read_at(fd, &head, sizeof head, 0) || memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
        head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_ident[EI_DATA] != ELFDATA2LSB)
        return false;
    for (uint64_t i = 0; i < head.e_phnum && i < SEGMENTS_MAX; i++) {
        if (!read_at(fd, &segment, sizeof segment, head.e_phoff + i * sizeof segment))
            return false;
        if (segment.p_type != PT_INTERP)
            continue;
        size_t size = segment.p_filesz <= PATH_MAX ? (size_t)segment.p_filesz : 0;
        return size && read_at(fd, path, size, segment.p_offset) && path[size - 1] == '\0';
    }
    return false;
}

bool emu_loader_find(struct emu_lambda *lambda)
{
    char path[PATH_MAX];
    int fd = open(lambda->program, O_RDONLY | O_CLOEXEC);
    bool named = fd >= 0 && read_interpreter(fd, path);
    if (fd >= 0)
        close(fd);
    if (!named || access(path, X_OK) == 0)
        return true;
    bool is_task =
        strncmp(path, TASK_ROOT, sizeof TASK_ROOT - 1) == 0 && path[sizeof TASK_ROOT - 1] == '/';
    if (is_task) {
        char *own = NULL;
        if (asprintf(&own, "%s%s", lambda->root, path + sizeof TASK_ROOT - 1) < 0)
            return false;
        lambda->loader = access(own, X_OK) == 0 ? realpath(own, NULL) : NULL;
        free(own);
        if (lambda->loader)
            return true;
    }
    emu_say("%s needs the loader %s, which doesn't exist%s", lambda->program, path,
            is_task ? ", not even in its folder" : "");
    return true;
}
