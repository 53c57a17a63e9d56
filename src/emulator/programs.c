/*
 * programs.c - finds programs, in folders or in zips.
 *
 * Names aren't trusted, since they become parts of paths, variables and JSON.
 */
#include "emulator/programs.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "emulator/loader.h"
#include "emulator/zip.h"

static const char ENDING[] = ".bootstrap";

enum { NAME_LENGTH_MAX = 64 };

/* Whether Lambda accepts this as the name of a function. */
static bool is_name(dime_text name)
{
    for (size_t i = 0; i < name.length; i++) {
        char c = name.data[i];
        if (!text_alphanumeric(c) && c != '-' && c != '_')
            return false;
    }
    return name.length > 0 && name.length <= NAME_LENGTH_MAX;
}

/* Cuts off an ending. */
static bool cut_ending(dime_text *name, dime_text ending)
{
    if (name->length <= ending.length || !text_ends_nocase(*name, ending))
        return false;
    name->length -= ending.length;
    return true;
}

/* The name in a path: change for change.bootstrap, change-x86_64.zip and change/. */
static dime_text name_of(const char *path)
{
    static const char *const MACHINES[] = {"-x86_64", "-amd64", "-aarch64", "-arm64"};
    dime_text rest = text_of(path), part, name = TEXT("");
    while (text_cut(&rest, '/', &part)) {
        if (part.length)
            name = part;
    }
    if (cut_ending(&name, TEXT(".zip"))) {
        for (size_t i = 0; i < sizeof MACHINES / sizeof *MACHINES; i++) {
            if (cut_ending(&name, text_of(MACHINES[i])))
                break;
        }
    } else {
        (void)cut_ending(&name, text_of(ENDING));
    }
    return name;
}

/* The path of NAME.bootstrap, beside us or where dime is installed; the caller frees it. */
static char *find_installed(dime_text name)
{
    char own[PATH_MAX], *path = NULL;
    ssize_t length = readlink("/proc/self/exe", own, sizeof own);
    for (; length > 0 && own[length - 1] != '/'; length--)
        ;
    const char *const folders[] = {own, LIBEXECDIR "/dime/"};
    for (size_t i = length > 0 ? 0 : 1; i < 2; i++) {
        if (asprintf(&path, "%.*s%.*s%s", i ? INT_MAX : (int)length, folders[i], (int)name.length,
                     name.data, ENDING) < 0 ||
            !path)
            return NULL;
        if (access(path, X_OK) == 0)
            return path;
        free(path);
        path = NULL;
    }
    return NULL;
}

static bool is_directory(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Makes the program's path absolute, and finds its folder. */
static bool resolve(struct emu_lambda *lambda, const char *path)
{
    char *joined = NULL;
    if (text_ends_nocase(text_of(path), TEXT(".zip")) && !is_directory(path)) {
        lambda->root = emu_zip_unpack(lambda->emulator, path);
        lambda->unpacked = lambda->root;
        path = lambda->root;
        if (!path)
            return false;
    }
    if (is_directory(path)) {
        if (asprintf(&joined, "%s/bootstrap", path) < 0)
            return false;
        path = joined;
    }
    lambda->program = realpath(path, NULL);
    if (!lambda->program || access(lambda->program, X_OK) != 0 || is_directory(lambda->program)) {
        emu_say("%s can't be run: %s", path, strerror(errno ? errno : EACCES));
        free(joined);
        return false;
    }
    free(joined);
    if (!lambda->root) {
        const char *slash = strrchr(lambda->program, '/');
        size_t length = slash == lambda->program ? 1 : (size_t)(slash - lambda->program);
        lambda->root = strndup(lambda->program, length);
    }
    return lambda->root && emu_loader_find(lambda);
}

static void free_lambda(struct emu_lambda *lambda)
{
    if (lambda->unpacked)
        emu_zip_remove(lambda->root);
    free(lambda->root);
    free(lambda->program);
    free(lambda->loader);
    free(lambda);
}

static bool add_lambda(struct emulator *emulator, dime_text name, const char *path)
{
    struct emu_lambda **last = &emulator->lambdas;
    if (!is_name(name)) {
        emu_say("\"%.*s\" can't be a function's name; write NAME=%s", (int)name.length, name.data,
                path);
        return false;
    }
    for (; *last; last = &(*last)->next) {
        if (text_equal(text_of((*last)->name), name)) {
            emu_say("%s is given twice; write NAME=PATH for one of them", (*last)->name);
            return false;
        }
    }
    struct emu_lambda *lambda = calloc(1, sizeof *lambda);
    if (!lambda)
        return false;
    lambda->emulator = emulator;
    memcpy(lambda->name, name.data, name.length);
    errno = 0;
    if (!resolve(lambda, path)) {
        free_lambda(lambda);
        return false;
    }
    *last = lambda;
    return true;
}

bool emu_program_add(struct emulator *emulator, const char *argument)
{
    dime_text name, rest = text_of(argument);
    if (text_cut(&rest, '=', &name) && rest.data && is_name(name))
        return add_lambda(emulator, name, rest.data);
    /* A bare name is always a function's, even if this folder has a CGI program of that name. */
    char *path = is_name(text_of(argument)) ? find_installed(text_of(argument)) : NULL;
    if (!path && is_name(text_of(argument)) && access(argument, F_OK) != 0) {
        emu_say("there is no %s%s beside dime or in %s; name a program by its path", argument,
                ENDING, LIBEXECDIR "/dime");
        return false;
    }
    bool fine = add_lambda(emulator, name_of(argument), path ? path : argument);
    free(path);
    return fine;
}

void emu_programs_free(struct emulator *emulator)
{
    while (emulator->lambdas) {
        struct emu_lambda *lambda = emulator->lambdas;
        emulator->lambdas = lambda->next;
        free_lambda(lambda);
    }
}
