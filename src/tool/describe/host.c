/*
 * host.c - puts a function on this host, behind its web server: `dime host`.
 *
 * Its program goes to dime's folder of programs, the parts of servers' configurations to a folder
 * of its own beside dime's settings, and systemd gets its socket. The server judges its own
 * configuration before anybody reloads it: what it refuses is taken back. What was written is known
 * by writing it once more from the description of the program that is installed, so no list of
 * files is kept anywhere. A signal that asks it to stop is looked at between the steps, and what
 * was written is taken back then too.
 */
#include "tool/describe/host.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/stopping.h"
#include "tool/ask/description.h"
#include "tool/ask/find.h"
#include "tool/describe/describe.h"
#include "tool/describe/placing.h"
#include "tool/status.h"

#define HOST     "dime host"
#define PROGRAMS LIBEXECDIR "/dime"
#define SETTINGS SYSCONFDIR "/dime"
#define UNITS    "/etc/systemd/system"

enum { COMMAND_MAX = 1024, OUTPUT_MAX = 16 * 1024, SERVERS = 3 };

static const char HELP_HOST[] =
    "dime host install PROGRAM [--nginx] [--apache] [--lighttpd]\n"
    "dime host remove NAME\n"
    "\n"
    "Puts a function on this host: its program into " PROGRAMS ", its part of the server's\n"
    "configuration into " SETTINGS "/functions/NAME, and its socket into systemd's care. The\n"
    "server tests the configuration; what it refuses is taken back. It isn't reloaded.\n"
    "A part that you have changed is kept, and the new one is written beside it.\n"
    "\n"
    "remove takes all of that away. See dime(1).\n";

static const struct server {
    const char *option, *test, *shows, *reload, *include;
} SERVER[SERVERS] = {
    {"nginx", "nginx -t -q ", "nginx -T", "systemctl reload nginx",
     "nginx has no site with " SETTINGS "/dime-server.conf yet; dime(7) says how to make one"},
    {"apache", "apachectl configtest ", "apachectl -t -D DUMP_INCLUDES", "systemctl reload apache2",
     "Apache doesn't include dime's parts yet; dime(7) says how: a2enconf dime"},
    {"lighttpd", "lighttpd -tt -f /etc/lighttpd/lighttpd.conf ",
     "lighttpd -p -f /etc/lighttpd/lighttpd.conf", "systemctl reload lighttpd",
     "lighttpd doesn't include dime's parts yet; dime(7) says how: lighty-enable-mod dime"},
};

static const struct describe_places HOST_PLACES = {
    .sockets = RUNSTATEDIR "/dime", .programs = PROGRAMS, .settings = SETTINGS};

/* A function that is being installed or removed. */
struct hosting {
    const char *name;
    char program[PATH_MAX];    /* where its program lies, or will */
    struct json_object *data;  /* of the program that is to be; of the installed one, to remove */
    struct json_object *usual; /* of the program that is installed; NULL: none is */
    bool wanted[SERVERS];      /* the administrator names it */
    bool there[SERVERS];       /* it's on this host, and has a part of the function already */
    struct placing placing;
    int signals; /* those that ask to stop can be read from it */
};

static int fail_to_host(int status, const char *what, const char *why)
{
    (void)fflush(stdout);
    fprintf(stderr, HOST ": %s%s%s\n", what, *why ? ": " : "", why);
    return status;
}

/* Whether somebody asks it to stop. */
static bool is_stopped(const struct hosting *hosting)
{
    struct pollfd waiting = {.fd = hosting->signals, .events = POLLIN};
    return poll(&waiting, 1, 0) > 0;
}

/* Reads all that is said, and keeps the beginning of it. */
static void hear(int from, char said[OUTPUT_MAX])
{
    char rest[COMMAND_MAX] = "";
    size_t length = 0;
    ssize_t got = 1;
    while (got > 0 || (got < 0 && errno == EINTR)) {
        bool room = length < OUTPUT_MAX - 1;
        got = read(from, room ? said + length : rest, room ? OUTPUT_MAX - 1 - length : sizeof rest);
        length += room && got > 0 ? (size_t)got : 0;
    }
    said[length] = '\0';
}

/* Starts the shell with its output at OUT, and with the signals as they are by default. */
static bool start_shell(pid_t *pid, char *command, int out)
{
    char *words[] = {"sh", "-c", command, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    if (posix_spawn_file_actions_init(&actions) != 0)
        return false;
    bool started = posix_spawnattr_init(&attributes) == 0;
    if (started) {
        started = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO) == 0 &&
                  posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO) == 0 &&
                  posix_spawnattr_setsigmask(&attributes, &none) == 0 &&
                  posix_spawnattr_setsigdefault(&attributes, &usual) == 0 &&
                  posix_spawnattr_setflags(&attributes,
                                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) == 0 &&
                  posix_spawn(pid, "/bin/sh", &actions, &attributes, words, environ) == 0;
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return started;
}

/* Runs a command of the shell; SAID gets what it says. True: its exit status is 0. The words that
 * are filled in are plain: see describe_data. */
__attribute__((format(printf, 2, 3))) static bool run_command(char said[OUTPUT_MAX],
                                                              const char *format, ...)
{
    char command[COMMAND_MAX] = "PATH=\"$PATH:/usr/sbin:/sbin\"; ";
    size_t length = strlen(command);
    int ends[2], status = -1;
    pid_t pid;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command + length, sizeof command - length, format, arguments);
    va_end(arguments);
    *said = '\0';
    (void)fflush(stdout);
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    bool started = start_shell(&pid, command, ends[1]);
    close(ends[1]);
    if (started)
        hear(ends[0], said);
    close(ends[0]);
    return started && waitpid(pid, &status, 0) == pid && status == 0;
}

static bool systemd_runs(void)
{
    return access("/run/systemd/system", F_OK) == 0;
}

/* What the program at a path says of itself, as its parts are filled from. NULL: it doesn't. */
static struct json_object *data_of(const char *path, const char **why)
{
    struct description description;
    struct json_object *data = NULL;
    *why = "its program doesn't say what it is";
    if (description_read(&description, path)) {
        const struct described described = {.tree = description.tree, .path = path};
        data = describe_data(&described, &HOST_PLACES, why);
    }
    description_close(&description);
    return data;
}

/* Where a part belongs. */
static void path_of_part(const struct hosting *hosting, const struct describe_part *part,
                         char path[PATH_MAX])
{
    if (strcmp(part->option, "systemd") == 0)
        snprintf(path, PATH_MAX, UNITS "/dime@%s.service.d/dime.conf", hosting->name);
    else
        snprintf(path, PATH_MAX, SETTINGS "/functions/%s/%s", hosting->name, part->file);
}

/* The server that a part is for; SERVERS: it's systemd's. */
static size_t server_of(const struct describe_part *part)
{
    size_t i = 0;
    while (i < SERVERS && strcmp(part->option, SERVER[i].option) != 0)
        i++;
    return i;
}

/* Finds the servers that have parts of the function from before: an upgrade is for them too. */
static void find_servers(struct hosting *hosting)
{
    char path[PATH_MAX], said[OUTPUT_MAX];
    for (const struct describe_part *part = describe_parts; *part->option; part++) {
        size_t i = server_of(part);
        path_of_part(hosting, part, path);
        if (i < SERVERS && access(path, F_OK) == 0)
            hosting->there[i] = run_command(said, "command -v %.*s",
                                            (int)strcspn(SERVER[i].test, " "), SERVER[i].test);
    }
}

/* Whether a part is to be written here. One that is there is, whoever reads it. */
static bool is_wanted_here(const struct hosting *hosting, const struct describe_part *part)
{
    char path[PATH_MAX];
    size_t i = server_of(part);
    path_of_part(hosting, part, path);
    return i < SERVERS ? hosting->wanted[i] || access(path, F_OK) == 0 : systemd_runs();
}

/* The text of a part, as a program has it; NULL: it has none, or WRONG says why. */
static char *fill_part(const struct describe_part *part, struct json_object *data,
                       const char **wrong)
{
    char *text = describe_has_part(part, data) ? describe_fill(part, data, wrong) : NULL;
    if (text || !describe_has_part(part, data))
        *wrong = NULL;
    return text;
}

/* Writes one part, or takes away what only the program that was installed before has needed. False:
 * WHY says why it can't be done. */
static bool put_host_part(struct hosting *hosting, const struct describe_part *part,
                          char why[PLACING_WHY])
{
    char path[PATH_MAX];
    const char *wrong = NULL, *usual_wrong = NULL;
    char *text = fill_part(part, hosting->data, &wrong);
    char *usual = fill_part(part, hosting->usual, &usual_wrong);
    bool fine = !wrong && !usual_wrong;
    path_of_part(hosting, part, path);
    if (!fine)
        snprintf(why, PLACING_WHY, "%s: %s", part->file, wrong ? wrong : usual_wrong);
    else if (text)
        fine = placing_put(&hosting->placing, path, text, usual, why);
    else if (usual)
        fine = placing_drop(&hosting->placing, path, usual, why);
    free(text);
    free(usual);
    return fine;
}

static bool put_parts(struct hosting *hosting, char why[PLACING_WHY])
{
    for (const struct describe_part *part = describe_parts; *part->option; part++) {
        if (is_wanted_here(hosting, part) && !put_host_part(hosting, part, why))
            return false;
    }
    return true;
}

/* Whether a server takes its configuration as it is now. */
static bool server_agrees(const struct server *server)
{
    char said[OUTPUT_MAX];
    if (run_command(said, "%s", server->test))
        return true;
    fprintf(stderr, "%s", said);
    return false;
}

static bool servers_agree(const struct hosting *hosting)
{
    for (size_t i = 0; i < SERVERS; i++) {
        if ((hosting->wanted[i] || hosting->there[i]) && !server_agrees(&SERVER[i]))
            return false;
    }
    return true;
}

/* False: it can't be opened, which has been said. */
static bool open_socket_of(const struct hosting *hosting)
{
    char said[OUTPUT_MAX];
    if (!systemd_runs())
        printf("systemd doesn't run here. Start it by: %s --listen unix:" RUNSTATEDIR
               "/dime/%s.sock\n",
               hosting->program, hosting->name);
    else if (run_command(said,
                         "systemctl --quiet daemon-reload && systemctl --quiet enable --now "
                         "dime@%s.socket && systemctl --quiet try-restart dime@%s.service",
                         hosting->name, hosting->name))
        printf("dime@%s.socket is open\n", hosting->name);
    else {
        fail_to_host(STATUS_FAILED, "its socket can't be opened", said);
        return false;
    }
    return true;
}

/* Says what is left to do: a server that doesn't include the parts yet doesn't serve them. */
static void say_next(const struct hosting *hosting)
{
    char said[OUTPUT_MAX];
    for (size_t i = 0; i < SERVERS; i++) {
        if (!hosting->wanted[i] && !hosting->there[i])
            continue;
        if (run_command(said, "%s | grep -Eq 'dime/(functions/)?%s[/.]'", SERVER[i].shows,
                        hosting->name))
            printf("%s takes it. Now: %s\n", SERVER[i].option, SERVER[i].reload);
        else if (hosting->wanted[i])
            printf("%s\n", SERVER[i].include);
    }
}

/* The program comes last: it's what the next installation takes the usual parts from. */
static int install_hosting(struct hosting *hosting, const char *from)
{
    char why[PLACING_WHY] = "the server refuses the configuration, which was taken back";
    find_servers(hosting);
    bool fine = put_parts(hosting, why) && !is_stopped(hosting) && servers_agree(hosting) &&
                !is_stopped(hosting) &&
                (strcmp(from, hosting->program) == 0 || placing_copy(from, hosting->program, why));
    if (!fine) {
        placing_undo(&hosting->placing);
        return fail_to_host(STATUS_USAGE, is_stopped(hosting) ? "interrupted" : why, "");
    }
    if (!open_socket_of(hosting))
        return STATUS_FAILED;
    say_next(hosting);
    return status_finish(STATUS_FINE);
}

/* Whether the program that is installed is a package's. */
static bool is_packaged(const struct hosting *hosting)
{
    char said[OUTPUT_MAX];
    return run_command(said, "dpkg-query -S %s", hosting->program);
}

static int install_function(struct hosting *hosting, const char *word)
{
    struct callee callee;
    const char *why;
    if (!find_function(HOST, word, &callee))
        return STATUS_USAGE;
    hosting->data = data_of(callee.path, &why);
    if (!hosting->data)
        return fail_to_host(STATUS_USAGE, word, why);
    hosting->name = description_string(hosting->data, "name");
    snprintf(hosting->program, sizeof hosting->program, PROGRAMS "/%s", hosting->name);
    if (access(hosting->program, X_OK) == 0)
        hosting->usual = data_of(hosting->program, &why);
    if (hosting->usual && strcmp(callee.path, hosting->program) != 0 && is_packaged(hosting))
        return fail_to_host(STATUS_USAGE, hosting->program,
                            "it belongs to a package; give your function another name");
    return install_hosting(hosting, callee.path);
}

/* Removes what was written for the function; its program is left. False: WHY says why it can't. */
static bool remove_parts(struct hosting *hosting, char why[PLACING_WHY])
{
    char path[PATH_MAX];
    for (const struct describe_part *part = describe_parts; *part->option; part++) {
        const char *wrong = NULL;
        char *usual = fill_part(part, hosting->data, &wrong);
        path_of_part(hosting, part, path);
        bool fine = !wrong && placing_remove(path, usual, why);
        free(usual);
        if (wrong)
            snprintf(why, PLACING_WHY, "%s: %s", part->file, wrong);
        if (!fine)
            return false;
    }
    return true;
}

/* The program goes last: while it's there, what is left can be removed by the same command. */
static int remove_hosting(struct hosting *hosting)
{
    char said[OUTPUT_MAX], why[PLACING_WHY];
    if (access(PROGRAMS, W_OK) != 0)
        return fail_to_host(STATUS_USAGE, PROGRAMS, strerror(errno));
    if (is_stopped(hosting))
        return fail_to_host(STATUS_USAGE, "interrupted", "");
    if (!remove_parts(hosting, why))
        return fail_to_host(STATUS_FAILED, why, "");
    if (systemd_runs())
        (void)run_command(
            said,
            "systemctl --quiet disable --now dime@%s.socket; "
            "systemctl --quiet stop dime@%s.service; systemctl --quiet daemon-reload; "
            "rm -rf --one-file-system " RUNSTATEDIR "/dime/jail/%s",
            hosting->name, hosting->name, hosting->name);
    if (unlink(hosting->program) != 0)
        return fail_to_host(STATUS_FAILED, hosting->program, strerror(errno));
    printf("removed %s\nReload the server that served it.\n", hosting->program);
    return status_finish(STATUS_FINE);
}

static int remove_function(struct hosting *hosting, const char *word)
{
    struct callee callee;
    const char *why;
    if (strchr(word, '/'))
        return status_misuse("host remove wants a name, not", word, "dime list names them");
    if (!find_function(HOST, word, &callee))
        return STATUS_USAGE;
    snprintf(hosting->program, sizeof hosting->program, PROGRAMS "/%s", word);
    if (access(hosting->program, X_OK) != 0)
        return fail_to_host(STATUS_USAGE, hosting->program, strerror(errno));
    hosting->data = data_of(hosting->program, &why);
    if (!hosting->data)
        return fail_to_host(STATUS_USAGE, word, why);
    hosting->name = description_string(hosting->data, "name");
    if (strcmp(hosting->name, word) != 0)
        return fail_to_host(STATUS_USAGE, word, "its program says that it is another function");
    if (is_packaged(hosting))
        return fail_to_host(STATUS_USAGE, word, "it belongs to a package; apt-get removes that");
    return remove_hosting(hosting);
}

/* Reads the words of `dime host install`: a program, and which servers are meant, in any order.
 * NULL: they're wrong, which has been said. */
static const char *read_install(struct hosting *hosting, char **words)
{
    const char *program = NULL;
    for (; *words; words++) {
        bool found = false;
        for (size_t i = 0; i < SERVERS; i++) {
            if (strncmp(*words, "--", 2) == 0 && strcmp(*words + 2, SERVER[i].option) == 0)
                found = hosting->wanted[i] = true;
        }
        if (!found && **words == '-') {
            status_misuse("host install has no option", *words, "try dime help host");
            return NULL;
        }
        if (!found && program) {
            status_misuse("host install takes one program, and not also", *words,
                          "try dime help host");
            return NULL;
        }
        program = found ? program : *words;
    }
    if (!program)
        status_misuse("host install wants a program", NULL, "try dime help host");
    return program;
}

static bool wants_help(char **words)
{
    while (*words && strcmp(*words, "--help") != 0)
        words++;
    return *words;
}

int host_command(int count, char **arguments)
{
    struct hosting hosting = {.name = ""};
    int status = STATUS_USAGE;
    if (count >= 2 && wants_help(arguments + 1)) {
        fputs(HELP_HOST, stdout);
        return status_finish(STATUS_FINE);
    }
    bool installs = count >= 2 && strcmp(arguments[1], "install") == 0;
    bool removes = count == 3 && strcmp(arguments[1], "remove") == 0;
    if (!installs && !removes)
        return status_misuse("host wants install PROGRAM, or remove NAME", NULL,
                             "try dime help host");
    const char *word = installs ? read_install(&hosting, arguments + 2) : arguments[2];
    if (!word)
        return STATUS_USAGE;
    hosting.signals = stopping_signals(0);
    if (hosting.signals < 0)
        return fail_to_host(STATUS_USAGE, "signals can't be read", strerror(errno));
    status = (installs ? install_function : remove_function)(&hosting, word);
    close(hosting.signals);
    placing_close(&hosting.placing);
    json_object_put(hosting.data);
    json_object_put(hosting.usual);
    return status;
}
