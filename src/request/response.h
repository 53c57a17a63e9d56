/*
 * response.h - the part of a response that hosts need and functions don't: making one, and turning
 * what a function left in it into the bytes that go out. It is apart from dime.h so that a
 * function can't finish what is the host's to finish.
 */
#ifndef DIME_REQUEST_RESPONSE_H
#define DIME_REQUEST_RESPONSE_H

#include <stdarg.h>

#include "base/buffer.h"
#include "request/request.h"

/* Most bytes of a response's body; most headers, of them the host's own; most fields blamed. */
enum {
    RESPONSE_BODY_MAX = 8 * 1024 * 1024,
    RESPONSE_HEADERS = 18,
    RESPONSE_HOST_HEADERS = 8,
    RESPONSE_ERRORS = 16,
};

/* What a response holds so far. */
enum answer_kind {
    ANSWER_NONE,
    ANSWER_JSON,    /* the body is JSON, which a browser gets in a page */
    ANSWER_BYTES,   /* the body goes out as it is, to everybody */
    ANSWER_STREAM,  /* the same, and `next` makes it piece by piece */
    ANSWER_EMPTY,   /* there is no body */
    ANSWER_PROBLEM, /* detail and errors say what is wrong; the host's side writes the body */
};

/* What is wrong with one field: `errors[]` of the problem (RFC 9457, section 3.2). */
struct field_error {
    dime_text field; /* its place, such as items[2].vat */
    dime_text detail;
};

struct response;

/* Where a host sends a response piece by piece. */
struct stream {
    /* Sends status and headers, unless it has, and the body so far, which it empties. */
    void (*flush)(struct stream *stream, struct response *response);
};

/* Filled by the functions below, not by hand. */
struct response {
    enum answer_kind answer;
    int status;
    const char *content_type; /* NULL: no body */
    struct buffer body;
    struct header headers[RESPONSE_HEADERS];
    size_t header_count;
    size_t kept_headers; /* how many of these stay, whatever takes the place of the answer */
    bool overruled;      /* what was begun last gave way to a 500, and so do its headers */
    dime_text detail;    /* of a problem */
    bool no_function;    /* of a 404: nothing is at this address, the function wasn't asked */
    const char *problem_type, *problem_title; /* the author's own; NULL: dime's */
    struct field_error errors[RESPONSE_ERRORS];
    size_t error_count;
    dime_text members;     /* of a problem, further ones: see response_extend */
    struct stream *stream; /* NULL: the host sends the response when it is whole */
    bool pulled;           /* the host makes the pieces of a stream itself: see run_next */
    bool (*next)(struct dime_call *call, void *cursor); /* writes the body's next piece; NULL: the
                                                           body is whole */
    void *cursor;
    struct arena *arena;
};

/* Makes an empty response whose memory comes from ARENA. Allocates nothing. */
void response_open(struct response *response, struct arena *arena);

/* Begins an answer of this kind, in place of whatever was begun. TYPE is a literal, or lasts as
 * long as the response; NULL: no body. Returns the buffer to write it to. */
struct buffer *response_begin(struct response *response, enum answer_kind answer, int status,
                              const char *type);

/*
 * Answers with a problem (RFC 9457) of this status, 400 to 599, in place of whatever was begun.
 * The text says to the person what to do; it is cut at 1023 bytes. Its type is one of dime's own
 * where there is one for the status; otherwise the status says all there is to say of its kind, and
 * its title is the status's phrase (RFC 9457, section 4.2.1). Any other status becomes 500.
 */
void response_problem(struct response *response, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with the arguments of another variadic function. */
void response_problem_of(struct response *response, int status, const char *format,
                         va_list arguments) __attribute__((format(printf, 3, 0)));

/* Answers with 422 and says what is wrong with the field at this place, which must last as long
 * as the response; may be called for several. */
void response_field_problem_of(struct response *response, dime_text place, const char *format,
                               va_list arguments) __attribute__((format(printf, 3, 0)));

/*
 * Says that the problem that was just answered with is one field's: status and detail stay, and a
 * page says it at that field. For what has a status of its own, such as a file of a wrong type.
 */
void response_blame(struct response *response, dime_text place);

/*
 * Gives the problem that was just answered with further members (RFC 9457, section 3.2), written as
 * JSON without the braces round them: "Results":[...]. The text must last as long as the response.
 */
void response_extend(struct response *response, dime_text members);

/*
 * Drops the headers that were set since the answer was begun: it gives way to another one. Those
 * that were set before any answer was begun stay.
 */
void response_drop_headers(struct response *response);

/* What has been said first of what is wrong with a field, or NULL. */
const struct field_error *response_field_error(const struct response *response, dime_text name);

/*
 * Adds a header. NAME is a literal; VALUE is copied. A value with a control character, and more
 * than ten headers, make the response a 500: they would be an injection or a mistake of ours.
 */
void response_header(struct response *response, const char *name, dime_text value);

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
 * The reason phrase of a status, as IANA's registry has it; for one that isn't there the name of
 * its class.
 */
const char *status_phrase(int status);

#endif
