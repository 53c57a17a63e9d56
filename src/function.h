/*
 * function.h - the interface between a function and whatever runs it. Read this file and you can
 * write a function; functions/hello.c is one to copy.
 *
 * A function gets a const request and fills a response. The request is the same whichever host it
 * came through: CGI, FastCGI, AWS Lambda or the shell. The function's fields have been read and
 * checked by then: a bad one was answered before `handle` runs. All memory comes from the request's
 * arena and is taken back by the host: a function frees nothing. Every outcome is a response;
 * `handle` returns nothing that a host must interpret.
 */
#ifndef DIME_FUNCTION_H
#define DIME_FUNCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/text.h"

/* The methods of HTTP as bits, so that a set of them is one number. HEAD comes with GET. */
enum method {
    METHOD_GET = 1,
    METHOD_HEAD = 2,
    METHOD_POST = 4,
    METHOD_OPTIONS = 8,
    METHOD_OTHER = 16,
};

/* Where a request came from. */
enum source {
    SOURCE_HTTP,
    SOURCE_DIRECT,
    SOURCE_S3,
    SOURCE_SQS,
    SOURCE_SNS,
    SOURCE_SCHEDULE,
};

/*
 * What a field holds. A field is read from the query, a form, or a JSON body alike; in a query or a
 * form all values are text, which is read by the field's kind.
 */
enum field_kind {
    FIELD_TEXT,    /* text: a JSON string */
    FIELD_NUMBER,  /* a JSON number or string, kept as its own text: never a binary fraction */
    FIELD_BOOLEAN, /* true or false; in a form also on, off, yes, no, 1, 0 */
    FIELD_INTEGER, /* an int64; in JSON also written as 25.0 or 1e2 */
    FIELD_LIST,    /* int64s: a JSON array of integers, in a form 25,10,5,1 */
    FIELD_MAP,     /* int64 to int64: a JSON object {"25":2}, in a form 25:2,10:0; what keys
                      may be, and whether one stands there twice, is the function's to check */
    FIELD_FILE,    /* any bytes: a part of a multipart form, a body of one of the field's types,
                      or base64 (RFC 4648) in JSON and in a form, also as a data: URL (RFC 2397):
                      in lines or not, padded or not, in either alphabet */
    FIELD_JSON, /* any JSON value, kept as its own text, which has been checked: see json_check */
};

/* One input of a function. The table ends with an entry whose name is NULL. */
typedef struct dime_field {
    const char *name;
    enum field_kind kind;
    bool required;
    int64_t min, max;  /* INTEGER, LIST, MAP: of each value; TEXT, NUMBER: characters; FILE, JSON:
                          bytes */
    size_t most;       /* LIST, MAP: most items; at least one is needed */
    const char *help;  /* a few words for the form and for --help, such as "an amount of money" */
    bool lines;        /* TEXT: of several lines; a browser ends each by CR LF, which becomes LF */
    const char *types; /* FILE: a body of one of these media types is the field, and a browser
                          offers them first: "image/jpeg, image/png" */
    const char *names; /* FILE: what some senders call these types, and what says nothing of the
                          bytes: "image/jpg, application/octet-stream". Taken as well, and not
                          offered; NULL: none */
} dime_field;

/* One item of a list (value) or of a map (key and value). */
struct item {
    int64_t key;
    int64_t value;
};

/* A field as it was given. `given` is false for one that was left out, blank or null. */
struct value {
    bool given;
    bool boolean;
    int64_t integer;
    dime_text text;           /* as it was given; a list or a map in the form's notation; of a
                                   file its bytes, decoded */
    const struct item *items; /* of a list or a map */
    size_t count;
    dime_text content_type; /* of a file: what its sender calls it, often wrongly; may be empty */
    dime_text file_name;    /* of a file: UTF-8, without folders; may be empty */
};

/* A header of the request; its name is in lower case. */
struct header {
    dime_text name;
    dime_text value;
};

struct upload; /* the host's: what was uploaded, where the host has it itself */

/* All texts of a request last until its response has been sent. */
struct request {
    dime_text id; /* unique; the log line and X-Request-Id carry it */
    enum source source;
    enum method method;
    bool html;        /* the asker prefers a page over JSON */
    dime_text scheme; /* http or https */
    dime_text path;
    dime_text query;
    const struct header *headers;
    size_t header_count;
    dime_text content_type;
    dime_text body;
    int64_t deadline_ms;        /* milliseconds since the epoch; the answer is of no use later */
    const struct value *values; /* in the order of the function's fields */
    const dime_field *fields;   /* the function's table */
    void *state;                /* what the function's `open` returned */
    const struct upload
        *upload;         /* of an event that tells of one; NULL: S3 has it. See upload_read */
    struct arena *arena; /* all memory of this request */
};

enum { RESPONSE_HEADERS = 18, RESPONSE_ERRORS = 16 };

/* What a response holds so far. */
enum answer {
    ANSWER_NONE,
    ANSWER_WHOLE,    /* the body is what goes out */
    ANSWER_FRAGMENT, /* the body is a piece of HTML that still wants its page */
    ANSWER_PROBLEM,  /* detail and errors say what is wrong; the host's side writes the body */
};

/* What is wrong with one field: `errors[]` of the problem (RFC 9457, section 3.2). */
struct field_error {
    const char *field;
    dime_text detail;
};

/* One line of a menu in the function's page. */
struct choice {
    dime_text value, label;
    bool usual; /* it's chosen where the field wasn't given */
};

/* The choices of a field's <select>. */
struct menu {
    const char *field;
    const struct choice *choices;
    size_t count;
};

enum { RESPONSE_MENUS = 4 };

struct stream; /* the host's: where a flushed response goes */

/* Filled by the functions below, not by hand. */
struct response {
    enum answer answer;
    int status;
    const char *content_type; /* NULL: no body */
    struct buffer body;
    struct header headers[RESPONSE_HEADERS];
    size_t header_count;
    dime_text detail; /* of a problem */
    bool no_function; /* of a 404: nothing is at this address, the function wasn't asked */
    struct field_error errors[RESPONSE_ERRORS];
    size_t error_count;
    dime_text members;                 /* of a problem, further ones: see response_extend */
    struct menu menus[RESPONSE_MENUS]; /* see response_offer */
    size_t menu_count;
    struct stream *stream; /* NULL: the host sends the response when it is whole */
    struct arena *arena;
};

typedef struct dime_function {
    const char *name;    /* also the program's, and the last part of the path: /cgi-bin/NAME */
    const char *summary; /* one line, begins with a capital, no full stop */
    unsigned methods;    /* which of METHOD_GET and METHOD_POST it takes */
    size_t body_max;     /* bytes; a larger body is answered with 413 */
    const dime_field *fields;
    const char *json_types; /* media types besides its own that JSON comes as, since some sender of
                               events calls it so, whatever it begins with: "text/plain"; NULL:
                               none */
    bool uploads;           /* it reads what an event of S3 tells of, by upload_read: `dime watch`
                               takes no other function */
    bool streams;           /* it flushes its response: see response_flush */
    bool heavy;             /* a request keeps a processor busy for long: a worker begins one when
                               it has done with the last, and other programs go first */
    const dime_text *page;  /* its HTML page, with a form; NULL: one is made from the fields */
    /* Once per worker, before its first request. May be NULL. False: *WHY says what is missing. */
    bool (*open)(void **state, const char **why);
    void (*handle)(const struct request *request, struct response *response);
    /* In place of handle where a field is wrong by the table: says with response_field_problem what
     * handle would find wrong with the others, so that a person hears of all at once. May be NULL.
     */
    void (*check)(const struct request *request, struct response *response);
    /* Before the page is written, whatever is in it, also where handle wasn't called: says with
     * response_offer what its menus hold. May be NULL. */
    void (*offer)(const struct request *request, struct response *response);
    void (*close)(void *state); /* once per worker, after its last request. May be NULL. */
} dime_function;

/*
 * Reading fields. NAME must be in the function's table. A field that wasn't given is false, 0, or
 * an empty text.
 */
const struct value *field(const struct request *request, const char *name);
bool field_given(const struct request *request, const char *name);
bool field_boolean(const struct request *request, const char *name);
int64_t field_integer(const struct request *request, const char *name);
dime_text field_text(const struct request *request, const char *name);

/*
 * The value of a header, whose NAME is in lower case; data is NULL where there is none. What a
 * Lambda's invocation says of itself is there too: lambda-runtime-invoked-function-arn,
 * -client-context, -cognito-identity, -aws-tenant-id. No client can set these: lambda-runtime-*,
 * dime-* and proxy are dropped from what a client sends, on every host.
 */
dime_text request_header(const struct request *request, const char *name);

/* How reading an upload ends. */
enum upload_end {
    UPLOAD_READ,
    UPLOAD_TOO_LARGE,
    UPLOAD_GONE, /* it can't be read any more */
    UPLOAD_NO_MEMORY,
};

/*
 * Reads the bytes of request->upload, which isn't NULL, at most MOST of them: the one object that
 * an event of S3 names, which is a file in a folder that the host watches. The arena owns them. No
 * client can send a request that has an upload.
 */
enum upload_end upload_read(const struct request *request, size_t most, dime_text *bytes);

/*
 * Begins a successful answer in JSON, and returns the buffer to write it to: one whole JSON value.
 */
struct buffer *response_json(struct response *response);

/*
 * Begins a successful answer for a person, and returns the buffer to write to: a piece of HTML,
 * which lands in the function's page where that says <!--result-->. For a request with `html` set.
 */
struct buffer *response_html(struct response *response);

/*
 * Answers with a problem (RFC 9457) of this status, 400 to 599, in place of whatever was begun.
 * The text says to the person what to do; it is cut at 1023 bytes. Its type is one of dime's own
 * where there is one for the status; otherwise the status says all there is to say of its kind, and
 * its title is the status's phrase (RFC 9457, section 4.2.1). Any other status becomes 500.
 */
void response_problem(struct response *response, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Answers with 422 and says what is wrong with one field; may be called for several. */
void response_field_problem(struct response *response, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Says that the problem that was just answered with is one field's: status and detail stay, and a
 * page says it at that field. For what has a status of its own, such as a file of a wrong type.
 */
void response_blame(struct response *response, const char *name);

/*
 * Gives the problem that was just answered with further members (RFC 9457, section 3.2), written as
 * JSON without the braces round them: "Results":[...]. The text must last as long as the response.
 */
void response_extend(struct response *response, dime_text members);

/*
 * Fills the menu of a field in the page: the <select> of this name, where it says <!--choices-->.
 * The choices must last as long as the response.
 */
void response_offer(struct response *response, const char *name, const struct choice *choices,
                    size_t count);

/* What has been said first of what is wrong with a field, or NULL. */
const struct field_error *response_field_error(const struct response *response, dime_text name);

/*
 * Sends what the body of a JSON answer holds so far, where the host streams; elsewhere it does
 * nothing, and the same bytes go out together at the end. Status and headers go with the first
 * flush and stand then: a problem after it breaks the answer off, in a way that its reader notices.
 * The buffer is emptied, so a streamed answer may be longer than a body. Only for functions that
 * say `streams`.
 */
void response_flush(struct response *response);

/*
 * Adds a header. NAME is a literal; VALUE is copied. A value with CR, LF or NUL, and more than
 * ten headers, make the response a 500: they would be an injection or a mistake of ours.
 */
void response_header(struct response *response, const char *name, dime_text value);

#endif
