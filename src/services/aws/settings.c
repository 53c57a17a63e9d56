/*
 * settings.c - reads the two shared files and the environment.
 *
 * A missing file is no error: most machines have none. A file that a variable names must be
 * readable, since somebody meant it. The error names the variable and not the path, since a
 * stranger may see it. The log has the path.
 */
#include "services/aws/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "services/aws/ini.h"
#include "base/clock.h"
#include "request/log.h"

enum { FILES_KEPT_MS = 60000 };

/* One of the two files. */
struct shared_file {
    const char *variable; /* that names it */
    const char *usual;    /* below the home folder */
    const char *too_long, *unreadable;
};

static const struct shared_file CREDENTIALS = {
    "AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials",
    "The AWS credentials file is longer than 1 MiB; AWS_SHARED_CREDENTIALS_FILE must name a file "
    "of credentials.",
    "The file that AWS_SHARED_CREDENTIALS_FILE names can't be read; see the log."};
static const struct shared_file CONFIG = {
    "AWS_CONFIG_FILE", "/.aws/config",
    "The AWS config file is longer than 1 MiB; AWS_CONFIG_FILE must name a file of settings.",
    "The file that AWS_CONFIG_FILE names can't be read; see the log."};

static const char NO_SETTINGS_MEMORY[] =
    "There is no memory left to read the AWS settings; try again later.";

void settings_open(struct aws_settings *settings, const char *function)
{
    *settings = (struct aws_settings){.function = function};
    arena_open(&settings->arena, (size_t)4 * SETTINGS_FILE_MAX);
}

void settings_forget(struct aws_settings *settings)
{
    settings->read_ms = 0;
}

void settings_wipe(dime_text text)
{
    if (text.length)
        explicit_bzero((void *)text.data, text.length);
}

static void wipe(struct aws_settings *settings)
{
    settings_wipe(settings->credentials);
    settings_wipe(settings->config);
    settings->credentials = settings->config = settings->profile = (dime_text){0};
}

void settings_close(struct aws_settings *settings)
{
    wipe(settings);
    arena_close(&settings->arena);
}

dime_text settings_variable(const char *name)
{
    return text_of(getenv(name));
}

bool settings_true(dime_text value)
{
    return text_equal_nocase(value, TEXT("true"));
}

/* The file's path. False: it can't be known, or is too long. */
static bool find_path(const struct shared_file *file, char path[PATH_MAX])
{
    dime_text named = settings_variable(file->variable), home = settings_variable("HOME");
    struct buffer room;
    buffer_over(&room, path, PATH_MAX - 1);
    if (named.length && !text_starts(named, TEXT("~/"))) {
        buffer_put(&room, named);
    } else {
        buffer_put(&room, home);
        buffer_put(&room, named.length ? text_skip(named, 1) : text_of(file->usual));
    }
    path[room.length] = '\0';
    return !room.failed && (home.length || path[0] == '/' || named.length);
}

/* Reads all of an open file. -1: errno says why. */
static ssize_t read_all_of(int fd, char *room, size_t size)
{
    size_t length = 0;
    while (length < size) {
        ssize_t count = read(fd, room + length, size - length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return count < 0 ? -1 : (ssize_t)length;
        length += (size_t)count;
    }
    errno = EFBIG;
    return -1;
}

/* A file without a size gets the most room. */
static bool take_file(int fd, size_t most, struct arena *arena, dime_text *content)
{
    off_t end = lseek(fd, 0, SEEK_END);
    size_t size = end > 0 && (uintmax_t)end < most ? (size_t)end : most;
    char *room = arena_alloc(arena, size + 1);
    if (!room)
        errno = ENOMEM;
    if (!room || (end > 0 && lseek(fd, 0, SEEK_SET) < 0))
        return false;
    ssize_t length = read_all_of(fd, room, size + 1);
    if (length >= 0)
        *content = (dime_text){room, (size_t)length};
    return length >= 0;
}

bool settings_read_file(const char *path, size_t most, struct arena *arena, dime_text *content)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool taken = fd >= 0 && take_file(fd, most, arena, content);
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return taken;
}

static void read_shared_file(struct aws_settings *settings, const struct shared_file *file,
                             dime_text *text)
{
    char path[PATH_MAX];
    bool named = settings_variable(file->variable).length > 0;
    *text = TEXT("");
    if (!find_path(file, path))
        return;
    if (settings_read_file(path, SETTINGS_FILE_MAX, &settings->arena, text))
        return;
    int error = errno;
    if (error == ENOENT || error == ENOTDIR || (error == EACCES && !named))
        return; /* there is none */
    settings->fault = error == EFBIG ? file->too_long : file->unreadable;
    if (error == ENOMEM) {
        settings->fault = NO_SETTINGS_MEMORY;
        settings_forget(settings);
    }
    log_say(LOG_LEVEL_WARN, settings->function, error, "can't read %s for calls to AWS", path);
}

/* Whether either file has a section for the profile. */
static bool has_profile(const struct aws_settings *settings)
{
    dime_text value;
    struct ini_place plain = {.name = settings->profile};
    struct ini_place titled = {.kind = TEXT("profile"), .name = settings->profile};
    return ini_find(settings->credentials, &plain, &value) ||
           ini_find(settings->config, &titled, &value);
}

void settings_read(struct aws_settings *settings)
{
    int64_t now = clock_epoch_ms();
    if (settings->read_ms && now >= settings->read_ms && now - settings->read_ms < FILES_KEPT_MS)
        return;
    wipe(settings);
    arena_reset(&settings->arena);
    settings->fault = NULL;
    settings->read_ms = now;
    read_shared_file(settings, &CREDENTIALS, &settings->credentials);
    read_shared_file(settings, &CONFIG, &settings->config);
    dime_text named = settings_variable("AWS_PROFILE");
    if (!named.length)
        named = settings_variable("AWS_DEFAULT_PROFILE");
    settings->profile = named.length ? named : TEXT("default");
    if (!settings->fault && named.length && !has_profile(settings))
        settings->fault = "AWS_PROFILE names a profile that is in neither of the AWS files; name "
                          "one that is, or unset it.";
}

dime_text settings_profile(const struct aws_settings *settings, const char *key)
{
    dime_text value = {0};
    struct ini_place place = {.name = settings->profile, .key = text_of(key)};
    if (ini_find(settings->credentials, &place, &value) && value.length)
        return value;
    place.kind = TEXT("profile");
    ini_find(settings->config, &place, &value);
    return value;
}

dime_text settings_web_identity(const struct aws_settings *settings, enum settings_identity which)
{
    static const char *const NAMES[][2] = {
        {"AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file"},
        {"AWS_ROLE_ARN", "role_arn"},
        {"AWS_ROLE_SESSION_NAME", "role_session_name"},
    };
    dime_text value = settings_variable(NAMES[which][0]);
    return value.length ? value : settings_profile(settings, NAMES[which][1]);
}

bool settings_take_region(dime_text region, char room[SETTINGS_REGION_MAX + 1])
{
    room[0] = '\0';
    for (size_t i = 0; i < region.length; i++) {
        char c = region.data[i];
        if (!text_alphanumeric(c) && (c != '-' || i == 0 || i + 1 == region.length))
            return false;
    }
    if (!region.length || region.length > SETTINGS_REGION_MAX)
        return false;
    memcpy(room, region.data, region.length);
    room[region.length] = '\0';
    return true;
}

bool settings_region(const struct aws_settings *settings, dime_text region,
                     char room[SETTINGS_REGION_MAX + 1], const char **why)
{
    if (!region.length)
        region = settings_variable("AWS_REGION");
    if (!region.length)
        region = settings_variable("AWS_DEFAULT_REGION");
    if (!region.length)
        region = settings_profile(settings, "region");
    if (settings_take_region(region, room))
        return true;
    *why = region.length ? "The AWS region must be a name such as eu-west-1; correct AWS_REGION."
                         : "No AWS region is set; set AWS_REGION, such as eu-west-1.";
    return false;
}

dime_text settings_endpoint(const struct aws_settings *settings, const struct aws_service *service)
{
    dime_text value = settings_variable(service->variable);
    struct ini_place place = {
        .kind = TEXT("services"), .key = TEXT("endpoint_url"), .under = text_of(service->id)};
    if (settings_true(settings_variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")) ||
        settings_true(settings_profile(settings, "ignore_configured_endpoint_urls")))
        return TEXT("");
    if (!value.length)
        value = settings_variable("AWS_ENDPOINT_URL");
    place.name = value.length ? TEXT("") : settings_profile(settings, "services");
    if (!value.length && place.name.length)
        ini_find(settings->config, &place, &value);
    return value.length ? value : settings_profile(settings, "endpoint_url");
}
