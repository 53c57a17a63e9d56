/*
 * response.h - the part of a response that only hosts need: making one, and turning what a function
 * put into it into the bytes to send. It is separate from dime.h, so a function can't finish a
 * response itself.
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
    ANSWER_JSON,    /* the body is JSON; a browser gets it in a page */
    ANSWER_BYTES,   /* the body is sent as it is to every client */
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

/* For a host that sends a response piece by piece. */
struct stream {
    /* Sends the status and headers if they haven't been sent, and the body so far; empties it. */
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
    size_t kept_headers; /* the first ones, which stay even if another answer is begun */
    bool overruled;      /* the last answer was replaced by a 500, so its headers are dropped */
    dime_text detail;    /* of a problem */
    bool no_function;    /* of a 404: nothing is at this address, the function wasn't called */
    const char *problem_type, *problem_title; /* the author's own; NULL: dime's */
    struct field_error errors[RESPONSE_ERRORS];
    size_t error_count;
    dime_text members;     /* further members of a problem: see response_extend */
    struct stream *stream; /* NULL: the host sends the response when it is whole */
    bool pulled;           /* the host asks for each piece of a stream: see run_next */
    bool (*next)(struct dime_call *call, void *cursor); /* writes the body's next piece; NULL: the
                                                           body is whole */
    void *cursor;
    struct arena *arena;
};

/* Makes an empty response whose memory comes from ARENA. Allocates nothing. */
void response_open(struct response *response, struct arena *arena);

/* Begins an answer of this kind and drops any earlier one. TYPE is a literal, or lasts as long as
 * the response; NULL means no body. Returns the buffer for the body. */
struct buffer *response_begin(struct response *response, enum answer_kind answer, int status,
                              const char *type);

/*
 * Answers with a problem (RFC 9457) of this status, 400 to 599, and drops any earlier answer. The
 * text tells the person what to do; it is cut at 1023 bytes. The type is dime's own for the status.
 * If there is none, the type is about:blank and the title is the status's phrase (RFC 9457, section
 * 4.2.1). Any other status becomes 500.
 */
void response_problem(struct response *response, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with a va_list. */
void response_problem_of(struct response *response, int status, const char *format,
                         va_list arguments) __attribute__((format(printf, 3, 0)));

/* Answers with 422 and says what is wrong with the field at this place, which must last as long as
 * the response. May be called for several fields. */
void response_field_problem_of(struct response *response, dime_text place, const char *format,
                               va_list arguments) __attribute__((format(printf, 3, 0)));

/*
 * Says that the last problem is about one field. The status and detail stay, and a page shows the
 * problem at that field. For errors with another status than 422, such as a file of a wrong type.
 */
void response_blame(struct response *response, dime_text place);

/*
 * Adds members to the last problem (RFC 9457, section 3.2). They are JSON without the surrounding
 * braces: "Results":[...]. The text must last as long as the response.
 */
void response_extend(struct response *response, dime_text members);

/*
 * Drops the headers that were set since the answer was begun, because another answer replaces it.
 * Headers that were set before any answer was begun stay.
 */
void response_drop_headers(struct response *response);

/* The first error of a field, or NULL. */
const struct field_error *response_field_error(const struct response *response, dime_text name);

/*
 * Adds a header. NAME is a literal; VALUE is copied. A value with a control character, or more than
 * ten headers, make the response a 500, because that would be an injection or our own mistake.
 */
void response_header(struct response *response, const char *name, dime_text value);

/*
 * Adds one of the few headers that a host adds itself; space is reserved for them. VALUE is our own
 * and must last as long as the response.
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
 * The reason phrase of a status in IANA's registry; for other statuses, the name of their class.
 */
const char *status_phrase(int status);

#endif
