/*
 * credentials.c - the form of keys, and the order of the places that may have them.
 *
 * The environment and the files are searched for each call, in memory. provider.c fetches the keys
 * that only a server hands out.
 */
#include "services/aws/credentials.h"

#include <stdlib.h>
#include <time.h>

#include "services/aws/ini.h"
#include "base/json.h"

/* Keys and tokens are printable ASCII; a line end in one would be a header of its own. */
static bool take_key(char *room, size_t most, dime_text value)
{
    room[0] = '\0';
    for (size_t i = 0; i < value.length; i++) {
        if (value.data[i] <= ' ' || value.data[i] > '~')
            return false;
    }
    if (value.length > most)
        return false;
    memcpy(room, value.data, value.length);
    room[value.length] = '\0';
    return true;
}

bool credentials_set(struct credentials *credentials, dime_text id, dime_text secret,
                     dime_text token)
{
    credentials->expires_ms = 0;
    if (id.length && secret.length && take_key(credentials->id, CREDENTIALS_KEY_MAX, id) &&
        take_key(credentials->secret, CREDENTIALS_KEY_MAX, secret) &&
        take_key(credentials->token, CREDENTIALS_TOKEN_MAX, token))
        return true;
    explicit_bzero(credentials, sizeof *credentials);
    return false;
}

bool credentials_read(struct credentials *credentials, dime_text json, struct arena *arena)
{
    struct json_value value;
    struct json_error error;
    if (!json_check(json, arena, &value, &error) || value.kind != JSON_OBJECT ||
        !credentials_set(credentials, json_text_at(value, "AccessKeyId", arena),
                         json_text_at(value, "SecretAccessKey", arena),
                         json_text_at(value, "Token", arena)))
        return false;
    dime_text expiration = json_text_at(value, "Expiration", arena);
    return !expiration.length || credentials_time(expiration, &credentials->expires_ms);
}

/* Reads LENGTH digits of a time at AT. */
static int digits_at(dime_text text, size_t at, size_t length)
{
    int64_t value = -1;
    dime_text part = {text.data + at, length};
    return text_to_int64(part, &value) && value >= 0 ? (int)value : -1;
}

bool credentials_time(dime_text text, int64_t *milliseconds)
{
    static const char PATTERN[] = "0000-00-00T00:00:00";
    const size_t length = sizeof PATTERN - 1;
    if (text.length <= length || text.data[text.length - 1] != 'Z')
        return false;
    for (size_t i = 0; i < length; i++) {
        bool digit = text.data[i] >= '0' && text.data[i] <= '9';
        if (PATTERN[i] == '0' ? !digit : text.data[i] != PATTERN[i])
            return false;
    }
    struct tm time = {.tm_year = digits_at(text, 0, 4) - 1900,
                      .tm_mon = digits_at(text, 5, 2) - 1,
                      .tm_mday = digits_at(text, 8, 2),
                      .tm_hour = digits_at(text, 11, 2),
                      .tm_min = digits_at(text, 14, 2),
                      .tm_sec = digits_at(text, 17, 2)};
    *milliseconds = (int64_t)timegm(&time) * 1000; /* a fraction of a second doesn't matter */
    return true;
}

/* The first of a value's names that is set; the old name comes first, as in botocore. */
static dime_text token_of_environment(void)
{
    dime_text token = settings_variable("AWS_SECURITY_TOKEN");
    return token.length ? token : settings_variable("AWS_SESSION_TOKEN");
}

static enum origin find_in_environment(struct credentials *credentials, const char **why)
{
    dime_text id = settings_variable("AWS_ACCESS_KEY_ID");
    dime_text secret = settings_variable("AWS_SECRET_ACCESS_KEY");
    if (!id.length)
        return ORIGIN_NONE;
    if (credentials_set(credentials, id, secret, token_of_environment()))
        return ORIGIN_SETTINGS;
    *why = secret.length ? "The AWS keys in the environment aren't keys; copy them again."
                         : "AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY; set both.";
    return ORIGIN_FAULT;
}

static enum origin find_in_file(dime_text file, struct ini_place place,
                                struct credentials *credentials, const char **why)
{
    dime_text id, secret, token;
    place.key = TEXT("aws_access_key_id");
    ini_find(file, &place, &id);
    place.key = TEXT("aws_secret_access_key");
    ini_find(file, &place, &secret);
    place.key = TEXT("aws_security_token");
    ini_find(file, &place, &token);
    place.key = TEXT("aws_session_token");
    if (!token.length)
        ini_find(file, &place, &token);
    if (!id.length)
        return ORIGIN_NONE;
    if (credentials_set(credentials, id, secret, token))
        return ORIGIN_SETTINGS;
    *why = secret.length ? "The AWS keys in the profile aren't keys; copy them again."
                         : "The AWS profile has aws_access_key_id without aws_secret_access_key; "
                           "it needs both.";
    return ORIGIN_FAULT;
}

static bool has(const struct aws_settings *settings, const char *key)
{
    return settings_profile(settings, key).length > 0;
}

static enum origin refuse_profile(const char *why, const char **told)
{
    *told = why;
    return ORIGIN_FAULT;
}

/* A role, a web identity and SSO come before all keys in files. */
static enum origin find_before_files(const struct aws_settings *settings, const char **why)
{
    if (has(settings, "role_arn") && !has(settings, "web_identity_token_file"))
        return refuse_profile(
            "The AWS profile has a role (role_arn), which dime doesn't assume; set the "
            "variables that `aws configure export-credentials --format env` prints.",
            why);
    if (settings_web_identity(settings, SETTINGS_TOKEN_FILE).length)
        return ORIGIN_WEB_IDENTITY;
    if (has(settings, "sso_account_id") || has(settings, "sso_role_name"))
        return refuse_profile(
            "The AWS profile uses SSO, which dime doesn't support; set the variables that `aws "
            "configure export-credentials --format env` prints.",
            why);
    return ORIGIN_NONE;
}

static enum origin find_in_files(const struct aws_settings *settings,
                                 struct credentials *credentials, const char **why)
{
    static const char OTHER[] =
        "The AWS profile has no keys of its own but a login, a process, SSO or another profile's; "
        "set the variables that `aws configure export-credentials --format env` prints.";
    struct ini_place plain = {.name = settings->profile};
    struct ini_place titled = {.kind = TEXT("profile"), .name = settings->profile};
    enum origin origin = find_in_file(settings->credentials, plain, credentials, why);
    if (origin != ORIGIN_NONE)
        return origin;
    if (has(settings, "login_session") || has(settings, "credential_process"))
        return refuse_profile(OTHER, why);
    origin = find_in_file(settings->config, titled, credentials, why);
    if (origin != ORIGIN_NONE)
        return origin;
    if (has(settings, "sso_session") || has(settings, "sso_start_url") ||
        has(settings, "source_profile") || has(settings, "credential_source"))
        return refuse_profile(OTHER, why);
    return ORIGIN_NONE;
}

static enum origin find_server(const char **why)
{
    if (settings_variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").length ||
        settings_variable("AWS_CONTAINER_CREDENTIALS_FULL_URI").length)
        return ORIGIN_CONTAINER;
    *why = CREDENTIALS_NONE;
    return settings_true(settings_variable("AWS_EC2_METADATA_DISABLED")) ? ORIGIN_NONE
                                                                         : ORIGIN_INSTANCE;
}

enum origin credentials_find(const struct aws_settings *settings, struct credentials *credentials,
                             const char **why)
{
    if (settings->fault) {
        *why = settings->fault;
        return ORIGIN_FAULT;
    }
    enum origin origin = find_in_environment(credentials, why);
    if (origin == ORIGIN_NONE)
        origin = find_before_files(settings, why);
    if (origin == ORIGIN_NONE)
        origin = find_in_files(settings, credentials, why);
    return origin == ORIGIN_NONE ? find_server(why) : origin;
}
