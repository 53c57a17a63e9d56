/*
 * request.h - what HTTP says about a request: the method, and which form of answer is wanted. Hosts
 * use this; functions use the calls in dime.h.
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

/* A field's value for a page that shows it again. `given` is false if it was missing or null. */
struct value {
    bool given;
    bool boolean;
    dime_text text; /* as it was given; a list or map in a form's notation; empty for a file */
};

/* A request. All its texts last until its response has been sent. */
struct request {
    dime_text id; /* unique; the log line and X-Request-Id carry it */
    enum dime_source source;
    enum dime_method method;
    bool html;        /* the client prefers a page over JSON */
    dime_text scheme; /* http or https */
    dime_text client; /* the client's address as the host received it: see request_client */
    dime_text path;
    dime_text query;
    const struct header *headers;
    size_t header_count;
    dime_text content_type;
    dime_text body;
    int64_t deadline_ms; /* when the client gives up, in milliseconds since the epoch; 0: never */
    void *state;         /* what the function's `open` returned */
    struct arena *arena; /* all memory of this request */
};

/*
 * The value of a header, whose NAME is in lower case; data is NULL if there is none. The properties
 * of a Lambda invocation are headers too: lambda-runtime-invoked-function-arn, -client-context,
 * -cognito-identity, -aws-tenant-id. No client can set these: every host drops a client's headers
 * lambda-runtime-*, dime-* and proxy.
 */
dime_text request_header(const struct request *request, const char *name);

/*
 * The client's IPv4 or IPv6 address without port, brackets and zone. Empty if the request didn't
 * come by HTTP, or if the host received something else.
 */
dime_text request_client(const struct request *request);

/* The method of this name; DIME_OTHER for one that no function takes. */
enum dime_method request_method(dime_text name);

/* The name of a method; DIME_OTHER has a name that is no method's. Static. */
dime_text request_method_name(enum dime_method method);

/* The name of a source (static), and the source with a name (DIME_HTTP if there is none). */
dime_text request_source_name(enum dime_source source);
enum dime_source request_source(dime_text name);

/*
 * Adds a client's header to HEADERS, the request's own, which has room for it. NAME is in lower
 * case and lasts as long as the request. A name that is reserved for hosts is dropped. Every host
 * adds a client's headers here and its own elsewhere, so the two can't be confused.
 */
void request_take_header(struct request *request, struct header *headers, dime_text name,
                         dime_text value);

/*
 * Reads an Accept header (RFC 9110, section 12.5.1). *HTML says whether a page is preferred over
 * JSON. Returns false if neither is acceptable, nor any of OTHERS, a comma-separated list of media
 * types. Without a header anything is acceptable.
 */
bool request_accepts(dime_text accept, dime_text others, bool *html);

/* Makes a request id: 32 random hexadecimal digits and a NUL. */
void request_make_id(char room[33]);

/* Whether a client's request id can be used: 1 to 64 letters, digits, '-', '_', '.'. */
bool request_id_fits(dime_text id);

/*
 * Gives a request its id: the client's X-Request-Id, so that all logs agree; otherwise OF_HOST, if
 * it can be used; otherwise a new one in ROOM, which must last as long as the request.
 */
void request_choose_id(struct request *request, dime_text of_host, char room[33]);

#endif
