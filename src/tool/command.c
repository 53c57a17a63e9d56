/*
 * command.c - the `dime` command: runs functions from the shell with events of AWS.
 *
 * `dime invoke` reads an event that a Lambda would get, and prints the answer that the Lambda would
 * give, within a few milliseconds and without AWS. So events can be tried before anything is
 * deployed. It parses events with the code of the Lambda host, and calls the function's program.
 * The answer goes to stdout and the log line to stderr. The exit status tells a script the class of
 * the answer's status.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "config.h"
#include "tool/ask/description.h"
#include "tool/command_invoke.h"
#include "tool/samples.h"
#include "tool/status.h"

enum { PROGRAM_MAX = 32 }; /* bytes of another program's name */

static const char HELP[] =
    "dime runs functions from the shell, as AWS Lambda would.\n"
    "\n"
    "  dime list                      the functions that are installed\n"
    "  dime invoke FUNCTION [EVENT] [FIELD=VALUE]...\n"
    "                                 hand an event to a function and print its answer\n"
    "  dime event [NAME]              print a sample event, or the names of all\n"
    "  dime describe FUNCTION...      print configurations of servers for a function\n"
    "  dime host install PROGRAM ...  put a function on this host, or remove it\n"
    "  dime lambda PROGRAM...         run bootstrap programs as AWS Lambda does, for curl and aws\n"
    "  dime consume --queue URL ...   hand the messages of a queue to a function, as Lambda would\n"
    "  dime send --queue URL [FILE]   put a message into a queue\n"
    "  dime watch DIR ...             run a function on each file that is put into a folder\n"
    "  dime help [COMMAND|FUNCTION]   more about one of them; a function's fields\n"
    "  dime --help, --version\n"
    "\n"
    "FUNCTION is the name of one that is installed, or the path of any FastCGI program.\n"
    "\n"
    "Try these:\n"
    "\n"
    "  echo '{\"amount\":1.89}' | dime invoke change\n"
    "  dime event apigateway-v2 | dime invoke change\n"
    "\n"
    "See dime(1).\n";

static const char HELP_LIST[] = "dime list\n"
                                "\n"
                                "Prints a line for each installed function: its name and "
                                "what it does.\n"
                                "`dime help NAME` says what it takes.\n";

static const char HELP_INVOKE[] =
    "dime invoke FUNCTION [EVENT] [FIELD=VALUE]...\n"
    "\n"
    "Calls FUNCTION with the event in the file EVENT, or from stdin if EVENT is - or left out.\n"
    "Prints the answer in the form that the event's sender expects, and the log line on stderr.\n"
    "FUNCTION is the name of an installed function, or the path of a program, as in ./shout: any\n"
    "program that serves FastCGI. It is started for this call, and ended.\n"
    "\n"
    "An event is what AWS hands to a Lambda: the function's fields alone, as in "
    "{\"amount\":1.89},\n"
    "a request that came through API Gateway, a function URL or a load balancer, or records of "
    "S3,\n"
    "SQS, SNS and EventBridge. `dime event` has a sample of each. The answer of a function is one\n"
    "too, so that functions can stand in a pipe; the first that fails is what the last answers.\n"
    "\n"
    "FIELD=VALUE gives a field, beside an event or without one. The value of a field that is a "
    "file\n"
    "is its path; it can't stand beside an event. With a field stdin is read only where - says "
    "so,\n"
    "as in a pipe:\n"
    "\n"
    "  dime invoke change amount=1.89 currency=EUR\n"
    "  dime invoke labels image=cat.jpg | dime invoke translate - target=es\n"
    "\n"
    "dime help FUNCTION, or dime invoke FUNCTION --help, says what it takes.\n"
    "\n"
    "The exit status is 0 if the function answered 2xx or 3xx, 4 for 4xx, 5 for 5xx, 2 if it\n"
    "wasn't run, and 1 if its answer couldn't be written.\n";

static const char HELP_EVENT[] =
    "dime event [NAME]\n"
    "\n"
    "Prints the sample event NAME; without NAME, the names of all. To see what a function makes "
    "of\n"
    "one: dime event alb | dime invoke change. To change one first: dime event alb >alb.json.\n";

static const char HELP_HELP[] = "dime help [COMMAND|FUNCTION]\n"
                                "\n"
                                "Says more about a command, or what a function takes.\n";

static void print_function(void *context, const struct callee *callee)
{
    struct description description;
    (void)context;
    if (description_read(&description, callee->path))
        printf("%-12s %s\n", callee->name, description_summary(&description));
    description_close(&description);
}

static int list(char **arguments)
{
    if (arguments[0])
        return status_misuse("list takes no argument, not", arguments[0], "try dime help list");
    bool fine = find_each_function("dime", print_function, NULL);
    return status_finish(fine ? STATUS_FINE : STATUS_USAGE);
}

static int print_sample(char **arguments)
{
    if (arguments[0] && arguments[1])
        return status_misuse("event takes one name, and not also", arguments[1],
                             "try dime help event");
    for (const struct sample *sample = samples; sample->name; sample++) {
        if (!arguments[0]) {
            puts(sample->name);
        } else if (strcmp(arguments[0], sample->name) == 0) {
            (void)fwrite(sample->event.data, 1, sample->event.length, stdout);
            return status_finish(STATUS_FINE);
        }
    }
    if (arguments[0])
        return status_misuse("there is no sample event", arguments[0], "dime event names them all");
    return status_finish(STATUS_FINE);
}

static const char *value_of(const struct described_field *field)
{
    return strcmp(field->kind, "file") == 0 ? "FILE" : "VALUE";
}

/* The fields of an example: the required ones, or else the first, which most callers give. */
static void help_example(const char *word, const struct description *description)
{
    struct described_field field;
    bool given = false;
    printf("  dime invoke %s", word);
    for (size_t i = 0; description_field(description, i, &field); i++) {
        if (field.required)
            printf(" %s=%s", field.name, value_of(&field));
        given = given || field.required;
    }
    if (!given && description_field(description, 0, &field))
        printf(" %s=%s", field.name, value_of(&field));
    puts(" [FIELD=VALUE]...");
}

static void help_fields(const char *word, const struct description *description)
{
    printf("%s: %s\n\n%s", word, description_summary(description), description_help(description));
    puts("Give fields on the command line, as JSON, or in any event of `dime event`:\n");
    help_example(word, description);
}

/* Prints the help of the function that WORD names. */
static int help_function(const char *word, const struct callee *callee)
{
    struct description description;
    bool described = description_read(&description, callee->path);
    if (described) {
        help_fields(word, &description);
        if (!strchr(word, '/'))
            printf("\nSee %s(8).\n", word);
    } else {
        fprintf(stderr, "dime: the program %s doesn't describe itself\n", callee->path);
    }
    description_close(&description);
    return described ? status_finish(STATUS_FINE) : STATUS_USAGE;
}

/*
 * Executes another program, which is beside this one, or where dime is installed. Commands that
 * need an HTTP server or a queue's client are separate programs: the rest of `dime` needs neither.
 */
static int become_tool(const char *program, char **arguments, const char *remedy)
{
    char path[PATH_MAX + PROGRAM_MAX];
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX);
    while (length > 0 && path[length - 1] != '/')
        length--;
    errno = ENOENT;
    if (length > 0) {
        snprintf(path + length, PROGRAM_MAX, "%s", program);
        execv(path, arguments);
    }
    if (length <= 0 || errno == ENOENT) {
        snprintf(path, sizeof path, BINDIR "/%s", program);
        execv(path, arguments);
    }
    if (errno == ENOENT) {
        fprintf(stderr, "dime: %s isn't installed; %s\n", program, remedy);
        return STATUS_USAGE;
    }
    fprintf(stderr, "dime: %s can't be run: %s\n", program, strerror(errno));
    return STATUS_USAGE;
}

static int run_lambda(char **arguments)
{
    return become_tool("dime-lambda", arguments - 1,
                       "make builds it where libmicrohttpd-dev is installed");
}

static int run_describe(char **arguments)
{
    return become_tool("dime-describe", arguments - 1, "it's installed beside dime");
}

/* Executes dime-queue, which gets the command's name as an argument too. */
static int run_queue(char **arguments)
{
    return become_tool(
        "dime-queue", arguments - 2,
        "make builds it where libhiredis-dev and libcurl4-openssl-dev are installed");
}

/* The help of a command that is a separate program. Returns false if TOPIC isn't one. */
static bool help_elsewhere(char *topic, int *status)
{
    static const struct {
        const char *name;
        int (*run)(char **arguments);
    } ELSEWHERE[] = {{"lambda", run_lambda}, {"describe", run_describe}, {"host", run_describe},
                     {"consume", run_queue}, {"send", run_queue},        {"watch", run_queue}};
    for (size_t i = 0; i < sizeof ELSEWHERE / sizeof *ELSEWHERE; i++) {
        if (strcmp(topic, ELSEWHERE[i].name) == 0) {
            *status = ELSEWHERE[i].run((char *[]){"dime", topic, "--help", NULL} + 2);
            return true;
        }
    }
    return false;
}

static int help(char **arguments)
{
    static const struct {
        const char *name, *text;
    } TOPICS[] = {
        {"list", HELP_LIST}, {"invoke", HELP_INVOKE}, {"event", HELP_EVENT}, {"help", HELP_HELP}};
    char *topic = arguments[0];
    int status = STATUS_FINE;
    if (topic && arguments[1])
        return status_misuse("help takes one name, and not also", arguments[1],
                             "try dime help help");
    if (topic && help_elsewhere(topic, &status))
        return status;
    if (!topic) {
        fputs(HELP, stdout);
        return status_finish(STATUS_FINE);
    }
    for (size_t i = 0; i < sizeof TOPICS / sizeof *TOPICS; i++) {
        if (strcmp(topic, TOPICS[i].name) == 0) {
            fputs(TOPICS[i].text, stdout);
            return status_finish(STATUS_FINE);
        }
    }
    struct callee callee;
    if (!find_function(NULL, topic, &callee))
        return status_misuse("there is no command or function", topic, "try dime help");
    return help_function(topic, &callee);
}

static int invoke_function(char **arguments)
{
    struct callee callee;
    if (!arguments[0])
        return status_misuse("invoke needs the name of a function", NULL, "dime list names them");
    if (!find_function("dime", arguments[0], &callee))
        return STATUS_USAGE;
    for (char **word = arguments + 1; *word; word++) {
        if (strcmp(*word, "--help") == 0)
            return help_function(arguments[0], &callee);
        if (strncmp(*word, "--", 2) == 0)
            return status_misuse("invoke has no option", *word, "try dime help invoke");
    }
    return command_invoke(&callee, arguments[0], arguments + 1);
}

static int print_version(char **arguments)
{
    (void)arguments;
    puts("dime " PACKAGE_VERSION);
    return status_finish(STATUS_FINE);
}

int main(int count, char **arguments)
{
    static const struct {
        const char *name;
        int (*run)(char **arguments);
    } COMMANDS[] = {
        {"invoke", invoke_function},
        {"event", print_sample},
        {"list", list},
        {"lambda", run_lambda},
        {"describe", run_describe},
        {"host", run_describe},
        {"consume", run_queue},
        {"send", run_queue},
        {"watch", run_queue},
        {"help", help},
        {"--help", help},
        {"-h", help},
        {"--version", print_version},
    };
    if (count < 2) {
        fputs(HELP, stderr);
        return STATUS_USAGE;
    }
    /* `dime invoke --help` is what people try first. */
    if (count == 3 && arguments[1][0] != '-' && strcmp(arguments[2], "--help") == 0)
        return help((char *[]){arguments[1], NULL});
    for (size_t i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++) {
        if (strcmp(arguments[1], COMMANDS[i].name) == 0)
            return COMMANDS[i].run(arguments + 2);
    }
    struct callee callee;
    if (!find_function(NULL, arguments[1], &callee))
        return status_misuse("there is no command", arguments[1], "try dime help");
    fprintf(stderr, "dime: %s is a function; try dime invoke %s\n", arguments[1], arguments[1]);
    return STATUS_USAGE;
}
