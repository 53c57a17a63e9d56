/*
 * request.h - reading what HTTP says of a request: the method, and which form of answer is wanted.
 * Hosts use it; what a function may ask of a request stands in function.h.
 */
#ifndef DIME_REQUEST_REQUEST_H
#define DIME_REQUEST_REQUEST_H

#include "function.h"

/* How a host hands over an upload that it has itself. */
struct upload {
    enum upload_end (*read)(const struct upload *upload, size_t most, struct arena *arena,
                            dime_text *bytes);
};

/* The method of this name; METHOD_OTHER for one that no function takes. */
enum method request_method(dime_text name);

/* The name of a method; that of METHOD_OTHER is no method's. Static. */
dime_text request_method_name(enum method method);

/* The name of a source, and the source of a name; SOURCE_HTTP where it's none of them. Static. */
dime_text request_source_name(enum source source);
enum source request_source(dime_text name);

/*
 * Adds a header that a client has sent to HEADERS, the request's own, which has room for it. NAME
 * is in lower case and lasts as long as the request. A name that is reserved for hosts is dropped:
 * every host adds a client's headers here and its own elsewhere, so neither is taken for the other.
 */
void request_take_header(struct request *request, struct header *headers, dime_text name,
                         dime_text value);

/*
 * Reads an Accept header (RFC 9110, section 12.5.1): *HTML says whether a page is preferred over
 * JSON. False: neither is acceptable. No header means that anything is.
 */
bool request_accepts(dime_text accept, bool *html);

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
