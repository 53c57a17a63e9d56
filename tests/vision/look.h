/*
 * look.h - what the programs that try vision out share: whole files, the time, and the memory.
 *
 * Each ends the program where it can't do its work: there is nothing to try without it.
 */
#ifndef DIME_TESTS_LOOK_H
#define DIME_TESTS_LOOK_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/text.h"

/* Reads a file of at most 64 MiB; the bytes are the caller's to free. Ends the program otherwise.
 */
static inline dime_text read_file(const char *path)
{
    enum { MOST = 64 << 20 };
    FILE *file = fopen(path, "rbe");
    char *bytes = malloc(MOST);
    if (!file || !bytes) {
        fprintf(stderr, "%s can't be read\n", path);
        exit(2);
    }
    size_t length = fread(bytes, 1, MOST, file);
    fclose(file);
    char *fitting = realloc(bytes, length ? length : 1);
    return (dime_text){fitting ? fitting : bytes, length};
}

static inline void free_file(dime_text file)
{
    free((void *)(uintptr_t)file.data);
}

static inline double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* A number of /proc/self/status in KiB, such as "VmRSS:" now and "VmHWM:" at most; -1: unknown. */
static inline long memory_kb(const char *name)
{
    char line[256];
    long value = -1;
    FILE *file = fopen("/proc/self/status", "re");
    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, name, strlen(name)) == 0)
            value = strtol(line + strlen(name), NULL, 10);
    }
    if (file)
        fclose(file);
    return value;
}

#endif
