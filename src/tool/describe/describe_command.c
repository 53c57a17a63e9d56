/*
 * describe_command.c - dime-describe: what servers and tools need to know of a function, printed
 * from what its program says of itself.
 *
 * `dime describe` and `dime host` become this program. It isn't a part of `dime`, which has to
 * start in no time and needs none of the templates.
 */
#include <errno.h>
#include <getopt.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dime.h"
#include "tool/ask/description.h"
#include "tool/ask/find.h"
#include "tool/describe/describe.h"
#include "tool/describe/docs.h"
#include "tool/describe/host.h"
#include "tool/describe/openapi.h"
#include "tool/describe/placing.h"
#include "tool/status.h"

#define DESCRIBE "dime describe"

DIME_EMBED(COMPLETION_BASH, "src/tool/describe/completion.bash");
DIME_EMBED(COMPLETION_ZSH, "src/tool/describe/completion.zsh");
DIME_EMBED(COMPLETION_FISH, "src/tool/describe/completion.fish");

static const char HELP_DESCRIBE[] =
    "dime describe [OPTION]... FUNCTION...\n"
    "\n"
    "Prints what a function says of itself, in the form that an option asks for:\n"
    "\n"
    "  --json           the description itself (the default; dime(7) documents it)\n"
    "  --nginx          parts of nginx's configuration\n"
    "  --apache         a part of Apache's\n"
    "  --lighttpd       a part of lighttpd's\n"
    "  --openapi        one OpenAPI 3.1 document of all that are named\n"
    "  --catalog        an API catalog (RFC 9727) of all that are named\n"
    "  --page FILE      the template FILE, filled with what all that are named say\n"
    "  --schema         the JSON Schema of its fields\n"
    "  --systemd        a drop-in of its service, dime@NAME.service\n"
    "  --sam            a template of AWS SAM\n"
    "  --man            its manual page\n"
    "  --completion SHELL\n"
    "                   the completion of its fields, for bash, zsh or fish\n"
    "\n"
    "FUNCTION is the name of one that is installed, or the path of a program, as in ./shout.\n"
    "\n"
    "  --sockets DIR    the folder of the functions' sockets (default " RUNSTATEDIR "/dime)\n"
    "  --programs DIR   the folder of their programs (default: where they are now)\n"
    "  --settings DIR   the folder of dime's settings (default " SYSCONFDIR "/dime)\n"
    "  --output DIR     write each part to a file, DIR/NAME/PART, instead of printing it\n"
    "  --help           this text\n";

/* What the arguments say. */
struct describe_request {
    struct describe_places places;
    const char *output;   /* NULL: stdout */
    const char *forms[8]; /* the options that ask for parts; NULL behind the last */
    size_t form_count;
    bool schema;
    /* Makes one document of all functions; NULL: each is described by itself. */
    struct json_object *(*of_all)(struct json_object *const *functions, size_t count);
    const char *page; /* the file of a template that this is filled into, */
    const char *text; /* or a template; both NULL: it's printed as JSON */
};

static int say_wrong(int status, const char *word, const char *why)
{
    fprintf(stderr, DESCRIBE ": %s: %s\n", word, why);
    return status;
}

static bool is_wanted_part(const struct describe_request *request, const struct describe_part *part)
{
    for (size_t i = 0; i < request->form_count; i++) {
        if (strcmp(request->forms[i], part->option) == 0)
            return true;
    }
    return false;
}

/* Prints a part, or writes it to a file of its own. */
static int print_part(const struct describe_request *request, const struct describe_part *part,
                      const char *name, const char *text)
{
    char path[PATH_MAX];
    if (!request->output)
        return describe_write_text(STDOUT_FILENO, text)
                   ? STATUS_FINE
                   : say_wrong(STATUS_FAILED, part->file, strerror(errno));
    int length = snprintf(path, sizeof path, "%s/%s/%s", request->output, name, part->file);
    if (length < 0 || length >= PATH_MAX)
        return say_wrong(STATUS_FAILED, request->output, strerror(ENAMETOOLONG));
    return placing_write(path, text) ? STATUS_FINE
                                     : say_wrong(STATUS_FAILED, path, strerror(errno));
}

static int write_part(const struct describe_request *request, const struct describe_part *part,
                      struct json_object *data)
{
    const char *why;
    char *text = describe_fill(part, data, &why);
    if (!text)
        return say_wrong(STATUS_USAGE, part->file, why);
    int status = print_part(request, part, description_string(data, "name"), text);
    free(text);
    return status;
}

/* Writes those of PARTS that are wanted. */
static int write_wanted(const struct describe_request *request, const struct describe_part *parts,
                        struct json_object *data)
{
    int status = STATUS_FINE;
    for (; status == STATUS_FINE && *parts->option; parts++) {
        if (is_wanted_part(request, parts) && describe_has_part(parts, data))
            status = write_part(request, parts, data);
    }
    return status;
}

static int write_parts(const struct describe_request *request, const struct described *described,
                       const char *word)
{
    const char *why;
    struct json_object *data = describe_data(described, &request->places, &why);
    int status =
        data ? write_wanted(request, describe_parts, data) : say_wrong(STATUS_USAGE, word, why);
    if (status == STATUS_FINE)
        status = write_wanted(request, describe_texts, data);
    json_object_put(data);
    return status;
}

/* Prints a document, and frees it. */
static int print_document(struct json_object *tree)
{
    const char *text = json_object_to_json_string_ext(
        tree, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE | JSON_C_TO_STRING_SPACED);
    bool fine = tree && text;
    if (fine)
        puts(text);
    json_object_put(tree);
    return fine ? STATUS_FINE : say_wrong(STATUS_USAGE, "the document", "out of memory");
}

/* Finds a function, and reads what it says of itself. */
static int read_named(const char *word, struct callee *callee, struct description *description)
{
    if (!find_function(DESCRIBE, word, callee))
        return STATUS_USAGE;
    return description_read(description, callee->path)
               ? STATUS_FINE
               : say_wrong(STATUS_USAGE, word, "its program doesn't say what it is");
}

static int describe(const struct describe_request *request, const char *word)
{
    struct callee callee;
    struct description description = {.tree = NULL};
    int status = read_named(word, &callee, &description);
    const struct described described = {.tree = description.tree, .path = callee.path};
    if (status == STATUS_FINE && request->form_count)
        status = write_parts(request, &described, word);
    else if (status == STATUS_FINE && request->schema)
        status = print_document(schema_of(description.tree));
    else if (status == STATUS_FINE)
        status = print_document(json_object_get(description.tree));
    description_close(&description);
    return status;
}

/* Fills a template, prints it, and frees the data. WHAT is what the template is called. */
static int print_filled(const char *what, const char *source, struct json_object *data)
{
    const char *why = "out of memory";
    char *page = data ? describe_fill_text(source, data, &why) : NULL;
    int status = page ? STATUS_FINE : say_wrong(STATUS_USAGE, what, why);
    if (page)
        fputs(page, stdout);
    json_object_put(data);
    free(page);
    return status;
}

/* Reads what the functions say of themselves. */
static int read_each_function(char *const *words, size_t count, struct description *all,
                              struct json_object **trees)
{
    struct callee callee;
    int status = STATUS_FINE;
    for (size_t i = 0; i < count && status == STATUS_FINE; i++) {
        status = read_named(words[i], &callee, &all[i]);
        trees[i] = all[i].tree;
    }
    return status;
}

/* The same with the template in a file. */
static int print_page(const char *file, struct json_object *data)
{
    char *source = placing_read(file);
    if (!source) {
        json_object_put(data);
        return say_wrong(STATUS_USAGE, file, strerror(errno));
    }
    int status = print_filled(file, source, data);
    free(source);
    return status;
}

/* The template of a shell's completion; NULL: there is none. */
static const char *completion_for(const char *shell)
{
    return strcmp(shell, "bash") == 0   ? COMPLETION_BASH
           : strcmp(shell, "zsh") == 0  ? COMPLETION_ZSH
           : strcmp(shell, "fish") == 0 ? COMPLETION_FISH
                                        : NULL;
}

/* Prints one document of all functions. */
static int describe_all(const struct describe_request *request, char *const *words, size_t count)
{
    struct description *all = calloc(count, sizeof *all);
    struct json_object **trees = calloc(count, sizeof *trees);
    int status = all && trees ? read_each_function(words, count, all, trees)
                              : say_wrong(STATUS_USAGE, "the document", "out of memory");
    if (status == STATUS_FINE && request->page)
        status = print_page(request->page, request->of_all(trees, count));
    else if (status == STATUS_FINE && request->text)
        status = print_filled("--completion", request->text, request->of_all(trees, count));
    else if (status == STATUS_FINE)
        status = print_document(request->of_all(trees, count));
    for (size_t i = 0; all && i < count; i++)
        description_close(&all[i]);
    free(all);
    free(trees);
    return status;
}

/* Takes an option that getopt has found. False: it's none that there is. */
static bool take_describe_option(struct describe_request *request, int option, const char *name)
{
    const size_t most = sizeof request->forms / sizeof *request->forms;
    switch (option) {
    case 'f':
        if (request->form_count < most)
            request->forms[request->form_count++] = name;
        return true;
    case 'j':
        return true;
    case 'a':
        request->of_all = openapi_of;
        return true;
    case 'b':
        request->of_all = docs_of;
        request->text = completion_for(optarg);
        if (!request->text)
            say_wrong(STATUS_USAGE, "--completion", "completion exists for bash, zsh and fish");
        return request->text;
    case 't':
        request->of_all = docs_of;
        request->page = optarg;
        return true;
    case 'l':
        request->of_all = catalog_of;
        return true;
    case 'm':
        request->schema = true;
        return true;
    case 's':
        request->places.sockets = optarg;
        return true;
    case 'p':
        request->places.programs = optarg;
        return true;
    case 'c':
        request->places.settings = optarg;
        return true;
    case 'o':
        request->output = optarg;
        return true;
    default:
        return false;
    }
}

static int describe_functions(int count, char **arguments)
{
    static const struct option OPTIONS[] = {{"nginx", no_argument, NULL, 'f'},
                                            {"apache", no_argument, NULL, 'f'},
                                            {"lighttpd", no_argument, NULL, 'f'},
                                            {"systemd", no_argument, NULL, 'f'},
                                            {"sam", no_argument, NULL, 'f'},
                                            {"man", no_argument, NULL, 'f'},
                                            {"completion", required_argument, NULL, 'b'},
                                            {"openapi", no_argument, NULL, 'a'},
                                            {"catalog", no_argument, NULL, 'l'},
                                            {"page", required_argument, NULL, 't'},
                                            {"schema", no_argument, NULL, 'm'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"sockets", required_argument, NULL, 's'},
                                            {"programs", required_argument, NULL, 'p'},
                                            {"settings", required_argument, NULL, 'c'},
                                            {"output", required_argument, NULL, 'o'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    static char name[] = DESCRIBE; /* that getopt says */
    struct describe_request request = {
        .places = {.sockets = RUNSTATEDIR "/dime", .settings = SYSCONFDIR "/dime"}};
    int option, index, status = STATUS_FINE;
    arguments[0] = name;
    while ((option = getopt_long(count, arguments, "", OPTIONS, &index)) != -1) {
        if (option == 'h') {
            fputs(HELP_DESCRIBE, stdout);
            return status_finish(STATUS_FINE);
        }
        if (option == '?' || !take_describe_option(&request, option, OPTIONS[index].name))
            return STATUS_USAGE;
    }
    if (optind == count)
        return status_misuse("describe wants the name of a function", NULL, "dime list names them");
    if (request.of_all)
        status = describe_all(&request, arguments + optind, (size_t)(count - optind));
    for (int i = optind; i < count && status == STATUS_FINE && !request.of_all; i++)
        status = describe(&request, arguments[i]);
    return status_finish(status);
}

/* `dime` names the command. */
int main(int count, char **arguments)
{
    bool hosts = count && strcmp(arguments[0], "host") == 0;
    return (hosts ? host_command : describe_functions)(count, arguments);
}
