/*
 * runtime_text.h - the texts of the Runtime API: what its heads say, and what ours say to it.
 *
 * All of it works on bytes in memory and knows no connection, so that a test can hand it any bytes
 * and any lack of memory. The forms are those of AWS's page "Using the Lambda runtime API for
 * custom runtimes".
 */
#ifndef DIME_HOSTS_LAMBDA_RUNTIME_TEXT_H
#define DIME_HOSTS_LAMBDA_RUNTIME_TEXT_H

#include "base/buffer.h"
#include "base/text.h"
#include "request/response.h"

/* What the head of an invocation may say; the names are Lambda-Runtime-... */
enum runtime_header {
    RUNTIME_REQUEST_ID,
    RUNTIME_DEADLINE,
    RUNTIME_FUNCTION_ARN,
    RUNTIME_TRACE_ID,
    RUNTIME_CLIENT_CONTEXT,
    RUNTIME_COGNITO_IDENTITY,
    RUNTIME_TENANT_ID,
    RUNTIME_INVOCATION_ID,
    RUNTIME_HEADERS,
};

/* Most bytes of all of these values together, and of the id alone. */
enum { RUNTIME_HEAD_MAX = 24 * 1024, RUNTIME_ID_MAX = 8 * 1024 };

/* The head of one invocation. A value that isn't there, or is empty, has no length. */
struct runtime_head {
    dime_text values[RUNTIME_HEADERS]; /* in `room` */
    bool whole;                        /* the line that ends it has come */
    size_t used;
    char room[RUNTIME_HEAD_MAX];
};

/* Makes an empty head. Doesn't clear its room. */
void runtime_head_open(struct runtime_head *head);

/*
 * Reads one line of the head and keeps a copy of its value, if it is one of the above. The first
 * of several lines of a name counts; a value that doesn't fit is left out, as if it weren't there.
 */
void runtime_head_line(struct runtime_head *head, dime_text line);

/* The deadline in milliseconds since the epoch; 0 where the head has none that is a number. */
int64_t runtime_head_deadline(const struct runtime_head *head);

/*
 * Puts those values that a function may want into HEADERS, which has room for RUNTIME_HEADERS, and
 * returns how many there are. They last as long as the head.
 */
size_t runtime_head_share(const struct runtime_head *head, struct header *headers);

/*
 * Appends the document that reports an error, in JSON. MESSAGE may hold any bytes. TYPE must match
 * (Runtime|Function)\.[A-Z][a-zA-Z]+, or AWS replaces it.
 */
void runtime_put_error(struct buffer *out, dime_text message, const char *type);

#endif
