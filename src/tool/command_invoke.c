/*
 * command_invoke.c - runs a function for `dime invoke`: on an event from stdin or a file, or on
 * fields from the command line.
 *
 * Fields of the command line reach the function as a query does. So they can stand beside an event:
 * an answer of one function is an event for the next, and rarely has all that this one needs. With
 * fields stdin is read only where - says so: who starts a script may have left a pipe open there
 * that never ends, and it mustn't wait for that. What would have been read is said instead.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/clock.h"
#include "request/function.h"
#include "request/opening.h"
#include "tool/command.h"
#include "events/invoke.h"

/* An event has room for the largest picture of `labels` in base64, as a body over HTTP has. */
enum { TIMEOUT_MS = 30000, EVENT_MIB = 12, EVENT_MAX = EVENT_MIB * 1024 * 1024 };

/* What isn't text says so early: the head of any picture has a NUL, and JSON has none. */
enum { FIELDS_MAX = 4 * INVOKE_EVENT_MAX, HEAD_BYTES = 64 };

/* What is handed to the function. */
struct input {
    const dime_function *function;
    const char *path;    /* of the event; NULL: none was named */
    struct buffer query; /* the fields */
    dime_text event;
    char *room; /* what holds the event */
};

/* Reads all of FD into ROOM, which has room for a byte more than MOST; false (and errno) where it
 * can't be read or is too long. */
static bool read_all(int fd, char *room, size_t most, dime_text *bytes)
{
    size_t length = 0;
    for (;;) {
        ssize_t got = read(fd, room + length, most + 1 - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        length += (size_t)got;
        if (length > most) {
            errno = EFBIG;
            return false;
        }
        if (!got)
            break;
    }
    *bytes = (dime_text){room, length};
    return true;
}

/* Reads this file, or stdin where PATH is NULL, into memory that *ROOM has for the caller to free.
 * False: it couldn't be, and errno says why; EFBIG: it has more bytes than MOST. */
static bool read_file(const char *path, size_t most, char **room, dime_text *bytes)
{
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    /* What isn't written to isn't taken: the room costs what the bytes need. */
    *room = fd < 0 ? NULL : malloc(most + 1);
    bool fine = *room && read_all(fd, *room, most, bytes);
    int error = errno;
    if (path && fd >= 0)
        close(fd);
    errno = error;
    return fine;
}

/* Says so where the event that was named is a file to be given as a field, and returns whether. */
static bool is_a_field(const struct input *input)
{
    const dime_field *field = function_file(input->function->fields, input->function->field_count);
    size_t head = input->event.length < HEAD_BYTES ? input->event.length : HEAD_BYTES;
    if (!field || !memchr(input->event.data, '\0', head))
        return false;
    fprintf(stderr, "dime: %s isn't an event, which is JSON; to give it as a field: %s=%s\n",
            input->path, field->name, input->path);
    return true;
}

static bool read_event(struct input *input)
{
    bool from_stdin = !input->path || strcmp(input->path, "-") == 0;
    if (!input->path && input->query.length) {
        input->event = TEXT("{}");
        return true;
    }
    if (from_stdin && isatty(STDIN_FILENO))
        fputs("dime: type an event in JSON, and end it with Ctrl-D\n", stderr);
    if (read_file(from_stdin ? NULL : input->path, EVENT_MAX, &input->room, &input->event))
        return from_stdin || !is_a_field(input);
    if (errno == EFBIG)
        fprintf(stderr, "dime: the event %s has more than %d MiB, the most that invoke takes\n",
                from_stdin ? "on stdin" : input->path, EVENT_MIB);
    else
        fprintf(stderr, "dime: the event %s can't be read: %s\n",
                from_stdin ? "on stdin" : input->path, strerror(errno));
    return false;
}

/* The length of the name in a word that gives a field, NAME=VALUE; 0: it doesn't, but is a path. */
static size_t name_length(const char *word)
{
    size_t length = strcspn(word, "=/.");
    return word[length] == '=' ? length : 0;
}

/* Says why the file of a field can't be taken. */
static void refuse_file(const dime_field *field, const char *path, size_t most)
{
    if (!*path)
        fprintf(stderr, "dime: %s wants the path of a file: %s=FILE\n", field->name, field->name);
    else if (errno == EFBIG)
        fprintf(stderr, "dime: the file %s has more than %zu bytes, the most that %s may have\n",
                path, most, field->name);
    else
        fprintf(stderr, "dime: the file %s can't be read: %s\n", path, strerror(errno));
}

/* Appends the file that a field names, as a form would have it. */
static bool put_file(struct buffer *query, const dime_field *field, const char *path)
{
    size_t most = field_max(field) < INVOKE_EVENT_MAX ? (size_t)field_max(field) : INVOKE_EVENT_MAX;
    char *room = NULL;
    dime_text bytes;
    struct buffer base64;
    bool read = *path && read_file(path, most, &room, &bytes);
    if (!read)
        refuse_file(field, path, most);
    if (read && !bytes.length) {
        fprintf(stderr, "dime: the file %s is empty\n", path);
        read = false;
    }
    if (read) {
        buffer_open(&base64, query->arena, FIELDS_MAX);
        buffer_base64(&base64, bytes);
        buffer_percent(query, buffer_text(&base64));
        query->failed = query->failed || base64.failed;
    }
    free(room);
    return read;
}

/* Appends the field that a word gives. Returns STATUS_FINE, or what has gone wrong and been said.
 */
static int put_field(struct input *input, const char *word, size_t length)
{
    const dime_field *field = function_find(input->function->fields, input->function->field_count,
                                            (dime_text){word, length});
    const char *value = word + length + 1;
    bool fine = true;
    if (!field) {
        fprintf(stderr, "dime: %s has no field \"%.*s\"; dime help %s lists them\n",
                input->function->name, (int)length, word, input->function->name);
        return STATUS_USAGE;
    }
    if (input->query.length)
        buffer_puts(&input->query, "&");
    buffer_puts(&input->query, field->name);
    buffer_puts(&input->query, "=");
    if (field->kind == DIME_KIND_FILE)
        fine = put_file(&input->query, field, value);
    else
        buffer_percent(&input->query, text_of(value));
    return fine ? STATUS_FINE : STATUS_USAGE;
}

static int read_words(struct input *input, char **words)
{
    for (; *words; words++) {
        size_t length = name_length(*words);
        int status = STATUS_FINE;
        if (length)
            status = put_field(input, *words, length);
        else if (input->path)
            status = command_misuse("invoke takes one event, and not also", *words,
                                    "try dime help invoke");
        else
            input->path = *words;
        if (status != STATUS_FINE)
            return status;
    }
    if (!input->query.failed)
        return STATUS_FINE;
    fputs("dime: the fields are too long; give them as an event in a file\n", stderr);
    return STATUS_USAGE;
}

/*
 * Says that stdin isn't read, where somebody may have thought that it is: something waits in it, or
 * the function has missed a field. A loop's file is stdin too, so that one alone says nothing.
 */
static void note_stdin(const struct input *input, int status)
{
    struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
    struct stat stat;
    if (input->path || !input->query.length || fstat(STDIN_FILENO, &stat) != 0)
        return;
    bool waits = S_ISFIFO(stat.st_mode) && poll(&fd, 1, 0) > 0 && fd.revents & POLLIN;
    bool missed = status == STATUS_THEIRS && (S_ISFIFO(stat.st_mode) || S_ISREG(stat.st_mode));
    if (waits || missed)
        fprintf(stderr,
                "dime: stdin isn't read beside fields; to read the event there: "
                "dime invoke %s - FIELD=VALUE...\n",
                input->function->name);
}

/* Writes the answer and a newline, as a shell wants it. */
static int print_answer(dime_text answer, int status)
{
    (void)fwrite(answer.data, 1, answer.length, stdout);
    putchar('\n');
    return command_finish(command_status_of(status));
}

static int run_event(const struct input *input, struct arena *arena)
{
    const dime_function *function = input->function;
    struct invocation invocation = {0};
    struct invoker invoker = {.function = function,
                              .query = buffer_text(&input->query),
                              .deadline_ms = clock_epoch_ms() + TIMEOUT_MS};
    static struct opening opening;
    (void)opening_try(&opening, function);
    invoker.state = opening.state;
    invoker.not_open = opening.not_open;
    dime_text answer = invoke(&invocation, &invoker, input->event, arena);
    int status = STATUS_OURS;
    if (answer.data)
        status = print_answer(answer, invocation.response.status);
    else
        fputs("dime: there is no memory for an answer\n", stderr);
    note_stdin(input, status);
    invoke_log(&invocation, &invoker, "command", input->event.length, answer.length);
    opening_close(&opening, function);
    return status;
}

int command_invoke(const dime_function *function, char **words)
{
    struct input input = {.function = function};
    struct arena of_fields, of_event;
    arena_open(&of_fields, (size_t)2 * FIELDS_MAX);
    arena_open(&of_event, INVOKE_MEMORY_MAX);
    buffer_open(&input.query, &of_fields, FIELDS_MAX);
    int status = read_words(&input, words);
    if (status == STATUS_FINE)
        status = read_event(&input) ? run_event(&input, &of_event) : STATUS_USAGE;
    free(input.room);
    arena_close(&of_event);
    arena_close(&of_fields);
    return status;
}
