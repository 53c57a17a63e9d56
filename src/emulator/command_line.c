/*
 * command_line.c - reads the options, and says what they mean.
 *
 * The defaults are Lambda's own where it has one, and 30 seconds for the timeout, as the template
 * that is deployed sets it.
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
    "Runs bootstrap programs as AWS Lambda runs them, on this machine: each is started when it's\n"
    "invoked first, with the variables that Lambda sets, and asks a Runtime API of its own for "
    "its\n"
    "invocations. These come in at an endpoint that curl and the AWS CLI know.\n"
    "\n"
    "PROGRAM is a bootstrap program, a folder or a zip that holds one, NAME=PATH of these, or the\n"
    "NAME of a function of dime. The zip is the one that would be deployed.\n"
    "\n"
    "  --listen HOST:PORT     where invocations come in (default 127.0.0.1:9001; port 0: any)\n"
    "  --timeout SECONDS      how long an invocation or a start may take (default 30)\n"
    "  --concurrency N        most processes of a function, started as needed (default 1)\n"
    "  --max-concurrency N    invocations at once within a process, AWS_LAMBDA_MAX_CONCURRENCY\n"
    "                         (default 1)\n"
    "  --env NAME=VALUE       a variable for the programs; --env NAME hands on your own\n"
    "  --allow HOST[:PORT]    a further name that it may be asked by, or whose web pages may ask;\n"
    "                         * is all\n"
    "  --report               a line for each invocation: duration, start, memory\n"
    "  --once                 end after one invocation; the exit status is 1 if it failed\n"
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
    "The last is the function's URL, which is there where one function is served: any other path\n"
    "is wrapped as an event and its answer unwrapped, so that a browser can open it.\n"
    "\n"
    "What the programs write appears unchanged, but for escapes on a terminal. One that ends is\n"
    "started anew by the next invocation, and one that takes too long is killed. Ctrl-C ends all\n"
    "of it.\n"
    "\n"
    "It's for trying things out: whoever can reach the port may invoke, and is asked for nothing.\n"
    "Leave it at 127.0.0.1. Only web pages are kept out, since any page could ask in your name.\n";

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

/* Adds NAME=VALUE, or where there is only NAME, what that is here. */
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

/* Takes one option; false where its value is wrong. */
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
        return misuse("there is no memory", NULL);
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
