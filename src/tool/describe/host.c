/*
 * host.c - puts a function on this host, behind its web server: `dime host`.
 *
 * Its program goes to dime's folder of programs, the parts of servers' configurations to a folder
 * of its own beside dime's settings, and systemd gets its socket. The server judges its own
 * configuration before anybody reloads it: what it refuses is taken back. What was written is known
 * by writing it once more from the description of the program that is installed, so no list of
 * files is kept anywhere.
 */
#include "tool/describe/host.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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
    bool wanted[SERVERS];
    struct placing placing;
};

static int fail_to_host(const char *what, const char *why)
{
    fflush(stdout);
    fprintf(stderr, HOST ": %s%s%s\n", what, *why ? ": " : "", why);
    return STATUS_USAGE;
}

/* Reads all that is said, and keeps the beginning of it. */
static void hear(int from, char said[OUTPUT_MAX])
{
    char rest[COMMAND_MAX];
    size_t length = 0;
    ssize_t got = 1;
    while (got > 0 || (got < 0 && errno == EINTR)) {
        bool room = length < OUTPUT_MAX - 1;
        got = read(from, room ? said + length : rest, room ? OUTPUT_MAX - 1 - length : sizeof rest);
        length += room && got > 0 ? (size_t)got : 0;
    }
    said[length] = '\0';
}

/* Runs a command of the shell; SAID gets what it says. True: its exit status is 0. The words that
 * are filled in are plain: see describe_data. */
__attribute__((format(printf, 2, 3))) static bool run_command(char said[OUTPUT_MAX],
                                                              const char *format, ...)
{
    char command[COMMAND_MAX] = "exec 2>&1; PATH=\"$PATH:/usr/sbin:/sbin\"; ";
    char *words[] = {"sh", "-c", command, NULL};
    posix_spawn_file_actions_t actions;
    size_t length = strlen(command);
    int ends[2], status = -1;
    pid_t pid;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command + length, sizeof command - length, format, arguments);
    va_end(arguments);
    fflush(stdout);
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    bool spawned = posix_spawn_file_actions_init(&actions) == 0;
    if (spawned) {
        spawned = posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO) == 0 &&
                  posix_spawn(&pid, "/bin/sh", &actions, NULL, words, environ) == 0;
        posix_spawn_file_actions_destroy(&actions);
    }
    close(ends[1]);
    if (spawned)
        hear(ends[0], said);
    close(ends[0]);
    return spawned && waitpid(pid, &status, 0) == pid && status == 0;
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

static bool has_part(const struct describe_part *part, struct json_object *data)
{
    return data && (!part->needs || json_object_object_get(data, part->needs));
}

static bool is_wanted_here(const struct hosting *hosting, const struct describe_part *part)
{
    for (size_t i = 0; i < SERVERS; i++) {
        if (strcmp(part->option, SERVER[i].option) == 0)
            return hosting->wanted[i];
    }
    return systemd_runs();
}

/* Writes one part. False: WHY says why it can't be. */
static bool put_host_part(struct hosting *hosting, const struct describe_part *part,
                          char why[PLACING_WHY])
{
    char path[PATH_MAX];
    const char *wrong = "";
    char *text = describe_fill(part, hosting->data, &wrong);
    char *usual =
        has_part(part, hosting->usual) ? describe_fill(part, hosting->usual, &wrong) : NULL;
    path_of_part(hosting, part, path);
    bool fine = text && placing_put(&hosting->placing, path, text, usual, why);
    if (!text)
        snprintf(why, PLACING_WHY, "%s: %s", part->file, wrong);
    free(text);
    free(usual);
    return fine;
}

static bool put_parts(struct hosting *hosting, char why[PLACING_WHY])
{
    for (const struct describe_part *part = describe_parts; *part->option; part++) {
        if (has_part(part, hosting->data) && is_wanted_here(hosting, part) &&
            !put_host_part(hosting, part, why))
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
        if (hosting->wanted[i] && !server_agrees(&SERVER[i]))
            return false;
    }
    return true;
}

static void open_socket_of(const struct hosting *hosting)
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
    else
        printf("dime@%s.socket can't be opened:\n%s", hosting->name, said);
}

/* Says what is left to do: a server that doesn't include the parts yet doesn't serve them. */
static void say_next(const struct hosting *hosting)
{
    char said[OUTPUT_MAX];
    for (size_t i = 0; i < SERVERS; i++) {
        if (!hosting->wanted[i])
            continue;
        if (run_command(said, "%s | grep -q 'dime/.*%s[/.]'", SERVER[i].shows, hosting->name))
            printf("%s takes it. Now: %s\n", SERVER[i].option, SERVER[i].reload);
        else
            printf("%s\n", SERVER[i].include);
    }
}

/* The program comes last: it's what the next installation takes the usual parts from. */
static int install_hosting(struct hosting *hosting, const char *from)
{
    char why[PLACING_WHY] = "the server refuses the configuration, which was taken back";
    bool fine = put_parts(hosting, why) && servers_agree(hosting) &&
                (strcmp(from, hosting->program) == 0 || placing_copy(from, hosting->program, why));
    if (!fine) {
        placing_undo(&hosting->placing);
        return fail_to_host(why, "");
    }
    open_socket_of(hosting);
    say_next(hosting);
    return status_finish(STATUS_FINE);
}

static int install_function(struct hosting *hosting, const char *word)
{
    struct callee callee;
    const char *why;
    if (!find_function(HOST, word, &callee))
        return STATUS_USAGE;
    hosting->data = data_of(callee.path, &why);
    if (!hosting->data)
        return fail_to_host(word, why ? why : "out of memory");
    hosting->name = description_string(hosting->data, "name");
    snprintf(hosting->program, sizeof hosting->program, PROGRAMS "/%s", hosting->name);
    if (access(hosting->program, X_OK) == 0)
        hosting->usual = data_of(hosting->program, &why);
    return install_hosting(hosting, callee.path);
}

static void remove_parts(struct hosting *hosting)
{
    char path[PATH_MAX];
    for (const struct describe_part *part = describe_parts; *part->option; part++) {
        const char *why;
        char *usual =
            has_part(part, hosting->data) ? describe_fill(part, hosting->data, &why) : NULL;
        path_of_part(hosting, part, path);
        placing_remove(path, usual);
        free(usual);
    }
    snprintf(path, sizeof path, SETTINGS "/functions/%s", hosting->name);
    (void)rmdir(path);
    snprintf(path, sizeof path, UNITS "/dime@%s.service.d", hosting->name);
    (void)rmdir(path);
}

static int remove_function(struct hosting *hosting, const char *word)
{
    char said[OUTPUT_MAX];
    struct callee callee;
    const char *why;
    if (strchr(word, '/'))
        return status_misuse("host remove wants a name, not", word, "dime list names them");
    if (!find_function(HOST, word, &callee))
        return STATUS_USAGE;
    hosting->data = data_of(callee.path, &why);
    if (!hosting->data)
        return fail_to_host(word, why ? why : "out of memory");
    hosting->name = description_string(hosting->data, "name");
    snprintf(hosting->program, sizeof hosting->program, PROGRAMS "/%s", hosting->name);
    if (run_command(said, "dpkg-query -S %s >/dev/null ", hosting->program))
        return fail_to_host(word, "it belongs to a package; apt-get removes that");
    if (access(PROGRAMS, W_OK) != 0)
        return fail_to_host(PROGRAMS, strerror(errno));
    if (systemd_runs())
        (void)run_command(said,
                          "systemctl --quiet disable --now dime@%s.socket; "
                          "systemctl --quiet stop dime@%s.service",
                          hosting->name, hosting->name);
    remove_parts(hosting);
    if (unlink(hosting->program) == 0)
        printf("removed %s\n", hosting->program);
    if (systemd_runs())
        (void)run_command(said, "systemctl --quiet daemon-reload");
    puts("Reload the server that served it.");
    return status_finish(STATUS_FINE);
}

/* Reads which servers are meant. False: an option is none. */
static bool read_servers(struct hosting *hosting, char **words)
{
    for (; *words; words++) {
        bool found = false;
        for (size_t i = 0; i < SERVERS; i++) {
            if (strncmp(*words, "--", 2) == 0 && strcmp(*words + 2, SERVER[i].option) == 0)
                found = hosting->wanted[i] = true;
        }
        if (!found) {
            status_misuse("host has no option", *words, "try dime help host");
            return false;
        }
    }
    return true;
}

int host_command(int count, char **arguments)
{
    struct hosting hosting = {.name = ""};
    int status = STATUS_USAGE;
    if (count >= 2 && strcmp(arguments[1], "--help") == 0) {
        fputs(HELP_HOST, stdout);
        return status_finish(STATUS_FINE);
    }
    bool installs = count >= 3 && strcmp(arguments[1], "install") == 0;
    bool removes = count == 3 && strcmp(arguments[1], "remove") == 0;
    if (!installs && !removes)
        return status_misuse("host wants install PROGRAM, or remove NAME", NULL,
                             "try dime help host");
    if (installs && read_servers(&hosting, arguments + 3))
        status = install_function(&hosting, arguments[2]);
    if (removes)
        status = remove_function(&hosting, arguments[2]);
    placing_close(&hosting.placing);
    json_object_put(hosting.data);
    json_object_put(hosting.usual);
    return status;
}
