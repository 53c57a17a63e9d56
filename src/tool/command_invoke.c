/*
 * command_invoke.c - calls a function for `dime invoke`: with an event from stdin or a file, or
 * with fields from the command line.
 *
 * Fields can be added to an event, since the answer of one function is an event for the next, and
 * rarely has all the fields that it needs. If there are fields, stdin is read only if - is given: a
 * script's stdin may be a pipe that never ends, and the command must not wait for it. A hint is
 * printed instead.
 */
#include "tool/command_invoke.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "events/invoke.h"
#include "tool/ask/ask.h"
#include "tool/given.h"
#include "tool/status.h"

/* An event may hold the largest picture of `labels` in base64, as a body over HTTP may. */
enum { TIMEOUT_MS = 30000, EVENT_MIB = 12, EVENT_MAX = EVENT_MIB * 1024 * 1024 };

/* So many bytes tell a picture, whose head has a NUL, from JSON, which has none. */
enum { HEAD_BYTES = 64 };

/* The input of the function. */
struct input {
    const struct callee *callee;
    const char *word; /* names the function */
    const char *path; /* of the event; NULL: none was named */
    struct given given;
    dime_text event;
    char *room; /* holds the event */
};

/* Whether the given event is a file that belongs in a field instead; prints a hint then. */
static bool is_a_field(struct input *input)
{
    struct described_field field;
    size_t head = input->event.length < HEAD_BYTES ? input->event.length : HEAD_BYTES;
    if (!memchr(input->event.data, '\0', head))
        return false;
    if (!input->given.description.tree)
        (void)description_read(&input->given.description, input->callee->path);
    for (size_t i = 0; description_field(&input->given.description, i, &field); i++) {
        if (strcmp(field.kind, "file") != 0)
            continue;
        fprintf(stderr, "dime: %s isn't an event, which is JSON; to give it as a field: %s=%s\n",
                input->path, field.name, input->path);
        return true;
    }
    return false;
}

static bool read_event(struct input *input)
{
    bool from_stdin = !input->path || strcmp(input->path, "-") == 0;
    if (!input->path && input->given.any) {
        input->event = TEXT("{}");
        return true;
    }
    if (from_stdin && isatty(STDIN_FILENO))
        fputs("dime: type an event in JSON, and end it with Ctrl-D\n", stderr);
    if (given_read_file(from_stdin ? NULL : input->path, EVENT_MAX, &input->room, &input->event))
        return from_stdin || !is_a_field(input);
    if (errno == EFBIG)
        fprintf(stderr, "dime: the event %s has more than %d MiB, the most that invoke takes\n",
                from_stdin ? "on stdin" : input->path, EVENT_MIB);
    else
        fprintf(stderr, "dime: the event %s can't be read: %s\n",
                from_stdin ? "on stdin" : input->path, strerror(errno));
    return false;
}

/* Finds the word that names an event, and reads those that give fields. */
static int read_words(struct input *input, char **words)
{
    for (char **word = words; *word; word++) {
        if (given_name_length(*word))
            continue;
        if (input->path)
            return status_misuse("invoke takes one event, and not also", *word,
                                 "try dime help invoke");
        input->path = *word;
    }
    return given_read(&input->given, input->callee, words, input->path);
}

/*
 * Prints a hint that stdin isn't read, if the user may have expected that: it has input, or the
 * function reported a missing field. A regular file is no sign, since it may belong to a loop.
 */
static void note_stdin(const struct input *input, int status)
{
    struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
    struct stat stat;
    if (input->path || !input->given.any || fstat(STDIN_FILENO, &stat) != 0)
        return;
    bool waits = S_ISFIFO(stat.st_mode) && poll(&fd, 1, 0) > 0 && fd.revents & POLLIN;
    bool missed = status == STATUS_THEIRS && (S_ISFIFO(stat.st_mode) || S_ISREG(stat.st_mode));
    if (waits || missed)
        fprintf(stderr,
                "dime: stdin isn't read beside fields; to read the event there: "
                "dime invoke %s - FIELD=VALUE...\n",
                input->word);
}

/* Writes the answer and a newline. */
static int print_answer(dime_text answer, int status)
{
    (void)fwrite(answer.data, 1, answer.length, stdout);
    putchar('\n');
    return status_finish(status_of_answer(status));
}

/* Calls the function with a form, as a request without an event. */
static dime_text invoke_form(struct invocation *invocation, const struct invoker *invoker,
                             const struct given *given, struct arena *arena)
{
    event_read(&invocation->event, TEXT("{}"), arena);
    invocation->event.request.content_type = given->content_type;
    invocation->event.request.body = given->form;
    invoke_event(invocation, invoker, arena);
    return invoke_answer(invocation, invoker, arena);
}

static int run_event(const struct input *input, struct arena *arena)
{
    struct ask ask;
    struct invocation invocation = {0};
    struct invoker invoker = {.name = input->callee->name,
                              .ask = ask_function,
                              .asked = &ask,
                              .query = input->given.query,
                              .deadline_ms = clock_epoch_ms() + TIMEOUT_MS};
    ask_open(&ask, input->callee, "command");
    dime_text answer = input->given.form.length
                           ? invoke_form(&invocation, &invoker, &input->given, arena)
                           : invoke(&invocation, &invoker, input->event, arena);
    int status = STATUS_OURS;
    if (answer.data)
        status = print_answer(answer, invocation.response.status);
    else
        fputs("dime: out of memory for the answer\n", stderr);
    note_stdin(input, status);
    ask_close(&ask);
    return status;
}

int command_invoke(const struct callee *callee, const char *word, char **words)
{
    struct input input = {.callee = callee, .word = word};
    struct arena arena;
    arena_open(&arena, INVOKE_MEMORY_MAX);
    int status = read_words(&input, words);
    if (status == STATUS_FINE)
        status = read_event(&input) ? run_event(&input, &arena) : STATUS_USAGE;
    free(input.room);
    arena_close(&arena);
    given_close(&input.given);
    return status;
}
