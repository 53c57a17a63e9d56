/*
 * exchange.h - a request in CGI variables (RFC 3875), and its answer.
 *
 * FastCGI passes the same variables as CGI, so both hosts read them with the same code.
 */
#ifndef DIME_HOSTS_EXCHANGE_H
#define DIME_HOSTS_EXCHANGE_H

#include "request/log.h"
#include "request/run.h"

/* The memory limit of one request, in bytes. */
enum { REQUEST_MEMORY_MAX = 64 * 1024 * 1024 };

/* The most bytes in a response's head; nginx accepts one page of memory by default. */
enum { EXCHANGE_HEAD_MAX = 4096 };

/* A request, and what it needs until it has been answered. */
struct exchange {
    const dime_function *function;
    struct request request;
    struct response response;
    struct incoming incoming;
    dime_text host; /* which command of the tool sent it, for the log; else empty */
    int64_t started_ns;
    bool has_length;
    size_t length; /* Content-Length, if has_length */
    char id[33];   /* an id that was generated here */
    struct dime_call call;
    char head[EXCHANGE_HEAD_MAX];
};

/*
 * Begins an exchange from COUNT CGI variables, whose texts must outlast it. Their array is reused
 * for the request's headers: the variables HTTP_*, under the headers' names. The host reads the
 * body afterwards. TIMEOUT_MS is how long the answer may take.
 */
void exchange_open(struct exchange *exchange, const dime_function *function,
                   struct header *variables, size_t count, struct arena *arena, int64_t timeout_ms);

/*
 * The most bytes of body to read. It is one more than the body should have, so that a longer body
 * is noticed. A refused body is read too, so that the connection can be kept.
 */
size_t exchange_room(const struct exchange *exchange);

/* Sets the body that was read. Marks the request as refused if the body's length is wrong. */
void exchange_body(struct exchange *exchange, dime_text body);

/* Calls the function. If it streams, the exchange must last until its last piece. */
void exchange_run(struct exchange *exchange);

/* The head of a CGI response, kept in the exchange; a bare 500 if its headers are too long. */
dime_text exchange_head(struct exchange *exchange);

/* The part of the body to send: none for HEAD. */
dime_text exchange_payload(const struct exchange *exchange);

/*
 * Adds the exchange's line to LOG, with the number of bytes of body that were sent. The line names
 * HOST, or the command if the tool sent the request.
 */
void exchange_log(const struct exchange *exchange, struct log *log, const char *host,
                  size_t bytes_out);

#endif
