/*
 * reader.h - extracts a FastCGI request from its records, as they arrive.
 *
 * The sender isn't trusted: each record is checked before it is used. The contents of the request
 * stay in the input, the variables and then the body, without the records' headers. Records that
 * aren't part of the request are answered here and removed. A stalled client holds no thread, only
 * a file descriptor and the bytes that it has sent.
 */
#ifndef DIME_HOSTS_FASTCGI_READER_H
#define DIME_HOSTS_FASTCGI_READER_H

#include "base/text.h"

/* The most bytes of replies that are gathered before they must be sent. */
enum { READER_REPLY_MAX = 1024 };

enum reading {
    READING_MORE,     /* well-formed so far */
    READING_WHOLE,    /* a complete request and nothing after it */
    READING_LONG,     /* the variables are complete, and the body is longer than allowed */
    READING_BAD,      /* a protocol error: close the connection; reader->why is the reason */
    READING_REPLY,    /* the reply is full: send it, and read on */
    READING_ANSWERED, /* the reply answers the request, which asks to close the connection */
};

/* The limits of a program. */
struct reader_limits {
    size_t body_max;
    size_t connections; /* how many it accepts at once, reported as FCGI_MAX_CONNS */
};

/* Records for the web server that aren't part of a function's answer. */
struct reader_reply {
    size_t length;
    char bytes[READER_REPLY_MAX];
};

/* What has arrived of a request; the reader shortens it. */
struct reader_input {
    char *bytes;
    size_t length;
};

/* How far one request has been read. Zero is the start. */
struct reader {
    size_t variables;  /* bytes of variables, at the start of the input */
    size_t checked;    /* how many of these bytes are complete variables */
    size_t count;      /* of complete variables */
    size_t body;       /* bytes of the body, which follow them */
    unsigned expected; /* the type of the next record; 0 before the first */
    unsigned id;       /* of the request; 0: none has begun */
    bool keep;         /* keep the connection after the answer */
    const char *why;   /* what is wrong, or why a request was refused; NULL: nothing */
};

/*
 * Reads the complete records in INPUT after those that were read before (FastCGI specification 1.0,
 * sections 3 to 5). INPUT is what has arrived of the request so far: its variables, its body, and
 * what hasn't been read yet. Records that aren't part of it are answered in REPLY and removed:
 * FCGI_GET_VALUES, unknown management types, a role other than responder, a second request beside
 * the first, an aborted request, records of other requests. Never blocks, keeps no pointer. After
 * READING_WHOLE or READING_LONG the variables are well-formed.
 */
enum reading reader_read(struct reader *reader, struct reader_input *input,
                         const struct reader_limits *limits, struct reader_reply *reply);

/*
 * Takes the first variable off VARIABLES. False: there is none, or it isn't complete; a length that
 * has arrived is set all the same.
 */
bool reader_variable(dime_text *variables, dime_text *name, dime_text *value);

#endif
