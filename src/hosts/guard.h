/*
 * guard.h - looks at a FastCGI request before libfcgi reads it.
 *
 * libfcgi trusts its peer: it blocks until a request is whole, ends the process on a length that
 * overflows, and writes past its stack on four names in FCGI_GET_VALUES. So each record is judged
 * first, and libfcgi is given only a request that is whole and well-formed. A stalled peer then
 * holds a file descriptor and nothing else.
 */
#ifndef DIME_HOSTS_GUARD_H
#define DIME_HOSTS_GUARD_H

#include "core/text.h"

/* Most bytes of variables that a request may have; nginx takes 32 kB of headers at most. */
enum { GUARD_VARIABLES_MAX = 64 * 1024 };

enum guard_verdict {
    GUARD_MORE,  /* well-formed as far as it goes */
    GUARD_WHOLE, /* a whole request and nothing behind it: libfcgi will not block */
    GUARD_LONG,  /* the variables are whole, and more body has come than the function takes */
    GUARD_BAD,   /* not a request that a web server would send: close the connection */
};

/* How far one request has been judged. Zero is the beginning of one. */
struct guard {
    size_t at;           /* bytes of whole records that have been judged */
    unsigned expected;   /* the type of the next record; 0 before the first */
    unsigned id;         /* of the request */
    size_t variables;    /* bytes of PARAMS */
    size_t body;         /* bytes of STDIN */
    uint32_t lengths[2]; /* of a variable's name and value */
    int which;           /* of the two lengths, the next to be read; 2: within name and value */
    int length_bytes;    /* of a long length that have yet to come */
    uint64_t skip;       /* bytes of name and value that have yet to come */
};

/*
 * Judges the whole records in BYTES that lie behind guard->at, by the FastCGI specification 1.0,
 * sections 3 and 5. BYTES is all that has come of the request so far. Never blocks, keeps no
 * pointer.
 */
enum guard_verdict guard_judge(struct guard *guard, struct text bytes, size_t body_max);

#endif
