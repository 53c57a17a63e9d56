/*
 * multipart.h - reads multipart/form-data (RFC 7578): what a form with a file in it sends.
 *
 * Framing is that of RFC 2046, section 5.1.1. A part's bytes stay where they are in the body, so an
 * upload of megabytes isn't copied. What could be read in two ways (no end, a header or a name
 * twice, a boundary that can't be one) is a fault and is never guessed at; so are parts within a
 * part and transfer encodings, which RFC 7578 has done away with.
 */
#ifndef DIME_BASE_MULTIPART_H
#define DIME_BASE_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"

/*
 * Most parts of a body, most bytes of a part's headers, and most of a boundary: RFC 2046 has 70,
 * and some senders write more.
 */
enum { MULTIPART_PARTS_MAX = 64, MULTIPART_HEADERS_MAX = 4096, MULTIPART_BOUNDARY_MAX = 200 };

/* Texts lie in the body, or in the arena where they had escapes. */
struct multipart_part {
    dime_text name;         /* of the field: UTF-8 without control characters */
    dime_text file_name;    /* the same, without folders; data is NULL where none was given */
    dime_text content_type; /* as it was given; data is NULL where none was */
    dime_text body;         /* any bytes */
};

enum multipart_fault {
    MULTIPART_FINE,
    MULTIPART_MALFORMED, /* theirs */
    MULTIPART_NO_MEMORY, /* ours */
};

struct multipart_reader {
    dime_text rest; /* what comes behind the last boundary; data is NULL behind the closing one */
    struct arena *arena;
    size_t parts;
    enum multipart_fault fault;
    char message[96]; /* for a person: "part 2: it has no end; send all of it again" */
    size_t delimiter_length;
    char delimiter[4 + MULTIPART_BOUNDARY_MAX]; /* CR, LF, two hyphens, the boundary */
};

/*
 * Begins to read BODY, which stays the caller's and must outlast the parts; CONTENT_TYPE is the
 * request's, and has the boundary. Where there is something wrong with them the reader is at fault
 * already.
 */
void multipart_open(struct multipart_reader *reader, dime_text content_type, dime_text body,
                    struct arena *arena);

/*
 * Reads the next part. False at the end, and where something is wrong: `fault` and `message` say
 * what. Nothing is read after a fault.
 */
bool multipart_next(struct multipart_reader *reader, struct multipart_part *part);

#endif
