/*
 * reader.h - takes a FastCGI request out of its records, as they come.
 *
 * Whoever sends them isn't trusted: each record is judged before anything is made of it. What is
 * part of the request is left in its place, the variables and then the body, without the records
 * around them. What isn't is answered here, and taken out. A stalled client holds a file descriptor
 * and nothing else.
 */
#ifndef DIME_HOSTS_FASTCGI_READER_H
#define DIME_HOSTS_FASTCGI_READER_H

#include "base/text.h"

/* Most bytes of replies that are gathered before they must go. */
enum { READER_REPLY_MAX = 1024 };

enum reading {
    READING_MORE,  /* well-formed as far as it goes */
    READING_WHOLE, /* a whole request and nothing behind it */
    READING_LONG,  /* the variables are whole, and more body has come than the function takes */
    READING_BAD,   /* against the protocol: close the connection; reader->why says what is wrong */
    READING_REPLY, /* the reply has no more room: send it, and go on reading */
    READING_ANSWERED, /* the reply answers the request, and closes the connection by its wish */
};

/* What a program allows. */
struct reader_limits {
    size_t body_max;
    size_t connections; /* how many it takes at once, for who asks (FCGI_MAX_CONNS) */
};

/* Records for the web server, which belong to no request that a function answers. */
struct reader_reply {
    size_t length;
    char bytes[READER_REPLY_MAX];
};

/* What has come of a request; the reader shortens it. */
struct reader_input {
    char *bytes;
    size_t length;
};

/* How far one request has been read. Zero is the beginning of one. */
struct reader {
    size_t variables;  /* bytes of variables; they are the first of the input */
    size_t checked;    /* of these bytes, those of variables that are whole */
    size_t count;      /* of these variables */
    size_t body;       /* bytes of the body, which follow them */
    unsigned expected; /* the type of the next record; 0 before the first */
    unsigned id;       /* of the request; 0: none has begun */
    bool keep;         /* the connection is to be kept after the answer */
    const char *why;   /* what is wrong, or why a request was refused; NULL: nothing */
};

/*
 * Reads the whole records in INPUT that lie behind what was read before, by the FastCGI
 * specification 1.0, sections 3 to 5. INPUT is all that has come of the request so far: its
 * variables, its body, and what hasn't been read yet. What is no part of it is answered in REPLY
 * and removed: FCGI_GET_VALUES, unknown management types, a role that isn't the responder's, a
 * second request beside the first, an aborted request, records of other requests. Never blocks,
 * keeps no pointer. Once it returns READING_WHOLE or READING_LONG the variables are well-formed.
 */
enum reading reader_read(struct reader *reader, struct reader_input *input,
                         const struct reader_limits *limits, struct reader_reply *reply);

/*
 * Takes the first variable off VARIABLES. False: there is none, or it isn't whole; a length that is
 * there already is set.
 */
bool reader_variable(dime_text *variables, dime_text *name, dime_text *value);

#endif
