/*
 * guard.h - looks at a FastCGI request before libfcgi reads it.
 *
 * libfcgi trusts its peer: it blocks until a request is whole, ends the process on a length that
 * overflows, and writes past its stack on four names in FCGI_GET_VALUES. So each record is judged
 * first, and libfcgi is given only a request that is whole and well-formed. A stalled peer then
 * holds a file descriptor and nothing else. What isn't part of the request is answered here, and
 * taken out of the bytes.
 */
#ifndef DIME_HOSTS_FASTCGI_GUARD_H
#define DIME_HOSTS_FASTCGI_GUARD_H

#include "base/text.h"

/* Most bytes of variables that a request may have; nginx takes 32 kB of headers at most. */
enum { GUARD_VARIABLES_MAX = 64 * 1024 };

/* Most bytes of replies that are gathered before they must go. */
enum { GUARD_REPLY_MAX = 1024 };

enum guard_verdict {
    GUARD_MORE,     /* well-formed as far as it goes */
    GUARD_WHOLE,    /* a whole request and nothing behind it: libfcgi will not block */
    GUARD_LONG,     /* the variables are whole, and more body has come than the function takes */
    GUARD_BAD,      /* against the protocol: close the connection; guard->why says what is wrong */
    GUARD_REPLY,    /* the reply has no more room: send it, and go on judging */
    GUARD_ANSWERED, /* the reply answers the request, and closes the connection by its wish */
};

/* What a program allows. */
struct guard_limits {
    size_t body_max;
    size_t connections; /* how many it takes at once, for who asks (FCGI_MAX_CONNS) */
};

/* Records for the web server, which belong to no request that a function answers. */
struct guard_reply {
    size_t length;
    char bytes[GUARD_REPLY_MAX];
};

/* What has come of a request; the guard shortens it. */
struct guard_input {
    char *bytes;
    size_t length;
};

/* How far one request has been judged. Zero is the beginning of one. */
struct guard {
    size_t at;           /* bytes of whole records that have been judged */
    unsigned expected;   /* the type of the next record; 0 before the first */
    unsigned id;         /* of the request; 0: none has begun */
    bool keep;           /* the connection is to be kept after the answer */
    size_t variables;    /* bytes of PARAMS */
    size_t body;         /* bytes of STDIN */
    uint32_t lengths[2]; /* of a variable's name and value */
    int which;           /* of the two lengths, the next to be read; 2: within name and value */
    int length_bytes;    /* of a long length that have yet to come */
    uint64_t skip;       /* bytes of name and value that have yet to come */
    const char *why;     /* what is wrong, or why a request was refused; NULL: nothing */
};

/*
 * Judges the whole records in INPUT that lie behind guard->at, by the FastCGI specification 1.0,
 * sections 3 to 5. INPUT is all that has come of the request so far. What is no part of it is
 * answered in REPLY and removed: FCGI_GET_VALUES, unknown management types, a role that isn't the
 * responder's, a second request beside the first, an aborted request, records of other requests.
 * Never blocks, keeps no pointer. With GUARD_WHOLE and GUARD_LONG the request is the first
 * guard->at bytes.
 */
enum guard_verdict guard_judge(struct guard *guard, struct guard_input *input,
                               const struct guard_limits *limits, struct guard_reply *reply);

#endif
