/*
 * variables.c - the environment variables that Lambda sets for a bootstrap.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html lists them. A variable
 * from the command line replaces Lambda's. Nothing of the shell's environment is passed on, so
 * there are no credentials unless the command line sets them.
 */
#include "emulator/variables.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { VARIABLES_MAX = 96, ROOM = 256 * 1024 };

struct variable_list {
    char *list[VARIABLES_MAX];
    size_t count;
    size_t used;
    bool failed;
    char room[ROOM];
};

static bool is_set(const struct variable_list *variables, const char *entry)
{
    size_t length = (size_t)(strchr(entry, '=') - entry) + 1;
    for (size_t i = 0; i < variables->count; i++) {
        if (strncmp(variables->list[i], entry, length) == 0)
            return true;
    }
    return false;
}

/* Adds NAME=VALUE, unless that name is set already. */
static void __attribute__((format(printf, 2, 3)))
set_variable(struct variable_list *variables, const char *format, ...)
{
    char *entry = variables->room + variables->used;
    size_t left = sizeof variables->room - variables->used;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(entry, left, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= left || variables->count == VARIABLES_MAX - 1)
        variables->failed = true;
    else if (!is_set(variables, entry)) {
        variables->list[variables->count++] = entry;
        variables->used += (size_t)length + 1;
    }
}

static void add_log(struct variable_list *variables, const struct emu_environment *environment)
{
    char id[EMU_ID_SIZE], day[16];
    time_t now = time(NULL);
    struct tm parts;
    emu_make_id(id);
    gmtime_r(&now, &parts);
    strftime(day, sizeof day, "%Y/%m/%d", &parts);
    set_variable(variables, "AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/%s", environment->lambda->name);
    set_variable(variables, "AWS_LAMBDA_LOG_STREAM_NAME=%s/[$LATEST]%.8s%.4s%.4s", day, id, id + 9,
                 id + 14);
    set_variable(variables, "AWS_LAMBDA_LOG_FORMAT=Text");
}

static void add_own(struct variable_list *variables, const struct emu_environment *environment)
{
    const struct emu_lambda *lambda = environment->lambda;
    const struct emu_settings *settings = &lambda->emulator->settings;
    set_variable(variables, "AWS_LAMBDA_RUNTIME_API=127.0.0.1:%u", environment->port);
    set_variable(variables, "_HANDLER=bootstrap");
    set_variable(variables, "LAMBDA_TASK_ROOT=%s", lambda->root);
    set_variable(variables, "LAMBDA_RUNTIME_DIR=/var/runtime");
    set_variable(variables, "AWS_LAMBDA_FUNCTION_NAME=%s", lambda->name);
    set_variable(variables, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128");
    set_variable(variables, "AWS_LAMBDA_FUNCTION_VERSION=$LATEST");
    set_variable(variables, "AWS_LAMBDA_INITIALIZATION_TYPE=%s",
                 settings->max_concurrency > 1 ? "lambda-managed-instances" : "on-demand");
    if (settings->max_concurrency > 1)
        set_variable(variables, "AWS_LAMBDA_MAX_CONCURRENCY=%d", (int)settings->max_concurrency);
    set_variable(variables, "AWS_REGION=us-east-1");
    set_variable(variables, "AWS_DEFAULT_REGION=us-east-1");
    set_variable(variables, "LANG=en_US.UTF-8");
    set_variable(variables, "TZ=:UTC");
    set_variable(variables, "PATH=/usr/local/bin:/usr/bin/:/bin:/opt/bin");
    set_variable(
        variables,
        "LD_LIBRARY_PATH=/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:%s:%s/lib:"
        "/opt/lib",
        lambda->root, lambda->root);
    add_log(variables, environment);
}

char **emu_variables(const struct emu_environment *environment)
{
    struct variable_list *variables = calloc(1, sizeof *variables);
    if (!variables)
        return NULL;
    const char *const *given = environment->lambda->emulator->settings.variables;
    for (size_t i = 0; given[i]; i++)
        set_variable(variables, "%s", given[i]);
    add_own(variables, environment);
    if (variables->failed) {
        free(variables);
        return NULL;
    }
    /* The list is the first member: freeing it frees all. */
    return variables->list;
}
