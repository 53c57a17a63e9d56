/*
 * thumbnail.c - pictures made small: those that are sent, and those that lie in a folder.
 *
 * A picture that is sent, as a file of a form or as the whole body, is answered with its thumbnail.
 * One of the folder has an address, GET /200/cat.jpg, so that caches can keep its thumbnail: it has
 * an ETag, which is made without a look at the pixels, and If-None-Match is answered with 304. What
 * decodes the pictures is in picture.c.
 */
#include <dime.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "picture.h"

DIME_EMBED(PAGE, "thumbnail.html");

enum { BYTES_MAX = 8 * 1024 * 1024, SIZE_MIN = 16, SIZE_LARGEST = 1024 };

struct sent {
    dime_file picture;
    int64_t size;
};

struct kept {
    int64_t size;
    dime_text name;
};

static const dime_field SENT[] = {
    DIME_FILE(struct sent, picture, .required = true, .max = BYTES_MAX,
              .types = "image/jpeg, image/png", .help = "a JPEG or PNG of at most 8 MiB"),
    DIME_INTEGER(struct sent, size, .min = SIZE_MIN, .max = SIZE_LARGEST, .fallback = "200",
                 .help = "the longest side of the thumbnail in pixels, from 16 to 1024"),
};

static const dime_field KEPT[] = {
    DIME_INTEGER(struct kept, size, .min = SIZE_MIN, .max = SIZE_LARGEST),
    DIME_TEXT(struct kept, name, .max = 255),
};

static const dime_setting SETTINGS[] = {
    {.name = "THUMBNAIL_FOLDER", .help = "the folder of the pictures that have an address"},
};

struct folder {
    int descriptor; /* -1: there is none */
};

static bool open_folder(dime_call *call, void **state)
{
    const char *path = dime_setting_of(call, "THUMBNAIL_FOLDER");
    struct folder *folder = malloc(sizeof *folder);
    if (!folder) {
        dime_problem(call, 503, "There is no memory to begin with; try again later.");
        return false;
    }
    folder->descriptor = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (path && folder->descriptor < 0) {
        dime_problem(call, 503, "The folder of pictures can't be opened: %s.", strerror(errno));
        free(folder);
        return false;
    }
    *state = folder;
    return true;
}

static void close_folder(void *state)
{
    struct folder *folder = state;
    if (folder->descriptor >= 0)
        close(folder->descriptor);
    free(folder);
}

static void page(dime_call *call, const void *input)
{
    (void)input;
    dime_answer_page(call);
}

static void answer_picture(dime_call *call, const struct picture *picture)
{
    dime_text copy = {(const char *)picture->bytes, picture->length};
    dime_answer_bytes(call, 200, picture->type, dime_copy(call, copy));
}

static void shrink_sent(dime_call *call, const void *input)
{
    const struct sent *sent = input;
    struct picture picture;
    switch (picture_shrink(sent->picture.bytes.data, sent->picture.bytes.length, (int)sent->size,
                           &picture)) {
    case PICTURE_FINE:
        answer_picture(call, &picture);
        break;
    case PICTURE_UNKNOWN:
        dime_problem_at(call, &sent->picture, 415, "Send the picture as JPEG or PNG.");
        break;
    case PICTURE_TOO_LARGE:
        dime_wrong(call, &sent->picture, "The picture has %d x %d pixels; send at most %d.",
                   picture.width, picture.height, PICTURE_PIXELS_MAX);
        break;
    case PICTURE_BROKEN:
        dime_wrong(call, &sent->picture, "The picture is damaged; send one that can be opened.");
        break;
    case PICTURE_NO_MEMORY:
        dime_problem(call, 503, "There is no memory for the picture; try again later.");
        break;
    }
    picture_free(&picture);
}

/* Opens a file of the folder; -1: there is none of that name. */
static int open_kept(dime_call *call, dime_text name, struct stat *status)
{
    const struct folder *folder = dime_state(call);
    dime_text path = dime_copy(call, name);
    if (folder->descriptor < 0 || !path.data || path.data[0] == '.' || strchr(path.data, '/'))
        return -1;
    int file =
        openat(folder->descriptor, path.data, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file >= 0 && fstat(file, status) == 0 && S_ISREG(status->st_mode) &&
        status->st_size <= BYTES_MAX)
        return file;
    if (file >= 0)
        close(file);
    return -1;
}

/* All bytes of a file; data is NULL where it can't be read. */
static dime_text read_kept(dime_call *call, int file, size_t length)
{
    char *bytes = dime_alloc(call, length ? length : 1);
    size_t got = 0;
    while (bytes && got < length) {
        ssize_t part = read(file, bytes + got, length - got);
        if (part < 0 && errno == EINTR)
            continue;
        if (part <= 0)
            return (dime_text){0};
        got += (size_t)part;
    }
    return (dime_text){bytes, got};
}

/* Changes with the file and with the size. Made without a look at the bytes, so it's a weak one. */
static dime_text make_tag(dime_call *call, const struct stat *status, int64_t size)
{
    return dime_format(call, "\"%llx-%lx-%llx-%llx\"", (long long)status->st_mtim.tv_sec,
                       (unsigned long)status->st_mtim.tv_nsec, (long long)status->st_size,
                       (long long)size);
}

static void set_caching(dime_call *call, dime_text tag)
{
    dime_set_header(call, "ETag", dime_format(call, "W/%.*s", DIME_ARG(tag)));
    dime_set_header(call, "Cache-Control", dime_text_of("public, max-age=3600"));
}

/* Whether If-None-Match (RFC 9110, section 13.1.2) has the tag: then the client has the thumbnail.
 */
static bool is_known(const dime_call *call, dime_text tag)
{
    dime_text known = dime_header(call, "if-none-match");
    return dime_text_is(known, "*") ||
           (known.length && tag.length && memmem(known.data, known.length, tag.data, tag.length));
}

static void shrink_file(dime_call *call, const struct kept *kept, int file,
                        const struct stat *status)
{
    struct picture picture;
    dime_text tag = make_tag(call, status, kept->size);
    if (is_known(call, tag)) {
        dime_answer_empty(call, 304);
        set_caching(call, tag);
        return;
    }
    dime_text bytes = read_kept(call, file, (size_t)status->st_size);
    if (!bytes.data) {
        dime_problem(call, 503, "The picture can't be read just now; try again later.");
        return;
    }
    enum picture_fault fault = picture_shrink(bytes.data, bytes.length, (int)kept->size, &picture);
    if (fault == PICTURE_FINE) {
        answer_picture(call, &picture);
        set_caching(call, tag);
    } else if (fault == PICTURE_NO_MEMORY) {
        dime_problem(call, 503, "There is no memory for the picture; try again later.");
    } else {
        dime_problem(call, 404, "The file %.*s is no picture that has a thumbnail.",
                     DIME_ARG(kept->name));
    }
    picture_free(&picture);
}

static void shrink_kept(dime_call *call, const void *input)
{
    const struct kept *kept = input;
    struct stat status;
    int file = open_kept(call, kept->name, &status);
    if (file < 0) {
        dime_problem(call, 404, "There is no picture called %.*s.", DIME_ARG(kept->name));
        return;
    }
    shrink_file(call, kept, file, &status);
    close(file);
}

static const dime_route ROUTES[] = {
    DIME_ROUTE("GET /", page, .effects = DIME_READS),
    DIME_ROUTE("POST /", shrink_sent, DIME_INPUT(struct sent, SENT), .effects = DIME_READS,
               .answers = "image/jpeg, image/png"),
    DIME_ROUTE("GET /{size}/{name}", shrink_kept, DIME_INPUT(struct kept, KEPT),
               .effects = DIME_READS, .answers = "image/jpeg, image/png",
               .statuses = "200, 304, 404"),
};

DIME_FUNCTION(thumbnail, .summary = "Makes pictures small", .heavy = true, DIME_ROUTES(ROUTES),
              DIME_SETTINGS(SETTINGS), .page = PAGE, .open = open_folder, .close = close_folder);
