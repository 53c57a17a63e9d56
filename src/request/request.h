/*
 * request.h - reading what HTTP says of a request: the method, and which form of answer is wanted.
 * Hosts use it; what a function may ask of a call stands in dime.h.
 */
#ifndef DIME_REQUEST_REQUEST_H
#define DIME_REQUEST_REQUEST_H

#include "base/arena.h"
#include "base/text.h"
#include "dime.h"

/* A header of the request; its name is in lower case. */
struct header {
    dime_text name;
    dime_text value;
};

/* A field as a page shows it again. `given` is false for one that was left out, blank or null. */
struct value {
    bool given;
    bool boolean;
    dime_text text; /* as it was given; a list or a map in a form's notation; of a file nothing */
};

/* All texts of a request last until its response has been sent. */
struct request {
    dime_text id; /* unique; the log line and X-Request-Id carry it */
    enum dime_source source;
    enum dime_method method;
    bool html;        /* the client prefers a page over JSON */
    dime_text scheme; /* http or https */
    dime_text client; /* the address of who asks, as the host was told it: see request_client */
    dime_text path;
    dime_text query;
    const struct header *headers;
    size_t header_count;
    dime_text content_type;
    dime_text body;
    int64_t deadline_ms; /* milliseconds since the epoch; the answer is of no use later; 0: none */
    void *state;         /* what the function's `open` returned */
    struct arena *arena; /* all memory of this request */
};

/*
 * The value of a header, whose NAME is in lower case; data is NULL where there is none. What a
 * Lambda's invocation says of itself is there too: lambda-runtime-invoked-function-arn,
 * -client-context, -cognito-identity, -aws-tenant-id. No client can set these: lambda-runtime-*,
 * dime-* and proxy are dropped from what a client sends, on every host.
 */
dime_text request_header(const struct request *request, const char *name);

/*
 * The address of the client, of IPv4 or IPv6; a port, brackets and a zone are taken off. Empty
 * where the request isn't one of HTTP, or what the host was told is anything else.
 */
dime_text request_client(const struct request *request);

/* The method of this name; DIME_OTHER for one that no function takes. */
enum dime_method request_method(dime_text name);

/* The name of a method; that of DIME_OTHER is no method's. Static. */
dime_text request_method_name(enum dime_method method);

/* The name of a source, and the source of a name; DIME_HTTP where it's none of them. Static. */
dime_text request_source_name(enum dime_source source);
enum dime_source request_source(dime_text name);

/*
 * Adds a header that a client has sent to HEADERS, the request's own, which has room for it. NAME
 * is in lower case and lasts as long as the request. A name that is reserved for hosts is dropped:
 * every host adds a client's headers here and its own elsewhere, so neither is taken for the other.
 */
void request_take_header(struct request *request, struct header *headers, dime_text name,
                         dime_text value);

/*
 * Reads an Accept header (RFC 9110, section 12.5.1): *HTML says whether a page is preferred over
 * JSON. False: neither is acceptable, nor one of OTHERS, media types with commas between them. No
 * header means that anything is.
 */
bool request_accepts(dime_text accept, dime_text others, bool *html);

/* Makes a request id: 32 random hexadecimal digits and a NUL. */
void request_make_id(char room[33]);

/* Whether an id that came with the request can be used: 1 to 64 letters, digits, '-', '_', '.'. */
bool request_id_fits(dime_text id);

/*
 * Gives a request its id: the one that came with it in X-Request-Id, so that all logs agree; else
 * OF_HOST, if it can be used; else a new one in ROOM, which must last as long as the request.
 */
void request_choose_id(struct request *request, dime_text of_host, char room[33]);

#endif
