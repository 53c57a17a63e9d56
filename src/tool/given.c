/*
 * given.c - turns fields on a command line into a query or a multipart form (RFC 7578).
 *
 * The function's description says which fields are files and how large they may be. Wrong names are
 * reported before the function is called. A program that doesn't describe itself gets any field.
 */
#include "tool/given.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "request/request.h"
#include "tool/ask/media_type.h"
#include "tool/status.h"

enum { QUERY_MAX = 32 * 1024, MEMORY_MAX = 3 * GIVEN_FORM_MAX };

/* The field that a word gives. */
struct given_field {
    dime_text name;
    const char *value;
    bool file;
    size_t most; /* of a file: bytes */
};

/* Reads all of FD into ROOM, which has space for MOST bytes and one. False and errno: it can't be
 * read, or is too long. */
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

bool given_read_file(const char *path, size_t most, char **room, dime_text *bytes)
{
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    /* The system provides only the pages that are written to, so a large buffer costs nothing. */
    *room = fd < 0 ? NULL : malloc(most + 1);
    bool fine = *room && read_all(fd, *room, most, bytes);
    int error = errno;
    if (path && fd >= 0)
        close(fd);
    errno = error;
    return fine;
}

size_t given_name_length(const char *word)
{
    size_t length = strcspn(word, "=/.");
    return word[length] == '=' ? length : 0;
}

/* Looks the field up in the description. False: there is none, and an error was printed. */
static bool find_described(const struct given *given, struct given_field *field)
{
    struct described_field described;
    for (size_t i = 0; description_field(&given->description, i, &described); i++) {
        if (!text_equal(field->name, text_of(described.name)))
            continue;
        field->file = strcmp(described.kind, "file") == 0;
        field->most = described.max > 0 && described.max < GIVEN_FILE_MAX ? (size_t)described.max
                                                                          : GIVEN_FILE_MAX;
        return true;
    }
    fprintf(stderr, "dime: %s has no field \"%.*s\"; dime help %s lists them\n",
            given->callee->name, (int)field->name.length, field->name.data, given->callee->name);
    return false;
}

static bool take_word(const struct given *given, const char *word, struct given_field *field)
{
    size_t length = given_name_length(word);
    *field = (struct given_field){.name = {word, length}, .value = word + length + 1};
    return !given->description.tree || find_described(given, field);
}

static void put_query(struct buffer *query, const struct given_field *field)
{
    buffer_puts(query, query->length ? "&" : "");
    buffer_percent(query, field->name);
    buffer_puts(query, "=");
    buffer_percent(query, text_of(field->value));
}

/* Appends a name as a form quotes it (HTML Standard, section 4.10.21.8). */
static void put_form_name(struct buffer *form, dime_text name)
{
    for (size_t i = 0; i < name.length; i++) {
        char c = name.data[i];
        buffer_put(form, c == '"'    ? TEXT("%22")
                         : c == '\r' ? TEXT("%0D")
                         : c == '\n' ? TEXT("%0A")
                                     : (dime_text){&name.data[i], 1});
    }
}

static const char *last_part_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Prints why the file of a field can't be used. */
static void refuse_file(const struct given_field *field)
{
    int length = (int)field->name.length;
    const char *name = field->name.data;
    if (!*field->value)
        fprintf(stderr, "dime: %.*s wants the path of a file: %.*s=FILE\n", length, name, length,
                name);
    else if (errno == EFBIG)
        fprintf(stderr, "dime: the file %s has more than %zu bytes, the most that %.*s may have\n",
                field->value, field->most, length, name);
    else
        fprintf(stderr, "dime: the file %s can't be read: %s\n", field->value, strerror(errno));
}

/* Appends the file that a field names, and its media type. */
static bool put_file(struct buffer *form, const struct given_field *field)
{
    char *room = NULL;
    dime_text bytes;
    bool read = *field->value && given_read_file(field->value, field->most, &room, &bytes);
    if (!read)
        refuse_file(field);
    if (read && !bytes.length) {
        fprintf(stderr, "dime: the file %s is empty\n", field->value);
        read = false;
    }
    if (read) {
        buffer_puts(form, "; filename=\"");
        put_form_name(form, text_of(last_part_of(field->value)));
        buffer_puts(form, "\"\r\nContent-Type: ");
        buffer_put(form, media_type_of(field->value));
        buffer_puts(form, "\r\n\r\n");
        buffer_put(form, bytes);
    }
    free(room);
    return read;
}

static bool put_part(struct buffer *form, dime_text boundary, const struct given_field *field)
{
    buffer_puts(form, "--");
    buffer_put(form, boundary);
    buffer_puts(form, "\r\nContent-Disposition: form-data; name=\"");
    put_form_name(form, field->name);
    buffer_puts(form, "\"");
    if (field->file && !put_file(form, field))
        return false;
    if (!field->file) {
        buffer_puts(form, "\r\n\r\n");
        buffer_put(form, text_of(field->value));
    }
    buffer_puts(form, "\r\n");
    return true;
}

static int refuse_length(void)
{
    fputs("dime: the fields are too long; give them as an event in a file\n", stderr);
    return STATUS_USAGE;
}

/* Writes all fields as a form. */
static int read_form(struct given *given, char *const *words)
{
    char id[33];
    struct buffer type, form;
    struct given_field field;
    request_make_id(id);
    buffer_open(&type, &given->arena, 128);
    buffer_open(&form, &given->arena, GIVEN_FORM_MAX);
    buffer_puts(&type, "multipart/form-data; boundary=");
    size_t before = type.length;
    buffer_puts(&type, "dime-");
    buffer_puts(&type, id);
    given->content_type = buffer_text(&type);
    dime_text boundary = text_skip(given->content_type, before);
    for (; *words; words++) {
        if (given_name_length(*words) &&
            (!take_word(given, *words, &field) || !put_part(&form, boundary, &field)))
            return STATUS_USAGE;
    }
    buffer_puts(&form, "--");
    buffer_put(&form, boundary);
    buffer_puts(&form, "--\r\n");
    given->form = buffer_text(&form);
    return form.failed || type.failed ? refuse_length() : STATUS_FINE;
}

/* Writes all fields as a query. *FILE: one of them is a file, which can't be part of a query. */
static bool read_query(struct given *given, char *const *words, struct buffer *query, bool *file)
{
    struct given_field field;
    for (; *words; words++) {
        if (!given_name_length(*words))
            continue;
        if (!take_word(given, *words, &field))
            return false;
        *file = *file || field.file;
        put_query(query, &field);
    }
    return true;
}

int given_read(struct given *given, const struct callee *callee, char *const *words,
               bool beside_event)
{
    struct buffer query;
    bool file = false;
    *given = (struct given){.callee = callee, .query = TEXT("")};
    arena_open(&given->arena, MEMORY_MAX);
    for (char *const *word = words; *word && !given->any; word++)
        given->any = given_name_length(*word);
    if (!given->any)
        return STATUS_FINE;
    (void)description_read(&given->description, callee->path);
    buffer_open(&query, &given->arena, QUERY_MAX);
    if (!read_query(given, words, &query, &file))
        return STATUS_USAGE;
    if (!file && !query.failed) {
        given->query = buffer_text(&query);
        return STATUS_FINE;
    }
    if (!beside_event)
        return read_form(given, words);
    if (!file)
        return refuse_length();
    fputs("dime: a file can't be added to an event; leave out the event\n", stderr);
    return STATUS_USAGE;
}

void given_close(struct given *given)
{
    description_close(&given->description);
    arena_close(&given->arena);
}
