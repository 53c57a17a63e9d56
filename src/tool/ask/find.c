/*
 * find.c - finds functions in the folder where they are installed, or were built.
 *
 * In a build tree that folder is `functions`, beside the tool. An installed tool doesn't look
 * beside itself, since any program may be there. A file whose name begins with "dime-" or has a dot
 * isn't a function: dime's own helpers and the bootstraps of Lambda are in the same folder.
 */
#include "tool/ask/find.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char INSTALLED[] = LIBEXECDIR "/dime";

/* The folder of the functions, without a slash at its end. */
static void find_functions_folder(char folder[PATH_MAX])
{
    static const char BUILT[] = "/functions";
    struct stat stat_of_it;
    ssize_t length = readlink("/proc/self/exe", folder, PATH_MAX - sizeof BUILT);
    char *slash = NULL;
    if (length > 0) {
        folder[length] = '\0';
        slash = strrchr(folder, '/');
    }
    if (slash) {
        *slash = '\0';
        bool installed = strcmp(folder, BINDIR) == 0;
        memcpy(slash, BUILT, sizeof BUILT);
        if (!installed && stat(folder, &stat_of_it) == 0 && S_ISDIR(stat_of_it.st_mode))
            return;
    }
    snprintf(folder, PATH_MAX, "%s", INSTALLED);
}

static bool is_function_name(const char *name)
{
    return *name && !strpbrk(name, "./") && strncmp(name, "dime-", 5) != 0;
}

static bool is_runnable(const char *path)
{
    struct stat stat_of_it;
    if (stat(path, &stat_of_it) != 0)
        return false;
    if (S_ISREG(stat_of_it.st_mode))
        return access(path, X_OK) == 0;
    errno = EACCES;
    return false;
}

/* Makes the path absolute, but keeps links: a program may depend on the name it's called by. */
static bool make_path_absolute(const char *word, char path[PATH_MAX])
{
    char folder[PATH_MAX] = "";
    if (*word != '/' && !getcwd(folder, sizeof folder))
        return false;
    int length = snprintf(path, PATH_MAX, "%s%s%s", folder, *folder ? "/" : "", word);
    errno = ENAMETOOLONG;
    return length > 0 && length < PATH_MAX;
}

bool find_function(const char *program, const char *word, struct callee *callee)
{
    const char *slash = strrchr(word, '/');
    callee->name = slash ? slash + 1 : word;
    if (slash) {
        if (make_path_absolute(word, callee->path) && is_runnable(callee->path))
            return true;
        if (program)
            fprintf(stderr, "%s: %s can't be run: %s\n", program, word, strerror(errno));
        return false;
    }
    if (is_function_name(word)) {
        char folder[PATH_MAX];
        find_functions_folder(folder);
        int length = snprintf(callee->path, sizeof callee->path, "%s/%s", folder, word);
        if (length > 0 && (size_t)length < sizeof callee->path && is_runnable(callee->path))
            return true;
    }
    if (program)
        fprintf(stderr,
                "%s: there is no function \"%s\"; dime list names those that are installed\n",
                program, word);
    return false;
}

static int is_function_entry(const struct dirent *entry)
{
    return is_function_name(entry->d_name);
}

bool find_each_function(const char *program,
                        void (*take)(void *context, const struct callee *callee), void *context)
{
    struct dirent **entries = NULL;
    char folder[PATH_MAX];
    find_functions_folder(folder);
    int count = scandir(folder, &entries, is_function_entry, alphasort);
    if (count < 0 && errno != ENOENT)
        fprintf(stderr, "%s: %s can't be read: %s\n", program, folder, strerror(errno));
    bool fine = count >= 0 || errno == ENOENT;
    for (int i = 0; i < count; i++) {
        struct callee callee = {.name = entries[i]->d_name};
        int length = snprintf(callee.path, sizeof callee.path, "%s/%s", folder, callee.name);
        if (length > 0 && (size_t)length < sizeof callee.path && is_runnable(callee.path))
            take(context, &callee);
        free(entries[i]);
    }
    free(entries);
    return fine;
}
