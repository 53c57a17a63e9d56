/*
 * runtime_text.h - the texts of the Runtime API: reads its heads, and writes ours.
 *
 * All of it works on bytes in memory, without a connection, so that a test can feed it any bytes
 * and let memory run out. The formats are those of AWS's page "Using the Lambda runtime API for
 * custom runtimes".
 */
#ifndef DIME_HOSTS_LAMBDA_RUNTIME_TEXT_H
#define DIME_HOSTS_LAMBDA_RUNTIME_TEXT_H

#include "base/buffer.h"
#include "base/text.h"
#include "request/response.h"

/* The headers of an invocation; their names are Lambda-Runtime-... */
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

/* The most bytes of all of these values together, and of the id alone. */
enum { RUNTIME_HEAD_MAX = 24 * 1024, RUNTIME_ID_MAX = 8 * 1024 };

/* The head of one invocation. The length of a missing or empty value is 0. */
struct runtime_head {
    dime_text values[RUNTIME_HEADERS]; /* in `room` */
    bool whole;                        /* the line that ends it has arrived */
    size_t used;
    char room[RUNTIME_HEAD_MAX];
};

/* Makes an empty head. Doesn't clear `room`. */
void runtime_head_open(struct runtime_head *head);

/*
 * Reads one line of the head and copies its value, if it is one of the above. Of several lines with
 * one name the first counts. A value that doesn't fit is ignored.
 */
void runtime_head_line(struct runtime_head *head, dime_text line);

/* The deadline in milliseconds since the epoch; 0: missing, or not a number. */
int64_t runtime_head_deadline(const struct runtime_head *head);

/*
 * Puts the values that a function may need into HEADERS, which has room for RUNTIME_HEADERS.
 * Returns how many there are. They last as long as the head.
 */
size_t runtime_head_share(const struct runtime_head *head, struct header *headers);

/*
 * Appends the document that reports an error, in JSON. MESSAGE may hold any bytes. TYPE must match
 * (Runtime|Function)\.[A-Z][a-zA-Z]+, or AWS replaces it.
 */
void runtime_put_error(struct buffer *out, dime_text message, const char *type);

#endif
