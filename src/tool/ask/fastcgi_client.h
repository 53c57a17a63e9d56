/*
 * fastcgi_client.h - sends FastCGI requests as a web server does, one at a time on a connection.
 *
 * The program may crash, hang, or write something other than FastCGI. So nothing here waits beyond
 * the deadline, accepts more bytes than allowed, or trusts a length.
 */
#ifndef DIME_TOOL_ASK_FASTCGI_CLIENT_H
#define DIME_TOOL_ASK_FASTCGI_CLIENT_H

#include "base/buffer.h"
#include "net/fastcgi_record.h"

/* A connection to a program; for one thread. */
struct fastcgi_client {
    int fd;        /* the connection; -1: there is none */
    unsigned id;   /* of the last request */
    size_t length; /* bytes in the buffer */
    char room[RECORD_MAX];
};

/* The outcome of a request. */
enum fastcgi_outcome {
    FASTCGI_ANSWERED,
    FASTCGI_UNSENT,    /* the program had closed the connection, and has read nothing */
    FASTCGI_CLOSED,    /* the program closed it before the answer was complete */
    FASTCGI_LATE,      /* the deadline passed */
    FASTCGI_MALFORMED, /* the answer isn't FastCGI, or is for another request */
    FASTCGI_REFUSED,   /* the program refuses requests: it's overloaded, or not a responder */
    FASTCGI_TOO_LONG,  /* the answer has more bytes than the buffer may hold */
    FASTCGI_NO_MEMORY,
};

/* Makes a client without a connection. */
void fastcgi_client_open(struct fastcgi_client *client);

/* Closes the connection, if there is one. */
void fastcgi_client_close(struct fastcgi_client *client);

/* Appends a variable as PARAMS encodes it. Name and value must be shorter than 2^31 bytes. */
void fastcgi_put_variable(struct buffer *variables, dime_text name, dime_text value);

/*
 * Sends a request with these variables and this body on the client's connection. Appends the
 * program's FCGI_STDOUT to ANSWER, whose arena holds the request while it's sent, and copies its
 * FCGI_STDERR to our stderr. Waits until END_NS of the monotonic clock at most. The connection
 * stays open after FASTCGI_ANSWERED, and after FASTCGI_NO_MEMORY if nothing was sent; otherwise it
 * can't be reused, and is closed.
 */
enum fastcgi_outcome fastcgi_ask(struct fastcgi_client *client, dime_text variables, dime_text body,
                                 int64_t end_ns, struct buffer *answer);

#endif
