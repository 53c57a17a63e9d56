/*
 * exchange.h - a request that comes in CGI's variables (RFC 3875), and its answer.
 *
 * FastCGI hands over the same variables as CGI, so both hosts read them with the same code.
 */
#ifndef DIME_HOSTS_EXCHANGE_H
#define DIME_HOSTS_EXCHANGE_H

#include "request/log.h"
#include "request/run.h"

/* Most memory that one request may use, in bytes. */
enum { REQUEST_MEMORY_MAX = 64 * 1024 * 1024 };

/* Most bytes of a response's head; nginx takes one page of memory by default. */
enum { EXCHANGE_HEAD_MAX = 4096 };

/* A request that is being read, with what belongs to it until it has been answered. */
struct exchange {
    const dime_function *function;
    struct request request;
    struct response response;
    struct incoming incoming;
    dime_text host; /* what asks, as the tool says, for the log; empty: it is no tool */
    int64_t started_ns;
    bool has_length;
    size_t length; /* Content-Length, where has_length */
    char id[33];   /* an id that was made here */
    struct dime_call call;
    char head[EXCHANGE_HEAD_MAX];
};

/*
 * Begins an exchange from COUNT CGI variables, whose texts must outlast it. Their array becomes the
 * request's headers: those of the variables HTTP_*, under their own names. The body is read by the
 * host afterwards. TIMEOUT_MS is how long the answer may take.
 */
void exchange_open(struct exchange *exchange, const dime_function *function,
                   struct header *variables, size_t count, struct arena *arena, int64_t timeout_ms);

/*
 * How many bytes of body are to be read, at most: one more than there should be, so that a longer
 * body shows, and a refused one too, so that the connection can be kept.
 */
size_t exchange_room(const struct exchange *exchange);

/* Takes the body that was read; notes it as refused where it isn't what Content-Length promised. */
void exchange_body(struct exchange *exchange, dime_text body);

/* Has the function answer. Where it streams, the exchange must last until its last piece. */
void exchange_run(struct exchange *exchange);

/* The head of a CGI response, kept in the exchange; a bare 500 where its headers are too long. */
dime_text exchange_head(struct exchange *exchange);

/* The part of the body that goes out: none for HEAD. */
dime_text exchange_payload(const struct exchange *exchange);

/*
 * Adds the exchange's line to LOG: HOST answered it, unless the tool has asked, with so many bytes
 * of body.
 */
void exchange_log(const struct exchange *exchange, struct log *log, const char *host,
                  size_t bytes_out);

#endif
