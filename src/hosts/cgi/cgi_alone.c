/*
 * cgi_alone.c - the program of one function where dime is built without libfcgi (configure
 * --with-musl): a CGI program, which takes the place of fastcgi.c.
 *
 * Started in any other way it says what it is; where FastCGI is asked of it, it says that another
 * build has it. It takes no options but --describe, --help and --version.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "config.h"
#include "hosts/cgi/cgi.h"
#include "hosts/fastcgi/fastcgi.h"
#include "net/listen.h"
#include "request/describe.h"

enum { STATUS_USAGE = 2 };

static const char HELP[] =
    "%1$s: %2$s\n"
    "\n"
    "This program answers web requests. A web server starts it for each:\n"
    "\n"
    "  as CGI:      ScriptAlias in Apache, or any server that sets REQUEST_METHOD\n"
    "  from here:   REQUEST_METHOD=GET QUERY_STRING= %1$s\n"
    "\n"
    "  --describe, --help, --version\n"
    "\n"
    "It was configured --with-musl, and so doesn't serve FastCGI: there is no --listen.\n"
    "See %1$s(8).\n";

static void print_help(FILE *stream, const dime_function *function)
{
    fprintf(stream, HELP, function->name, function->summary);
}

static int refuse_fastcgi(const dime_function *function)
{
    fprintf(stderr,
            "%s: this program was configured --with-musl, and so doesn't serve FastCGI; configure "
            "and build dime without that\n",
            function->name);
    return STATUS_USAGE;
}

/* The options of fastcgi.c are known, so that whoever gives one is told why it isn't there. */
static int obey_options(const dime_function *function, int count, char **arguments)
{
    /* clang-format off */
    static const struct option LONG[] = {
        {"listen", required_argument, NULL, 'f'},
        {"threads", required_argument, NULL, 'f'},
        {"workers", required_argument, NULL, 'f'},
        {"timeout", required_argument, NULL, 'f'},
        {"idle", required_argument, NULL, 'f'},
        {"describe", no_argument, NULL, 'd'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };
    /* clang-format on */
    switch (getopt_long(count, arguments, "", LONG, NULL)) {
    case 'f':
        return refuse_fastcgi(function);
    case 'd':
        return describe_print(function) ? 0 : 1;
    case 'h':
        print_help(stdout, function);
        return 0;
    case 'v':
        printf("%s (dime) %s\n", function->name, PACKAGE_VERSION);
        return 0;
    case -1:
        break;
    default:
        fprintf(stderr, "Try '%s --help'.\n", function->name);
        return STATUS_USAGE;
    }
    if (optind == count) {
        print_help(stderr, function);
        return STATUS_USAGE;
    }
    fprintf(stderr, "%s: \"%s\" isn't an option\nTry '%s --help'.\n", function->name,
            arguments[optind], function->name);
    return STATUS_USAGE;
}

int fastcgi_main(const dime_function *function, int count, char **arguments)
{
    if (listen_is(STDIN_FILENO))
        return refuse_fastcgi(function);
    /* Whatever the arguments: a web server may make them of the query (RFC 3875, section 4.4). */
    if (getenv("REQUEST_METHOD"))
        return cgi_serve(function);
    return obey_options(function, count, arguments);
}
