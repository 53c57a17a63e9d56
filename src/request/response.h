/*
 * response.h - the part of a response that hosts need and functions don't: making one, and turning
 * what a function left in it into the bytes that go out. It is apart from function.h so that a
 * function can't finish what is the host's to finish.
 */
#ifndef DIME_REQUEST_RESPONSE_H
#define DIME_REQUEST_RESPONSE_H

#include "function.h"

/* Most bytes of a response's body. */
enum { RESPONSE_BODY_MAX = 8 * 1024 * 1024 };

/* Where a host sends a response piece by piece. */
struct stream {
    /* Sends status and headers, unless it has, and the body so far, which it empties. */
    void (*flush)(struct stream *stream, struct response *response);
};

/* Makes an empty response whose memory comes from ARENA. Allocates nothing. */
void response_open(struct response *response, struct arena *arena);

/*
 * Adds a header whose value is our own and lives as long as the response. For the few that a host
 * adds itself: room is kept for them.
 */
void response_own_header(struct response *response, const char *name, dime_text value);

/* Whether a header of this name, in any case, is among the first COUNT ones. */
bool response_has_header(const struct response *response, size_t count, dime_text name);

/*
 * Appends the head of a CGI response (RFC 3875, section 6.3) to HEAD: Status, Content-Type, the
 * headers, and the empty line.
 */
void response_cgi_head(const struct response *response, struct buffer *head);

/*
 * The reason phrase of a status, as IANA's registry has it; for one that isn't there "Client Error"
 * if it's a 4xx, otherwise "Error".
 */
const char *status_phrase(int status);

#endif
