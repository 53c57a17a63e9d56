/*
 * command_invoke.c - runs a function for `dime invoke`: on an event from stdin or a file, or on
 * fields from the command line.
 *
 * Fields of the command line reach the function as a query does. So they can stand beside an event:
 * an answer of one function is an event for the next, and rarely has all that this one needs. With
 * fields stdin is read only where - says so; a script that is started without one mustn't wait.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base64.h"
#include "core/clock.h"
#include "hosts/command.h"
#include "hosts/invoke.h"

enum { TIMEOUT_MS = 30000, FIELDS_MAX = 4 * INVOKE_EVENT_MAX };

/* What is handed to the function. */
struct input {
    const struct function *function;
    const char *path;    /* of the event; NULL: none was named */
    struct buffer query; /* the fields */
    struct text event;
    char *room; /* what holds the event */
};

/* Reads all of FD into ROOM; false (and errno) where it can't be read or is too long. */
static bool read_all(int fd, char *room, struct text *event)
{
    size_t length = 0;
    for (;;) {
        ssize_t got = read(fd, room + length, INVOKE_EVENT_MAX + 1 - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        length += (size_t)got;
        if (length > INVOKE_EVENT_MAX) {
            errno = EFBIG;
            return false;
        }
        if (!got)
            break;
    }
    *event = (struct text){room, length};
    return true;
}

/* Reads this file, or stdin where PATH is NULL, into memory that *ROOM has for the caller to free.
 * False: it has been said that WHAT can't be read. */
static bool read_file(const char *what, const char *path, char **room, struct text *bytes)
{
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    /* What isn't written to isn't taken: the room costs what the bytes need. */
    *room = fd < 0 ? NULL : malloc(INVOKE_EVENT_MAX + 1);
    bool fine = *room && read_all(fd, *room, bytes);
    if (!fine)
        fprintf(stderr, "dime: the %s %s can't be read: %s\n", what, path ? path : "on stdin",
                strerror(errno));
    if (path && fd >= 0)
        close(fd);
    return fine;
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
    return read_file("event", from_stdin ? NULL : input->path, &input->room, &input->event);
}

/* The length of the name in a word that gives a field, NAME=VALUE; 0: it doesn't, but is a path. */
static size_t name_length(const char *word)
{
    size_t length = strcspn(word, "=/.");
    return word[length] == '=' ? length : 0;
}

static const struct field *find_field(const struct function *function, struct text name)
{
    for (const struct field *field = function->fields; field->name; field++) {
        if (text_equal(text_of(field->name), name))
            return field;
    }
    return NULL;
}

/* Appends the file that a field names, as a form would have it. */
static bool put_file(struct buffer *query, const char *path)
{
    char *room;
    struct text bytes;
    struct buffer base64;
    bool read = read_file("file", path, &room, &bytes);
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
    const struct field *field = find_field(input->function, (struct text){word, length});
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
    if (field->kind == FIELD_FILE)
        fine = put_file(&input->query, value);
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

/* Writes the answer and a newline, as a shell wants it. */
static int print_answer(struct text answer, int status)
{
    (void)fwrite(answer.data, 1, answer.length, stdout);
    putchar('\n');
    return command_finish(status < 400 ? STATUS_FINE : status < 500 ? STATUS_THEIRS : STATUS_OURS);
}

static int run_event(const struct input *input, struct arena *arena)
{
    const struct function *function = input->function;
    struct invocation invocation = {0};
    struct invoker invoker = {.function = function,
                              .query = buffer_text(&input->query),
                              .deadline_ms = clock_epoch_ms() + TIMEOUT_MS};
    bool open = !function->open || function->open(&invoker.state, &invoker.not_open);
    if (!open && !invoker.not_open)
        invoker.not_open = "Try again later.";
    struct text answer = invoke(&invocation, &invoker, input->event, arena);
    int status = STATUS_OURS;
    if (answer.data)
        status = print_answer(answer, invocation.response.status);
    else
        fputs("dime: there is no memory for an answer\n", stderr);
    invoke_log(&invocation, &invoker, "command", input->event.length, answer.length);
    if (open && function->close)
        function->close(invoker.state);
    return status;
}

int command_invoke(const struct function *function, char **words)
{
    struct input input = {.function = function};
    struct arena of_fields, of_event;
    arena_open(&of_fields, 2 * FIELDS_MAX);
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
