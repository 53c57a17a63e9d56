/*
 * fastcgi_client.h - one FastCGI request at a time on a connection, as a web server makes it.
 *
 * The peer is a program that may crash, hang, or write what isn't FastCGI. So nothing here waits
 * beyond the deadline, takes more bytes than it was told to, or trusts a length.
 */
#ifndef DIME_TOOL_ASK_FASTCGI_CLIENT_H
#define DIME_TOOL_ASK_FASTCGI_CLIENT_H

#include "base/buffer.h"
#include "net/fastcgi_record.h"

/* A connection to a program, one thread's. */
struct fastcgi_client {
    int fd;        /* the client's; -1: there is none */
    unsigned id;   /* of the last request */
    size_t length; /* bytes in the room */
    char room[RECORD_MAX];
};

/* What has become of a request. */
enum fastcgi_outcome {
    FASTCGI_ANSWERED,
    FASTCGI_UNSENT,    /* the program had closed the connection before: it has seen no byte of it */
    FASTCGI_CLOSED,    /* the program closed it before the answer was whole */
    FASTCGI_LATE,      /* the deadline passed */
    FASTCGI_MALFORMED, /* what came isn't FastCGI, or isn't of this request */
    FASTCGI_REFUSED,   /* the program doesn't take requests: it is overloaded, or no responder */
    FASTCGI_TOO_LONG,  /* the answer has more bytes than the buffer may hold */
    FASTCGI_NO_MEMORY,
};

/* Makes a client without a connection. */
void fastcgi_client_open(struct fastcgi_client *client);

/* Closes the connection, if there is one. */
void fastcgi_client_close(struct fastcgi_client *client);

/* Appends a variable as it stands in PARAMS. Neither its name nor its value has 2^31 bytes. */
void fastcgi_put_variable(struct buffer *variables, dime_text name, dime_text value);

/*
 * Sends a request with these variables and this body on the client's connection, and appends what
 * the program writes to its stdout to ANSWER, whose arena holds the request while it is sent. What
 * the program writes to FCGI_STDERR goes to ours. Waits until END_NS of the monotonic clock at
 * most. The connection is closed where it can't be used for another request: always but after
 * FASTCGI_ANSWERED, and after FASTCGI_NO_MEMORY where nothing was sent.
 */
enum fastcgi_outcome fastcgi_ask(struct fastcgi_client *client, dime_text variables, dime_text body,
                                 int64_t end_ns, struct buffer *answer);

#endif
