/*
 * settings.h - the settings for calls to AWS, from the environment and the shared files.
 *
 * The variables and files, their names and their order are those of the reference guide of AWS's
 * SDKs. The files are read when they are first needed, and again after a minute: a change needs no
 * restart, and a busy worker doesn't read them for each call.
 */
#ifndef DIME_SERVICES_AWS_SETTINGS_H
#define DIME_SERVICES_AWS_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

enum { SETTINGS_FILE_MAX = 1024 * 1024, SETTINGS_REGION_MAX = 63, SETTINGS_ENDPOINT_MAX = 255 };

/* A service's names for people and in settings. */
struct aws_service {
    const char *name;     /* Amazon Rekognition */
    const char *id;       /* rekognition: in host names, in signatures, and in the shared files */
    const char *variable; /* AWS_ENDPOINT_URL_REKOGNITION */
};

struct aws_settings {
    const char *function; /* for the log */
    struct arena arena;   /* the files' texts */
    int64_t read_ms;      /* when that was, since the epoch; 0: never */
    dime_text profile;
    dime_text credentials, config;
    const char *fault; /* a sentence: why the files can't be used; NULL: they can */
};

/* Makes settings that aren't read yet. Allocates nothing. */
void settings_open(struct aws_settings *settings, const char *function);

/* Wipes and frees the settings. */
void settings_close(struct aws_settings *settings);

/* Reads the files unless they were read less than a minute ago. */
void settings_read(struct aws_settings *settings);

/* Makes the next settings_read read them again. */
void settings_forget(struct aws_settings *settings);

/* Overwrites a secret where it lies. */
void settings_wipe(dime_text text);

/*
 * Reads a file of at most MOST bytes into the arena. False: errno says why; EFBIG: it is longer,
 * ENOMEM: out of memory.
 */
bool settings_read_file(const char *path, size_t most, struct arena *arena, dime_text *content);

/* A variable of the environment; empty if it isn't set. */
dime_text settings_variable(const char *name);

/* Whether a setting is "true", in upper or lower case. */
bool settings_true(dime_text value);

/* The profile's value of KEY, in the credentials file or else in the config file; may be empty. */
dime_text settings_profile(const struct aws_settings *settings, const char *key);

/* The settings of a web identity. */
enum settings_identity { SETTINGS_TOKEN_FILE, SETTINGS_ROLE, SETTINGS_SESSION };

/* A setting of the web identity: the environment's, or else the profile's; may be empty. */
dime_text settings_web_identity(const struct aws_settings *settings, enum settings_identity which);

/*
 * The region to call: REGION itself unless it's empty, else AWS_REGION, AWS_DEFAULT_REGION, the
 * profile's. Puts it into ROOM with a NUL. False: none is set, or it's invalid; *WHY is a sentence.
 */
bool settings_region(const struct aws_settings *settings, dime_text region,
                     char room[SETTINGS_REGION_MAX + 1], const char **why);

/* Copies a region into ROOM with a NUL, if it's valid: it becomes part of a host's name. */
bool settings_take_region(dime_text region, char room[SETTINGS_REGION_MAX + 1]);

/*
 * The address in the settings for a service, as it stands there; empty for AWS's own.
 */
dime_text settings_endpoint(const struct aws_settings *settings, const struct aws_service *service);

#endif
