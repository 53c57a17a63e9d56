/*
 * command_line.c - parses the options, and prints the help.
 *
 * The defaults are Lambda's own, but for the timeout of 30 seconds, which is that of dime's SAM
 * template.
 */
#include "emulator/command_line.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/options.h"

enum {
    TIMEOUT_MIN_MS = 10,
    TIMEOUT_MAX_S = 900,
    CONCURRENCY_MAX = 64,
    MAX_CONCURRENCY_MAX = 64,
};

#define PROGRAM "dime-lambda"

static const char EMULATOR_HELP[] =
    "dime lambda [OPTION]... PROGRAM...\n"
    "\n"
    "Runs bootstrap programs on this machine as AWS Lambda does: each is started by its first\n"
    "invocation, with the variables that Lambda sets, and asks a Runtime API of its own for "
    "its\n"
    "invocations. curl and the AWS CLI send these to an endpoint.\n"
    "\n"
    "PROGRAM is a bootstrap program, a folder or zip with one, NAME=PATH of these, or the NAME of\n"
    "a function of dime. The zip is the one that you would deploy.\n"
    "\n"
    "  --listen HOST:PORT     the endpoint's address (default 127.0.0.1:9001; port 0: any)\n"
    "  --timeout SECONDS      the time limit of an invocation or a start (default 30)\n"
    "  --concurrency N        the most processes of a function, started as needed (default 1)\n"
    "  --max-concurrency N    concurrent invocations in a process, AWS_LAMBDA_MAX_CONCURRENCY\n"
    "                         (default 1)\n"
    "  --env NAME=VALUE       a variable for the programs; --env NAME passes on your own\n"
    "  --allow HOST[:PORT]    accept requests to this name, and from its web pages; * is all\n"
    "  --report               print a line for each invocation: duration, start, memory\n"
    "  --once                 exit after one invocation, with status 1 if it failed\n"
    "  --help                 this text\n"
    "\n"
    "Try these, the last three in another terminal:\n"
    "\n"
    "  dime lambda change\n"
    "  curl -d '{\"amount\":1.89}' http://127.0.0.1:9001/2015-03-31/functions/change/invocations\n"
    "  aws lambda invoke --endpoint-url http://127.0.0.1:9001 --function-name change \\\n"
    "      --payload fileb://event.json answer.json\n"
    "  curl 'http://127.0.0.1:9001/?amount=1.89'\n"
    "\n"
    "The last is the function URL, which exists if one function is served: a request to another\n"
    "path becomes an event, and its answer becomes HTTP, so that a browser can open it.\n"
    "\n"
    "The programs' output is printed unchanged, but for escapes on a terminal. A program that "
    "ends\n"
    "is restarted by the next invocation, and one that takes too long is killed. Ctrl-C stops\n"
    "everything.\n"
    "\n"
    "This is for development only: anyone who can reach the port may invoke, without credentials.\n"
    "Keep it at 127.0.0.1. Only other sites' web pages are refused, since any page that you visit\n"
    "could send requests.\n";

static int misuse(const char *what, const char *which)
{
    emu_say("%s%s%s%s; try dime lambda --help", what, which ? " \"" : "", which ? which : "",
            which ? "\"" : "");
    return 2;
}

static bool add_host(struct emu_settings *settings, const char *host)
{
    size_t count = 0;
    if (!*host || strstr(host, "//")) {
        emu_say("--allow takes HOST or HOST:PORT, as in http://HOST:PORT, not \"%s\"", host);
        return false;
    }
    while (settings->allowed[count])
        count++;
    settings->allowed[count] = host;
    return true;
}

/* Adds NAME=VALUE; for NAME alone, with its value in our environment. */
static bool add_variable(struct emu_settings *settings, size_t *count, char *entry)
{
    if (strchr(entry, '=') == entry || !*entry) {
        emu_say("--env takes NAME=VALUE or NAME, not \"%s\"", entry);
        return false;
    }
    if (strchr(entry, '=')) {
        settings->variables[(*count)++] = entry;
        return true;
    }
    for (char **own = environ; *own; own++) {
        size_t length = strlen(entry);
        if (strncmp(*own, entry, length) == 0 && (*own)[length] == '=')
            settings->variables[(*count)++] = *own;
    }
    return true;
}

/* Handles one option. False: its value is wrong. */
static bool take_option(int option, struct emu_settings *settings, size_t *variables)
{
    switch (option) {
    case 'l':
        settings->listen = optarg;
        return true;
    case 't':
        return option_seconds(PROGRAM, "timeout", optarg, TIMEOUT_MIN_MS, TIMEOUT_MAX_S,
                              &settings->timeout_ms);
    case 'c':
        return option_number(PROGRAM, "concurrency", optarg, CONCURRENCY_MAX,
                             &settings->concurrency);
    case 'm':
        return option_number(PROGRAM, "max-concurrency", optarg, MAX_CONCURRENCY_MAX,
                             &settings->max_concurrency);
    case 'e':
        return add_variable(settings, variables, optarg);
    case 'a':
        return add_host(settings, optarg);
    case 'r':
        settings->report = true;
        return true;
    default:
        settings->once = true;
        return true;
    }
}

int emu_options_read(int count, char **arguments, struct emu_settings *settings)
{
    static const struct option OPTIONS[] = {
        {"listen", required_argument, NULL, 'l'},
        {"timeout", required_argument, NULL, 't'},
        {"concurrency", required_argument, NULL, 'c'},
        {"max-concurrency", required_argument, NULL, 'm'},
        {"env", required_argument, NULL, 'e'},
        {"allow", required_argument, NULL, 'a'},
        {"report", no_argument, NULL, 'r'},
        {"once", no_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    size_t variables = 0;
    *settings = (struct emu_settings){.listen = "127.0.0.1:9001",
                                      .timeout_ms = 30000,
                                      .concurrency = 1,
                                      .max_concurrency = 1,
                                      .variables = calloc((size_t)count + 1, sizeof(char *)),
                                      .allowed = calloc((size_t)count + 2, sizeof(char *))};
    if (!settings->variables || !settings->allowed)
        return misuse("out of memory", NULL);
    opterr = 0;
    for (int option; (option = getopt_long(count, arguments, ":", OPTIONS, NULL)) != -1;) {
        if (option == '?' || option == ':')
            return misuse(option == '?' ? "there is no option" : "a value is missing behind",
                          arguments[optind - 1]);
        if (option == 'h') {
            fputs(EMULATOR_HELP, stdout);
            return fflush(stdout) == 0 ? 0 : 1;
        }
        if (!take_option(option, settings, &variables))
            return 2;
    }
    (void)add_host(settings, settings->listen);
    settings->programs = arguments + optind;
    return optind < count ? -1 : misuse("name a program to run", NULL);
}
