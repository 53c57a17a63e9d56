/*
 * description.c - starts a program with --describe, and reads the JSON that it prints.
 *
 * The output of the program and its time are limited. A program that serves FastCGI instead is
 * recognised at once, by its answer to FCGI_GET_VALUES, which runs nothing. So nobody waits for a
 * description that it will never print.
 */
#include "tool/ask/description.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/fastcgi_record.h"
#include "request/describe.h"
#include "tool/ask/program.h"

enum {
    TEXT_MAX = 1024 * 1024,
    DEPTH_MAX = 32,
    PATIENCE_MS = 10000,
};

/* A program whose output is being read. */
struct listening {
    struct program program;
    int out, serving; /* its stdout, and a connection to it */
    size_t length;
    char *text; /* TEXT_MAX bytes */
};

/*
 * Asks for a value that every FastCGI program has (FastCGI specification 1.0, section 4.1), to see
 * whether the program serves. Padded: libfcgi waits for more if a record's content ends with the
 * bytes that it has read.
 */
static void probe_for_server(int connection)
{
    static const char PAIR[] = "\17\0FCGI_MPXS_CONNS";
    enum { LENGTH = sizeof PAIR - 1, PADDING = 7 };
    struct {
        FCGI_Header header;
        char content[LENGTH + PADDING];
    } asked = {.header = record_header(FCGI_GET_VALUES, FCGI_NULL_REQUEST_ID, LENGTH)};
    asked.header.paddingLength = PADDING;
    memcpy(asked.content, PAIR, LENGTH);
    (void)send(connection, &asked, sizeof asked, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static bool start_listening(struct listening *listening)
{
    char why[PROGRAM_WHY];
    int out[2];
    listening->text = malloc(TEXT_MAX);
    if (!listening->text || pipe2(out, O_CLOEXEC) != 0)
        return false;
    listening->serving =
        program_start(&listening->program, (char *[]){"--describe", NULL}, out[1], why);
    close(out[1]);
    listening->out = out[0];
    if (listening->serving < 0)
        return false;
    probe_for_server(listening->serving);
    return true;
}

/* Reads what it has printed. False: the output has ended, or is too long. */
static bool read_more_of(struct listening *listening)
{
    ssize_t got =
        read(listening->out, listening->text + listening->length, TEXT_MAX - listening->length);
    if (got < 0 && errno == EINTR)
        return true;
    listening->length += got > 0 ? (size_t)got : 0;
    return got > 0;
}

/* Reads until it has printed all, serves, or takes too long. False: it doesn't describe itself. */
static bool listen_to(struct listening *listening)
{
    int64_t end_ns = clock_monotonic_ns() + PATIENCE_MS * INT64_C(1000000);
    char answer;
    for (;;) {
        struct pollfd fds[] = {{.fd = listening->out, .events = POLLIN},
                               {.fd = listening->serving, .events = POLLIN}};
        int64_t left_ms = (end_ns - clock_monotonic_ns()) / 1000000;
        if (left_ms <= 0 || (poll(fds, 2, (int)left_ms) < 0 && errno != EINTR))
            return false;
        if (fds[0].revents && !read_more_of(listening))
            return listening->length && listening->length < TEXT_MAX;
        if (!fds[1].revents)
            continue;
        if (recv(listening->serving, &answer, 1, MSG_DONTWAIT) > 0)
            return false;
        close(listening->serving); /* it has ended, or won't serve */
        listening->serving = -1;
    }
}

static void stop_listening(struct listening *listening)
{
    char how[PROGRAM_WHY];
    if (listening->serving >= 0)
        close(listening->serving);
    if (listening->out >= 0)
        close(listening->out);
    program_end(&listening->program, 0, how);
    free(listening->text);
}

struct json_object *description_member(struct json_object *object, const char *name, int type)
{
    struct json_object *member = NULL;
    bool found = json_object_is_type(object, json_type_object) &&
                 json_object_object_get_ex(object, name, &member);
    return found && json_object_is_type(member, (enum json_type)type) ? member : NULL;
}

const char *description_string(struct json_object *object, const char *name)
{
    struct json_object *member = description_member(object, name, json_type_string);
    return member ? json_object_get_string(member) : "";
}

/* Whether it's an object of a known version of the format. */
static bool is_description(struct json_object *tree)
{
    struct json_object *version = description_member(tree, "dime", json_type_int);
    return version && json_object_get_int64(version) == DESCRIBE_VERSION;
}

static void parse_description(struct description *description, const struct listening *listening)
{
    struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
    if (!tokener)
        return;
    struct json_object *tree =
        json_tokener_parse_ex(tokener, listening->text, (int)listening->length);
    if (is_description(tree))
        description->tree = tree;
    else
        json_object_put(tree);
    json_tokener_free(tokener);
}

bool description_read(struct description *description, const char *path)
{
    struct listening listening = {.out = -1, .serving = -1};
    description->tree = NULL;
    program_open(&listening.program, path);
    if (start_listening(&listening) && listen_to(&listening))
        parse_description(description, &listening);
    stop_listening(&listening);
    return description->tree;
}

void description_close(struct description *description)
{
    json_object_put(description->tree);
    description->tree = NULL;
}

bool description_says(struct json_object *object, const char *name, const char *text)
{
    return strcmp(description_string(object, name), text) == 0;
}

const char *description_summary(const struct description *description)
{
    return description_string(description->tree, "summary");
}

const char *description_help(const struct description *description)
{
    return description_string(description->tree, "help");
}

bool description_field(const struct description *description, size_t index,
                       struct described_field *field)
{
    struct json_object *fields = description_member(description->tree, "fields", json_type_array);
    struct json_object *one = fields && index < json_object_array_length(fields)
                                  ? json_object_array_get_idx(fields, index)
                                  : NULL;
    if (!one)
        return false;
    struct json_object *max = description_member(one, "max", json_type_int);
    *field = (struct described_field){
        .name = description_string(one, "name"),
        .kind = description_string(one, "kind"),
        .help = description_string(one, "help"),
        .required = json_object_get_boolean(description_member(one, "required", json_type_boolean)),
        .max = max ? json_object_get_int64(max) : INT64_MAX};
    return true;
}
