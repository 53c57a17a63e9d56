/*
 * program.c - dime_main of libdime: the program of one function, as a FastCGI responder or a CGI
 * program.
 *
 * With a listening socket as fd 0 (from spawn-fcgi, systemd or our own parent) or with --listen it
 * is a responder. With the variables of CGI it is a CGI program. Otherwise somebody has started it
 * by hand, and it says what it is. A CGI server starts it for every request, so CGI is detected
 * before anything else.
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config.h"
#include "base/options.h"
#include "request/describe.h"
#include "request/function.h"
#include "request/help.h"
#include "request/log.h"
#include "request/page.h"
#include "hosts/cgi.h"
#include "net/listen.h"
#include "hosts/fastcgi/responder.h"
#include "hosts/fastcgi/workers.h"

enum {
    TIMEOUT_SECONDS = 30,
    TIMEOUT_SECONDS_MAX = 3600,
    IDLE_SECONDS_MAX = 86400,
    BAD_USAGE = 2,
    HELP_MEMORY_MAX = 4 * 1024 * 1024,
};

struct program_options {
    const dime_function *function;
    const char *listen; /* NULL: fd 0 */
    int64_t threads;
    int64_t workers; /* 0: no parent */
    int64_t timeout_seconds;
    int64_t idle_seconds; /* 0: it never ends when idle */
};

static const char PROGRAM_HELP[] =
    "%1$s: %2$s\n"
    "\n"
    "%6$.*5$sThis program answers web requests. A web server starts it, or sends requests to it:\n"
    "\n"
    "  as FastCGI:  %1$s --listen unix:PATH       and fastcgi_pass unix:PATH in nginx\n"
    "               %1$s --listen 127.0.0.1:9000\n"
    "               spawn-fcgi -s PATH -- %1$s\n"
    "  as CGI:      ScriptAlias in Apache, or any server that sets REQUEST_METHOD\n"
    "  from here:   REQUEST_METHOD=GET QUERY_STRING= %1$s\n"
    "\n"
    "  --listen ADDRESS   listen on unix:PATH or on a numeric HOST:PORT\n"
    "  --threads N        handle at most N requests at once (default: %4$s)\n"
    "  --workers N        run N processes under a parent that restarts them\n"
    "  --timeout SECONDS  the time limit for receiving a request, and for sending its answer\n"
    "                     (default: %3$d)\n"
    "  --idle SECONDS     exit after this long without a request, if systemd holds the socket\n"
    "  --describe         print a description of the function as JSON\n"
    "  --help, --version\n"
    "\n"
    "SIGTERM finishes current requests and stops. With --workers, SIGHUP replaces the workers.\n"
    "See dime(7).\n";

static void print_program_help(FILE *stream, const dime_function *function)
{
    struct arena arena;
    struct buffer fields;
    arena_open(&arena, HELP_MEMORY_MAX);
    buffer_open(&fields, &arena, HELP_MEMORY_MAX);
    help_write(function, &fields);
    fprintf(stream, PROGRAM_HELP, function->name, function->summary, TIMEOUT_SECONDS,
            function->heavy ? "1, and several workers" : "the number of cores", (int)fields.length,
            fields.data);
    arena_close(&arena);
}

/* A heavy function's workers are processes, so that one that dies loses no other's request. */
static int usual_threads(const dime_function *function)
{
    if (function->heavy)
        return 1;
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : count > RESPONDER_THREADS_MAX ? RESPONDER_THREADS_MAX : (int)count;
}

/* Returns the exit status, or -1 to continue. */
static int take_program_option(int option, struct program_options *options)
{
    const char *name = options->function->name;
    bool fine = true;
    switch (option) {
    case 'l':
        options->listen = optarg;
        break;
    case 't':
        fine = option_number(name, "threads", optarg, RESPONDER_THREADS_MAX, &options->threads);
        break;
    case 'w':
        fine = option_number(name, "workers", optarg, WORKERS_MAX, &options->workers);
        break;
    case 'T':
        fine =
            option_number(name, "timeout", optarg, TIMEOUT_SECONDS_MAX, &options->timeout_seconds);
        break;
    case 'i':
        fine = option_number(name, "idle", optarg, IDLE_SECONDS_MAX, &options->idle_seconds);
        break;
    case 'd':
        return describe_print(options->function) ? 0 : 1;
    case 'h':
        print_program_help(stdout, options->function);
        return 0;
    case 'v':
        printf("%s (dime) %s\n", name, PACKAGE_VERSION);
        return 0;
    default:
        fprintf(stderr, "Try '%s --help'.\n", name);
        fine = false;
    }
    return fine ? -1 : BAD_USAGE;
}

/* A program that opened the socket itself must keep running: nobody would restart it. */
static int check_idle(const struct program_options *options)
{
    if (!options->idle_seconds || (!options->listen && !options->workers))
        return -1;
    fprintf(stderr,
            "%s: --idle is for a socket that systemd holds and hands over; leave out --listen "
            "and --workers\n",
            options->function->name);
    return BAD_USAGE;
}

static int read_program_options(int count, char **arguments, struct program_options *options)
{
    /* clang-format off */
    static const struct option LONG[] = {
        {"listen", required_argument, NULL, 'l'},
        {"threads", required_argument, NULL, 't'},
        {"workers", required_argument, NULL, 'w'},
        {"timeout", required_argument, NULL, 'T'},
        {"idle", required_argument, NULL, 'i'},
        {"describe", no_argument, NULL, 'd'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };
    /* clang-format on */
    int option, status;
    while ((option = getopt_long(count, arguments, "", LONG, NULL)) != -1) {
        if ((status = take_program_option(option, options)) >= 0)
            return status;
    }
    if (optind == count)
        return check_idle(options);
    fprintf(stderr, "%s: \"%s\" isn't an option\nTry '%s --help'.\n", options->function->name,
            arguments[optind], options->function->name);
    return BAD_USAGE;
}

static int serve_alone(const struct program_options *options, int listener)
{
    struct responder_settings settings = {
        .function = options->function,
        .listener = listener,
        .own_listener = options->listen,
        .threads = (int)options->threads,
        .timeout_ms = options->timeout_seconds * 1000,
        .idle_ms = options->idle_seconds * 1000,
    };
    return responder_serve(&settings);
}

static int serve_with_workers(const struct program_options *options, int listener)
{
    char threads[32], timeout[32], name[64];
    snprintf(name, sizeof name, "%s", options->function->name);
    snprintf(threads, sizeof threads, "--threads=%d", (int)options->threads);
    snprintf(timeout, sizeof timeout, "--timeout=%d", (int)options->timeout_seconds);
    char *arguments[] = {name, threads, timeout, NULL};
    struct workers_settings settings = {
        .function = options->function->name,
        .listener = listener,
        .own_listener = options->listen,
        .count = (int)options->workers,
        .timeout_ms = options->timeout_seconds * 1000,
        .arguments = arguments,
    };
    return workers_run(&settings);
}

/*
 * Opens those of the descriptors 0, 1 and 2 that are closed on /dev/null, so that none of our
 * sockets gets such a number and has the log written into it.
 */
static bool fill_descriptors(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            return false;
    }
    return true;
}

static int be_responder(const struct program_options *options)
{
    int listener = STDIN_FILENO;
    if (options->listen)
        listener = listen_open(options->listen, options->function->name);
    if (listener < 0)
        return 1;
    int status =
        options->workers ? serve_with_workers(options, listener) : serve_alone(options, listener);
    if (options->listen)
        listen_remove(options->listen);
    return status;
}

int dime_main(const dime_function *function, int count, char **arguments)
{
    char why[512];
    bool listening = listen_is(STDIN_FILENO);
    /* Ignore arguments: a web server may derive them from the query (RFC 3875, section 4.4). */
    bool is_cgi = !listening && getenv("REQUEST_METHOD");
    /* CGI doesn't check the function's page: that would make each request 3 % slower. */
    if (!function_check(function, why, sizeof why) ||
        (!is_cgi && !page_check(function, why, sizeof why))) {
        fprintf(stderr, "%s: there is a mistake in it: %s\n", function->name, why);
        return BAD_USAGE;
    }
    if (is_cgi)
        return cgi_serve(function);
    struct program_options options = {.function = function,
                                      .threads = usual_threads(function),
                                      .timeout_seconds = TIMEOUT_SECONDS};
    int status = read_program_options(count, arguments, &options);
    if (status >= 0)
        return status;
    if (listening || options.listen)
        return fill_descriptors() ? be_responder(&options) : 1;
    print_program_help(stderr, function);
    return BAD_USAGE;
}
