/*
 * multipart.h - reads multipart/form-data (RFC 7578): what a form with a file in it sends.
 *
 * The framing is that of RFC 2046, section 5.1.1. A part's bytes stay where they are in the body,
 * so an upload of megabytes isn't copied. Ambiguous input (no end, a header or a name twice, an
 * invalid boundary) is a fault and never guessed at. So are nested parts and transfer encodings,
 * which RFC 7578 deprecates.
 */
#ifndef DIME_BASE_MULTIPART_H
#define DIME_BASE_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"

/*
 * The most parts in a body, bytes in a part's headers, and bytes in a boundary. RFC 2046 allows 70,
 * but some senders write more.
 */
enum { MULTIPART_PARTS_MAX = 64, MULTIPART_HEADERS_MAX = 4096, MULTIPART_BOUNDARY_MAX = 200 };

/* The texts lie in the body, or in the arena if they had escapes. */
struct multipart_part {
    dime_text name;         /* of the field: UTF-8 without control characters */
    dime_text file_name;    /* the same, without folders; data is NULL if none was given */
    dime_text content_type; /* as it was given; data is NULL if none was */
    dime_text body;         /* any bytes */
};

enum multipart_fault {
    MULTIPART_FINE,
    MULTIPART_MALFORMED, /* the sender's fault */
    MULTIPART_NO_MEMORY, /* out of memory */
};

struct multipart_reader {
    dime_text rest; /* what follows the last boundary; data is NULL after the closing one */
    struct arena *arena;
    size_t parts;
    enum multipart_fault fault;
    char message[96]; /* for a person: "part 2: it has no end; send all of it again" */
    size_t delimiter_length;
    char delimiter[4 + MULTIPART_BOUNDARY_MAX]; /* CR, LF, two hyphens, the boundary */
};

/*
 * Begins to read BODY, which the caller owns and which must outlast the parts. CONTENT_TYPE is the
 * request's and holds the boundary. If one of them is wrong, `fault` is set already.
 */
void multipart_open(struct multipart_reader *reader, dime_text content_type, dime_text body,
                    struct arena *arena);

/*
 * Reads the next part. Returns false at the end and on a fault; `fault` and `message` describe it.
 * Nothing is read after a fault.
 */
bool multipart_next(struct multipart_reader *reader, struct multipart_part *part);

#endif
