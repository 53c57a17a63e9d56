/*
 * queue_command.c - dime-queue: the commands of `dime` for queues. A watched folder counts as a
 * queue of files.
 *
 * `dime` runs it with the same arguments. It's a separate program, so that `dime invoke` starts
 * fast and doesn't link the clients of Redis and AWS.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tool/ask/description.h"
#include "tool/consume/consume.h"
#include "base/options.h"
#include "tool/consume/send.h"
#include "tool/status.h"
#include "tool/watch/watch.h"

enum {
    VISIBILITY_MIN_MS = 100,
    VISIBILITY_MAX_S = 43200, /* SQS's own limit */
    FUNCTION_MIN_MS = 10,
    FUNCTION_USUAL_MS = 30000,
    FUNCTION_MAX_S = 900, /* Lambda's */
    RETRY_MAX_S = 900,
};

#define CONSUME "dime consume"
#define SEND    "dime send"
#define WATCH   "dime watch"

static const char HELP_CONSUME[] =
    "dime consume --queue URL --function NAME [OPTION]...\n"
    "\n"
    "Takes messages from a queue, and passes them to a function one by one, as Lambda does. A "
    "message\n"
    "is acknowledged when the function has answered it with a status below 400; otherwise it's\n"
    "delivered again. SIGTERM and Ctrl-C finish the current messages.\n"
    "\n"
    "  --queue URL            redis://HOST:PORT/STREAM, redis+unix:///SOCKET?stream=STREAM,\n"
    "                         https://sqs.REGION.amazonaws.com/ACCOUNT/NAME\n"
    "                         (default: the variable DIME_QUEUE)\n"
    "  --function NAME        the function; dime list names them. With a / in it the path of a "
    "program,\n"
    "                         any that serves FastCGI\n"
    "  --concurrency N        batches at once (default 1)\n"
    "  --batch N              the most messages in a batch (default 10)\n"
    "  --timeout SECONDS      the time limit of a batch (default 30)\n"
    "  --visibility SECONDS   how long a message stays hidden if this consumer dies (default 30)\n"
    "  --retry SECONDS        the delay before a failed message is delivered again; doubles each\n"
    "                         time (default 1)\n"
    "  --answers URL          the queue for the answers; - prints them, a line each\n"
    "  --name NAME            the consumer's name in the queue (default: this host's)\n"
    "  --once                 end after one batch, however long the wait for it takes; the exit\n"
    "                         status is 4 or 5 if a message failed\n"
    "  --help                 this text\n"
    "\n"
    "Try these, each in a terminal of its own:\n"
    "\n"
    "  dime consume --queue redis://127.0.0.1/orders --function change\n"
    "  echo '{\"amount\":1.89}' | dime send --queue redis://127.0.0.1/orders\n"
    "\n"
    "See dime-queue(1) on what a queue does with a message that fails again and again.\n";

static const char HELP_SEND[] =
    "dime send --queue URL [OPTION]... [FILE]\n"
    "\n"
    "Puts the contents of FILE, or of stdin if FILE is - or left out, into a queue as one message, "
    "and\n"
    "prints its id.\n"
    "\n"
    "  --queue URL   as of dime consume (default: the variable DIME_QUEUE)\n"
    "  --lines       each line is a message\n"
    "  --help        this text\n";

static const char HELP_WATCH[] =
    "dime watch DIR --function NAME [OPTION]...\n"
    "\n"
    "Passes each file that is put into the folder DIR to a function, as the body of a request, "
    "and\n"
    "writes the answer beside it, as FILE.NAME.json. Existing files are taken too, unless they "
    "have\n"
    "their answers; a 5xx is retried at the next start. SIGTERM and Ctrl-C finish the current "
    "files.\n"
    "\n"
    "  --function NAME     the function; dime list names them. With a / in it the path of a "
    "program,\n"
    "                      any that serves FastCGI\n"
    "  --concurrency N     files at once (default 1)\n"
    "  --timeout SECONDS   the time limit of a file (default 30)\n"
    "  --once              end when all existing files have their answers; the exit status is 4 or "
    "5\n"
    "                      by the worst answer, or 1 if a file has none\n"
    "  --help              this text\n";

static int queue_misuse(const char *program, const char *what, const char *which)
{
    fprintf(stderr, "%s: %s%s%s%s; try %s --help\n", program, what, which ? " \"" : "",
            which ? which : "", which ? "\"" : "", program);
    return STATUS_USAGE;
}

static int print_help(const char *text)
{
    fputs(text, stdout);
    return fflush(stdout) == 0 ? 0 : 1;
}

/* Reads text that must not be empty. False: it is, and an error was printed. */
static bool read_text(const char *option, dime_text *text)
{
    *text = text_of(optarg);
    if (!text->length)
        (void)queue_misuse(CONSUME, "a value is missing behind", option);
    return text->length;
}

/* Finds the function that WORD names; the result is static. NULL: there is none, and an error was
 * printed. */
static const struct callee *read_function(const char *program, const char *word)
{
    static struct callee callee;
    return find_function(program, word, &callee) ? &callee : NULL;
}

/* Whether a program is dime's own, and so describes itself. */
static bool is_own(const struct callee *callee)
{
    struct description description;
    bool own = description_read(&description, callee->path);
    description_close(&description);
    return own;
}

static bool read_consume_option(int option, struct consume_settings *settings)
{
    dime_text name;
    switch (option) {
    case 'q':
        settings->use.url = text_of(optarg);
        return true;
    case 'c':
        return option_number(CONSUME, "concurrency", optarg, CONSUME_THREADS_MAX,
                             &settings->threads);
    case 'b':
        return option_number(CONSUME, "batch", optarg, QUEUE_BATCH_MAX, &settings->batch);
    case 't':
        return option_seconds(CONSUME, "timeout", optarg, FUNCTION_MIN_MS, FUNCTION_MAX_S,
                              &settings->timeout_ms);
    case 'v':
        return option_seconds(CONSUME, "visibility", optarg, VISIBILITY_MIN_MS, VISIBILITY_MAX_S,
                              &settings->use.visibility_ms);
    case 'r':
        return option_seconds(CONSUME, "retry", optarg, 1, RETRY_MAX_S, &settings->use.retry_ms);
    case 'a':
        return read_text("--answers", &settings->answers);
    case 'n':
        settings->use.consumer = optarg;
        return read_text("--name", &name);
    case 'f':
        settings->callee = read_function(CONSUME, optarg);
        return settings->callee;
    default:
        settings->once = true;
        return true;
    }
}

/* The next option; -1 after the last. '?' and ':': it's wrong, and an error was printed. */
static int next_option(const char *program, int count, char **arguments,
                       const struct option *options)
{
    opterr = 0;
    int option = getopt_long(count, arguments, ":", options, NULL);
    if (option == '?')
        (void)queue_misuse(program, "there is no option", arguments[optind - 1]);
    if (option == ':')
        (void)queue_misuse(program, "a value is missing behind", arguments[optind - 1]);
    return option;
}

/* A queue for this URL, without a connection. NULL: an error was printed. */
static struct queue *try_url(const struct queue_use *use, dime_text url, const char *what)
{
    char why[QUEUE_ERROR];
    struct queue_use own = *use;
    own.url = url;
    struct queue *queue = queue_open(&own, why);
    if (!queue)
        fprintf(stderr, CONSUME ": the URL of %s can't be used: %s\n", what, why);
    return queue;
}

/* Whether the URLs are valid, and don't name the same queue. False: an error was printed. */
static bool check_urls(const struct consume_settings *settings)
{
    bool fine = true, answers = settings->answers.length;
    struct queue *from = try_url(&settings->use, settings->use.url, "the queue"), *to = NULL;
    if (from && answers && !text_equal(settings->answers, TEXT("-"))) {
        to = try_url(&settings->use, settings->answers, "the queue of answers");
        fine = to && !text_equal(from->place, to->place);
        if (to && !fine)
            (void)queue_misuse(CONSUME,
                               "the answers need another queue, or they become messages again:",
                               settings->answers.data);
    }
    queue_close(to);
    queue_close(from);
    return from && fine;
}

static int run_consume(struct consume_settings *settings)
{
    char name[256] = "dime";
    if (!settings->use.url.length)
        return queue_misuse(CONSUME, "name a queue with --queue", NULL);
    if (!settings->callee)
        return queue_misuse(CONSUME, "name a function with --function", NULL);
    if (!settings->use.consumer) {
        (void)gethostname(name, sizeof name - 1);
        settings->use.consumer = name;
    }
    settings->use.function = settings->callee->name;
    settings->own = is_own(settings->callee);
    settings->threads = settings->once ? 1 : settings->threads;
    int status = check_urls(settings) ? consume_queue(settings) : STATUS_USAGE;
    settings->use.consumer = NULL; /* it may point into this call's frame */
    return status;
}

static int command_consume(int count, char **arguments)
{
    static const struct option OPTIONS[] = {
        {"queue", required_argument, NULL, 'q'},
        {"function", required_argument, NULL, 'f'},
        {"concurrency", required_argument, NULL, 'c'},
        {"batch", required_argument, NULL, 'b'},
        {"timeout", required_argument, NULL, 't'},
        {"visibility", required_argument, NULL, 'v'},
        {"retry", required_argument, NULL, 'r'},
        {"answers", required_argument, NULL, 'a'},
        {"name", required_argument, NULL, 'n'},
        {"once", no_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct consume_settings settings = {
        .threads = 1,
        .batch = 10,
        .timeout_ms = FUNCTION_USUAL_MS,
        .use = {.url = text_of(getenv("DIME_QUEUE")), .visibility_ms = 30000, .retry_ms = 1000},
    };
    for (int option; (option = next_option(CONSUME, count, arguments, OPTIONS)) != -1;) {
        if (option == 'h')
            return print_help(HELP_CONSUME);
        if (option == '?' || option == ':' || !read_consume_option(option, &settings))
            return STATUS_USAGE;
    }
    if (optind < count)
        return queue_misuse(CONSUME, "unexpected argument", arguments[optind]);
    return run_consume(&settings);
}

static int command_send(int count, char **arguments)
{
    static const struct option OPTIONS[] = {
        {"queue", required_argument, NULL, 'q'},
        {"lines", no_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct send_settings settings = {
        .use = {.url = text_of(getenv("DIME_QUEUE")), .function = "send", .stop = -1},
    };
    for (int option; (option = next_option(SEND, count, arguments, OPTIONS)) != -1;) {
        if (option == 'h')
            return print_help(HELP_SEND);
        if (option == '?' || option == ':')
            return STATUS_USAGE;
        if (option == 'q')
            settings.use.url = text_of(optarg);
        else
            settings.lines = true;
    }
    settings.file = arguments[optind];
    if (optind + 1 < count)
        return queue_misuse(SEND, "it takes one file, and not also", arguments[optind + 1]);
    if (!settings.use.url.length)
        return queue_misuse(SEND, "name a queue with --queue", NULL);
    return send_messages(&settings);
}

static bool read_watch_option(int option, struct watch_settings *settings)
{
    switch (option) {
    case 'f':
        settings->callee = read_function(WATCH, optarg);
        return settings->callee;
    case 'c':
        return option_number(WATCH, "concurrency", optarg, WATCH_THREADS_MAX, &settings->threads);
    case 't':
        return option_seconds(WATCH, "timeout", optarg, FUNCTION_MIN_MS, FUNCTION_MAX_S,
                              &settings->timeout_ms);
    default:
        settings->once = true;
        return true;
    }
}

static int command_watch(int count, char **arguments)
{
    static const struct option OPTIONS[] = {
        {"function", required_argument, NULL, 'f'}, {"concurrency", required_argument, NULL, 'c'},
        {"timeout", required_argument, NULL, 't'},  {"once", no_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},           {NULL, 0, NULL, 0},
    };
    struct watch_settings settings = {.threads = 1, .timeout_ms = FUNCTION_USUAL_MS};
    for (int option; (option = next_option(WATCH, count, arguments, OPTIONS)) != -1;) {
        if (option == 'h')
            return print_help(HELP_WATCH);
        if (option == '?' || option == ':' || !read_watch_option(option, &settings))
            return STATUS_USAGE;
    }
    settings.folder = arguments[optind];
    if (optind == count)
        return queue_misuse(WATCH, "name a folder", NULL);
    if (optind + 1 < count)
        return queue_misuse(WATCH, "it takes one folder, and not also", arguments[optind + 1]);
    if (!settings.callee)
        return queue_misuse(WATCH, "name a function with --function", NULL);
    settings.own = is_own(settings.callee);
    return watch_folder(&settings);
}

int main(int count, char **arguments)
{
    static const struct {
        const char *name;
        int (*run)(int count, char **arguments);
    } COMMANDS[] = {{"consume", command_consume}, {"send", command_send}, {"watch", command_watch}};
    for (size_t i = 0; count > 1 && i < sizeof COMMANDS / sizeof *COMMANDS; i++) {
        if (strcmp(arguments[1], COMMANDS[i].name) == 0)
            return COMMANDS[i].run(count - 1, arguments + 1);
    }
    if (count > 1 && strcmp(arguments[1], "--help") == 0)
        return print_help(HELP_CONSUME) || print_help("\n") || print_help(HELP_SEND) ||
               print_help("\n") || print_help(HELP_WATCH);
    fputs("dime-queue: run dime consume, dime send or dime watch; try dime help\n", stderr);
    return STATUS_USAGE;
}
