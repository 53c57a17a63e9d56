/*
 * dime.h - the interface of dime: all that the author of a function reads.
 *
 * A function is a table of fields and a handler. `cc hello.c $(pkg-config --cflags --libs dime)`
 * makes it a program that answers as CGI and FastCGI; with dime-lambda it is a Lambda runtime too.
 * The handler gets a call and its input, filled and checked, and says one answer. All memory of a
 * call is taken back by dime afterwards: a handler frees nothing. See dime(3) for a tour, and the
 * manual page of each group of calls for the rest. Structs in this file are part of the interface
 * and stay as they are within a version; members are only added at an end. What is declared without
 * its members is opaque.
 */
#ifndef DIME_H
#define DIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dime/text.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DIME_PRINTF_(text, first) __attribute__((format(printf, text, first)))

/* One request on its way to its answer. Opaque; it lasts until the handler returns, or its stream
 * ends, and belongs to one thread. */
typedef struct dime_call dime_call;

/* A JSON object or array that is being written. Opaque; it lasts as long as its call. */
typedef struct dime_json dime_json;

/* ---- Text (dime(3)) -------------------------------------------------------------------------- */

/* For printf's "%.*s". */
#define DIME_ARG(text) (int)(text).length, (text).data

/* The text of a NUL-terminated STRING, whose bytes it shares; an empty text of NULL. */
dime_text dime_text_of(const char *string);

/* Whether TEXT holds exactly the bytes of STRING. */
bool dime_text_is(dime_text text, const char *string);

/* Whether two texts hold the same bytes. */
bool dime_text_equal(dime_text a, dime_text b);

/* ---- Fields: what a function takes (dime_fields(3)) ------------------------------------------ */

enum dime_kind {
    DIME_KIND_TEXT = 1, /* dime_text: UTF-8 without NUL */
    DIME_KIND_NUMBER,   /* dime_text: a number as it was written, never rounded. Where it came as
                           text that may be any text: the function reads it */
    DIME_KIND_DECIMAL,  /* int64_t: a decimal with at most `places` digits behind the point, times
                           10 to that power: 1.89 with 2 places is 189 */
    DIME_KIND_INTEGER,  /* int64_t: a whole number */
    DIME_KIND_BOOLEAN,  /* bool */
    DIME_KIND_CHOICE,   /* int: which of `choices`, counted from 0 */
    DIME_KIND_FILE,     /* dime_file */
    DIME_KIND_JSON,     /* dime_text: any JSON value, checked */
    DIME_KIND_OBJECT,   /* a struct of the author's, with a table of its own */
};

enum dime_shape { DIME_ONE, DIME_MANY, DIME_MAP };

/* A file that was sent. All three last as long as the call. */
typedef struct dime_file {
    dime_text bytes; /* decoded */
    dime_text type;  /* what its sender calls it, often wrongly; may be empty */
    dime_text name;  /* UTF-8, without folders; may be empty */
} dime_file;

/* The type of a member that holds several values: DIME_LIST_OF(int64_t) coins; */
#define DIME_LIST_OF(type)                                                                         \
    struct {                                                                                       \
        const type *items;                                                                         \
        size_t count;                                                                              \
    }

/* The same of values that have names: items[i].name, items[i].value. */
#define DIME_MAP_OF(type)                                                                          \
    struct {                                                                                       \
        const struct {                                                                             \
            dime_text name;                                                                        \
            type value;                                                                            \
        } * items;                                                                                 \
        size_t count;                                                                              \
    }

/* One input, written by the macros below: DIME_TEXT(struct greeting, name, .max = 200). */
typedef struct dime_field {
    const char *name;
    enum dime_kind kind;
    enum dime_shape shape;
    size_t offset; /* of the member in its struct */
    size_t size;   /* of one value: bytes of the member, of an item, or of an item's value */
    const struct dime_field *fields; /* OBJECT: the table of its struct */
    size_t field_count;
    bool required;        /* an answer without it is 422 */
    int64_t min, max;     /* INTEGER, DECIMAL: of each value; TEXT, NUMBER: characters; FILE, JSON:
                             bytes. Both 0: useful limits, see dime_fields(3) */
    size_t most;          /* MANY, MAP: most items; 0: 1000 */
    int places;           /* DECIMAL */
    const char *fallback; /* what holds where it isn't given, as a query would have it; NULL: 0 */
    const char *help;     /* a few words for the form and --help, such as "whom to greet" */
    bool lines;           /* TEXT: several lines; a browser's CR LF becomes LF */
    bool whole_names;     /* MAP: each name must be a whole number */
    const char *const *choices; /* CHOICE: their names; NULL behind the last */
    const char *types;       /* FILE: a body of one of these media types is the field, and a browser
                                offers them first: "image/jpeg, image/png" */
    const char *other_types; /* FILE: taken as well, and not offered: what some senders call it */
    size_t reserved_;
} dime_field;

/*
 * DIME_TEXT(struct T, member, ...) and its kin: the field has the member's name and writes to it.
 * What follows are members of dime_field. A member that struct T doesn't have, or of another type
 * than the macro's, doesn't compile.
 */
#define DIME_TEXT(type, ...)                                                                       \
    DIME_FIELD_(type, DIME_KIND_TEXT, dime_text, __VA_ARGS__, .reserved_ = 0)
#define DIME_LINES(type, ...) DIME_FIELD_(type, DIME_KIND_TEXT, dime_text, __VA_ARGS__, .lines = 1)
#define DIME_NUMBER(type, ...)                                                                     \
    DIME_FIELD_(type, DIME_KIND_NUMBER, dime_text, __VA_ARGS__, .reserved_ = 0)
#define DIME_DECIMAL(type, ...)                                                                    \
    DIME_FIELD_(type, DIME_KIND_DECIMAL, int64_t, __VA_ARGS__, .reserved_ = 0)
#define DIME_INTEGER(type, ...)                                                                    \
    DIME_FIELD_(type, DIME_KIND_INTEGER, int64_t, __VA_ARGS__, .reserved_ = 0)
#define DIME_BOOLEAN(type, ...)                                                                    \
    DIME_FIELD_(type, DIME_KIND_BOOLEAN, bool, __VA_ARGS__, .reserved_ = 0)
#define DIME_CHOICE(type, ...) DIME_FIELD_(type, DIME_KIND_CHOICE, int, __VA_ARGS__, .reserved_ = 0)
#define DIME_FILE(type, ...)                                                                       \
    DIME_FIELD_(type, DIME_KIND_FILE, dime_file, __VA_ARGS__, .reserved_ = 0)
#define DIME_JSON(type, ...)                                                                       \
    DIME_FIELD_(type, DIME_KIND_JSON, dime_text, __VA_ARGS__, .reserved_ = 0)

/* Lists: the member is a DIME_LIST_OF(dime_text), of int64_t, of dime_file. */
#define DIME_TEXTS(type, ...)                                                                      \
    DIME_LIST_(type, DIME_KIND_TEXT, dime_text, __VA_ARGS__, .reserved_ = 0)
#define DIME_NUMBERS(type, ...)                                                                    \
    DIME_LIST_(type, DIME_KIND_NUMBER, dime_text, __VA_ARGS__, .reserved_ = 0)
#define DIME_DECIMALS(type, ...)                                                                   \
    DIME_LIST_(type, DIME_KIND_DECIMAL, int64_t, __VA_ARGS__, .reserved_ = 0)
#define DIME_INTEGERS(type, ...)                                                                   \
    DIME_LIST_(type, DIME_KIND_INTEGER, int64_t, __VA_ARGS__, .reserved_ = 0)
#define DIME_FILES(type, ...)                                                                      \
    DIME_LIST_(type, DIME_KIND_FILE, dime_file, __VA_ARGS__, .reserved_ = 0)

/* Maps: the member is a DIME_MAP_OF(dime_text) or of int64_t. */
#define DIME_TEXT_MAP(type, ...)                                                                   \
    DIME_MAP_(type, DIME_KIND_TEXT, dime_text, __VA_ARGS__, .reserved_ = 0)
#define DIME_NUMBER_MAP(type, ...)                                                                 \
    DIME_MAP_(type, DIME_KIND_NUMBER, dime_text, __VA_ARGS__, .reserved_ = 0)
#define DIME_DECIMAL_MAP(type, ...)                                                                \
    DIME_MAP_(type, DIME_KIND_DECIMAL, int64_t, __VA_ARGS__, .reserved_ = 0)
#define DIME_INTEGER_MAP(type, ...)                                                                \
    DIME_MAP_(type, DIME_KIND_INTEGER, int64_t, __VA_ARGS__, .reserved_ = 0)

/*
 * Objects, with the table of their own struct: DIME_OBJECT(struct order, address, struct address,
 * ADDRESS) for a member of that struct, DIME_OBJECTS for a DIME_LIST_OF(struct address),
 * DIME_OBJECT_MAP for a DIME_MAP_OF(struct address).
 */
#define DIME_OBJECT(type, member, item, ...)                                                       \
    DIME_FIELD_(type, DIME_KIND_OBJECT, item, member, DIME_TABLE_(__VA_ARGS__, .reserved_ = 0))
#define DIME_OBJECTS(type, member, item, ...)                                                      \
    DIME_LIST_(type, DIME_KIND_OBJECT, item, member, DIME_TABLE_(__VA_ARGS__, .reserved_ = 0))
#define DIME_OBJECT_MAP(type, member, item, ...)                                                   \
    DIME_MAP_(type, DIME_KIND_OBJECT, item, member, DIME_TABLE_(__VA_ARGS__, .reserved_ = 0))

/* A struct and the table of its fields, for DIME_FUNCTION and DIME_ROUTE. */
#define DIME_INPUT(type, table)                                                                    \
    .input_size = sizeof(type), .fields = (table), .field_count = DIME_COUNT_(table)

/* ---- A function (dime(3), dime_routes(3), dime_settings(3)) ---------------------------------- */

/* The methods of HTTP, as bits. A function that takes GET takes HEAD; all take OPTIONS. */
enum dime_method {
    DIME_GET = 1,
    DIME_HEAD = 2,
    DIME_POST = 4,
    DIME_OPTIONS = 8,
    DIME_OTHER = 16, /* one that isn't here, which no function takes */
    DIME_PUT = 32,
    DIME_PATCH = 64,
    DIME_DELETE = 128,
};

/*
 * What a call changes outside of itself (RFC 9110, section 9.2). A web server asks again by itself
 * after a failure only where that is allowed. The default is that it isn't, but for GET and HEAD. A
 * queue delivers a message at least once in any case.
 */
enum dime_effects {
    DIME_CREATES,    /* something new each time: never twice unless its caller knows */
    DIME_IDEMPOTENT, /* the same, however often */
    DIME_READS,      /* nothing */
};

/* Answers a call. INPUT points to the struct of the function's or the route's table. */
typedef void dime_handler(dime_call *call, const void *input);

/* A part of the address below a function, and what answers there. */
typedef struct dime_route {
    const char *pattern; /* "GET /{code}": a method and a path; a part in braces is a field */
    dime_handler *handle;
    size_t input_size;
    const dime_field *fields;
    size_t field_count;
    enum dime_effects effects;
    const char *page;              /* see dime_function */
    const char *answers;           /* see dime_function */
    dime_handler *check;           /* see dime_function */
    const char *statuses, *schema; /* see dime_function */
} dime_route;

/* DIME_ROUTE("POST /", store, DIME_INPUT(struct address, ADDRESS), .effects = DIME_IDEMPOTENT) */
#define DIME_ROUTE(pattern_, ...)                                                                  \
    {                                                                                              \
        .pattern = (pattern_), .handle = __VA_ARGS__                                               \
    }

/* A table of routes, for DIME_FUNCTION. The first that fits answers. */
#define DIME_ROUTES(table) .routes = (table), .route_count = DIME_COUNT_(table)

/* A variable of the environment that a function reads. */
typedef struct dime_setting {
    const char *name;
    bool required; /* the function isn't opened without it */
    bool secret;   /* its value is never shown */
    const char *fallback;
    const char *help;
} dime_setting;

/* A table of settings, for DIME_FUNCTION. */
#define DIME_SETTINGS(table) .settings = (table), .setting_count = DIME_COUNT_(table)

typedef struct dime_function {
    const char *name;    /* DIME_FUNCTION's; also the last part of its path: /cgi-bin/NAME */
    const char *summary; /* one line, begins with a capital, no full stop */
    unsigned methods;    /* bits of dime_method; 0: GET and POST. With routes, theirs */
    size_t body_max;     /* bytes; a larger body is answered with 413; 0: what the fields need */
    size_t input_size;   /* DIME_INPUT */
    const dime_field *fields;
    size_t field_count;
    const dime_route *routes; /* DIME_ROUTES */
    size_t route_count;
    const dime_setting *settings; /* DIME_SETTINGS */
    size_t setting_count;
    enum dime_effects effects;
    bool heavy;             /* a call keeps a processor busy for long: one at a time in a process */
    bool network;           /* it calls other machines */
    const char *json_types; /* media types besides JSON's own that JSON comes as: "text/plain" */
    const char *answers;    /* media types that it answers with besides JSON: "text/csv" */
    const char *page;       /* its page, a template (dime-template(7)); NULL: one is made */
    /* Once per worker, before its first call, and again later where it has failed. False: it isn't
     * open, and dime_problem(call, 503, ...) has said why. May be NULL. */
    bool (*open)(dime_call *call, void **state);
    void (*close)(void *state); /* once per worker, after its last call. May be NULL. */
    dime_handler *handle;       /* NULL where there are routes */
    /* In place of `handle` where a field is wrong by the table: says with dime_wrong what handle
     * would find wrong with the others, so that a person hears of all at once. May be NULL. */
    dime_handler *check;
    /* Before a page is written, whatever is in it, also a problem: adds what its template needs
     * each time, such as the choices of a menu. May be NULL. */
    void (*fill)(dime_call *call, dime_json *page);
    /* For descriptions alone (dime describe): the statuses that it answers with, such as
     * "201, 409", beside those that dime answers with by itself; where none is below 400, 200 is
     * one. And a JSON Schema (2020-12) of its answer, which may refer to "#/$defs/NAME" in itself.
     * Both may be NULL. */
    const char *statuses, *schema;
    bool keeps_files; /* its service needs a folder to write to; STATE_DIRECTORY names it */
} dime_function;

/*
 * Makes the function of a program: DIME_FUNCTION(hello, .summary = "Says hello", DIME_INPUT(struct
 * greeting, FIELDS), .handle = hello); it defines dime_function_hello, and a main that gives way to
 * one of the author's own, as a test has it.
 */
#define DIME_FUNCTION(name_, ...)                                                                  \
    DIME_EXTERN_ const dime_function dime_function_##name_;                                        \
    const dime_function dime_function_##name_ = {.name = #name_, __VA_ARGS__};                     \
    int main(int count, char **arguments) __attribute__((weak));                                   \
    int main(int count, char **arguments)                                                          \
    {                                                                                              \
        return dime_main(&dime_function_##name_, count, arguments);                                \
    }                                                                                              \
    DIME_EXTERN_ const dime_function dime_function_##name_

/*
 * Runs the program of a function as whatever it was started as: CGI, FastCGI, Lambda where
 * dime-lambda is linked, --describe, --help. Returns main's exit status.
 */
int dime_main(const dime_function *function, int count, char **arguments);

/*
 * Puts the file at PATH into the program as the NUL-terminated string NAME: DIME_EMBED(PAGE,
 * "shorten.html"); and .page = PAGE. At file scope. The compiler looks for it in the folder that it
 * runs in and in those of -I.
 */
#define DIME_EMBED(name_, path)                                                                    \
    __asm__(".pushsection .rodata\n"                                                               \
            ".globl " #name_ "\n.hidden " #name_ "\n.type " #name_ ", %object\n" #name_ ":\n"      \
            ".incbin \"" path "\"\n.byte 0\n.size " #name_ ", . - " #name_ "\n.popsection\n");     \
    DIME_EXTERN_ const char name_[] __attribute__((visibility("hidden")))

/* ---- The call (dime_call(3)) ----------------------------------------------------------------- */

/* Where a call came from. No client can choose it. */
enum dime_source {
    DIME_HTTP,     /* a web server, or a gateway in front of a Lambda */
    DIME_DIRECT,   /* a person's or a program's own event: dime invoke, Invoke of Lambda */
    DIME_S3,       /* storage that tells of an object */
    DIME_SQS,      /* a queue */
    DIME_SNS,      /* a topic */
    DIME_SCHEDULE, /* a clock, or a bus of events */
};

/* What the call came by. */
enum dime_source dime_source(const dime_call *call);

/* One bit of enum dime_method. */
enum dime_method dime_method(const dime_call *call);

/* The path of the function itself, such as /cgi-bin/shorten, without what is below it and without a
 * slash at its end: empty where a function with routes is at a server's root. */
dime_text dime_path(const dime_call *call);

/* The address of the function as its client has it, such as https://example.org/cgi-bin/shorten,
 * for links. Its host is what the client sent, if that can be one; else localhost. */
dime_text dime_address(dime_call *call);

/*
 * The address of the client that asks, of IPv4 or IPv6, without a port or brackets: as the web
 * server (REMOTE_ADDR) or the gateway says, whatever headers the client sends. Empty where there is
 * none, as over a unix socket or of an event that isn't a request of HTTP.
 */
dime_text dime_client_address(const dime_call *call);

/* The query and the body as they came. */
dime_text dime_query(const dime_call *call);
dime_text dime_body(const dime_call *call);

/* The id of the call: the log, X-Request-Id and a problem's `instance` have it. */
dime_text dime_id(const dime_call *call);

/* A header of the request, by its name in any case; data is NULL where there is none. */
dime_text dime_header(const dime_call *call, const char *name);

/* A cookie of the request (RFC 6265, section 4.2); data is NULL where there is none. */
dime_text dime_cookie(const dime_call *call, const char *name);

/* When the answer is of no use any more, in milliseconds since the epoch; 0: never. */
int64_t dime_deadline_ms(const dime_call *call);

/* Whether the client prefers a page over JSON, as a browser does. */
bool dime_wants_page(const dime_call *call);

/* Whether the field at this member of the input was given; the member of an item as well. */
bool dime_given(const dime_call *call, const void *member);

/* What `open` has put into *state. */
void *dime_state(const dime_call *call);

/* The value of a setting in the function's table, or its fallback where the environment has none or
 * an empty one; NULL: it has neither, or isn't in the table. */
const char *dime_setting_of(const dime_call *call, const char *name);

/* ---- Memory and words (dime_call(3)) --------------------------------------------------------- */

/* SIZE bytes, aligned for any type and cleared, which last as long as the call. NULL: there is no
 * memory, and the answer will be a 503 whatever the handler does. */
void *dime_alloc(dime_call *call, size_t size) __attribute__((malloc));

/*
 * The same for what has to be closed, such as a file, a query or a mapping: allocate first, then
 * open into it. CLOSE is called with the bytes once, on the call's own thread, when the answer has
 * been sent or given up: also where a stream breaks off or its client goes away. It finds them
 * cleared where nothing was opened, and may not use the call. What was allocated last is closed
 * first. NULL: there is no memory, and CLOSE isn't called.
 */
void *dime_alloc_with_close(dime_call *call, size_t size, void (*close)(void *memory));

/* A copy that lasts as long as the call, with a NUL behind it; data is NULL where memory runs out.
 */
dime_text dime_copy(dime_call *call, dime_text text);

/* What printf would print, with a NUL behind it, which lasts as long as the call. Where it's longer
 * than 8 MiB the call is out of memory too; data is NULL then. */
dime_text dime_format(dime_call *call, const char *format, ...) DIME_PRINTF_(2, 3);

enum dime_level { DIME_INFO, DIME_WARN, DIME_ERROR };

/* Writes a line to the program's log, with the call's id; what is longer than 511 bytes is cut. */
void dime_log(const dime_call *call, enum dime_level level, const char *format, ...)
    DIME_PRINTF_(3, 4);

/* ---- Answers (dime_answer(3)) ---------------------------------------------------------------- */

/*
 * Begins an answer of JSON with this status, 200 to 299, in place of whatever was begun, and
 * returns the object, or the array, to write it to. A browser gets the page that is filled from it.
 * Never NULL: where memory runs out what is written is dropped, and the answer is a 503.
 */
dime_json *dime_answer(dime_call *call, int status);
dime_json *dime_answer_array(dime_call *call, int status);

/* The same with JSON that is written already, and is trusted to be that. It is copied. */
void dime_answer_json(dime_call *call, int status, dime_text json);

/* Answers with bytes of a media type, at most 8 MiB, with any status from 200 to 599 but 204, 205
 * and 304. Both must last as long as the call. */
void dime_answer_bytes(dime_call *call, int status, const char *type, dime_text bytes);

/* Answers without a body, with any status from 200 to 599. */
void dime_answer_empty(dime_call *call, int status);

/* Answers with the function's page alone, for a person who opens it and hasn't asked anything.
 * Programs get an empty object. */
void dime_answer_page(dime_call *call);

/* Redirects with 301, 302, 303, 307 or 308; URL is an address or a path, and is copied. */
void dime_redirect(dime_call *call, int status, dime_text url);

/*
 * Answers with a body that is made piece by piece, as its reader takes it: NEXT writes the next
 * piece with dime_write and says whether there are more. It is called on the call's own thread
 * until it returns false, or the client goes away. CURSOR must last as long as the call; what it
 * holds open is closed by dime_alloc_with_close. What NEXT allocates lasts until it is called
 * again, and is closed then. A problem that NEXT says in the first piece is the answer; in a later
 * one it breaks the answer off, in a way that its reader notices. Where a host sends answers as a
 * whole they have at most 8 MiB. TYPE and STATUS are those of dime_answer_bytes.
 */
void dime_answer_stream(dime_call *call, int status, const char *type,
                        bool (*next)(dime_call *call, void *cursor), void *cursor);

/* Adds to the piece that NEXT writes; elsewhere they are mistakes. A piece has some 64 KiB at best,
 * and 8 MiB at most. */
void dime_write(dime_call *call, dime_text bytes);
void dime_write_format(dime_call *call, const char *format, ...) DIME_PRINTF_(2, 3);

/*
 * Sets a header of the answer, or of the problem, that was begun last: it goes with that one where
 * another takes its place. What is set before any was begun belongs to the call, and is sent with
 * whatever becomes the answer. NAME is a literal, VALUE is copied. A value with a control character
 * but a tab, more than ten headers or 3 KiB of them, and the headers that dime writes itself, such
 * as Content-Type, make the answer a 500.
 */
void dime_set_header(dime_call *call, const char *name, dime_text value);

/* Sets a cookie, in the same way. ATTRIBUTES are as RFC 6265 has them; NULL: "Path=/; HttpOnly;
 * SameSite=Lax", and Secure over https. A name or a value that RFC 6265 forbids makes the answer a
 * 500. */
void dime_set_cookie(dime_call *call, const char *name, dime_text value, const char *attributes);

/*
 * The object with what the page alone needs: its template finds these names before those of the
 * answer. NULL where no page is wanted, so that nothing is made for programs.
 */
dime_json *dime_page_data(dime_call *call);

/* ---- Problems (dime_problem(3)) -------------------------------------------------------------- */

/*
 * Answers with a problem (RFC 9457) of this status, 400 to 599, in place of whatever was begun. The
 * text says to a person what to do; it is cut at 1023 bytes.
 */
void dime_problem(dime_call *call, int status, const char *format, ...) DIME_PRINTF_(3, 4);

/*
 * Answers with 422 and says what is wrong with the field at this member of the input, which may be
 * in a nested struct or a list: its place, items[2].vat, is found. May be called for several, of
 * which 16 are told.
 */
void dime_wrong(dime_call *call, const void *member, const char *format, ...) DIME_PRINTF_(3, 4);

/* A problem of another status that is about one field: a page says it there. */
void dime_problem_at(dime_call *call, const void *member, int status, const char *format, ...)
    DIME_PRINTF_(4, 5);

/* Whether something has been said of the field at this member; NULL: of any field. */
bool dime_is_wrong(const dime_call *call, const void *member);

/* Gives the problem that was said last a type of the author's own: a URI, and a title of a few
 * words. Literals. */
void dime_problem_type(dime_call *call, const char *uri, const char *title);

/* An object whose members become members of the problem that was said last (RFC 9457, section 3.2).
 */
dime_json *dime_problem_data(dime_call *call);

/* ---- JSON (dime_json(3)) --------------------------------------------------------------------- */

/*
 * Each writes one member to an object, or, with NAME NULL, one item to an array. Writing to a scope
 * ends those that were opened within it; all end with the answer. A name in an array, a member
 * without one, and a scope that has ended are mistakes: they are logged, and the answer is a 500.
 */
void dime_put_text(dime_json *json, const char *name, dime_text value);
void dime_put_string(dime_json *json, const char *name, const char *value); /* NULL: null */
void dime_put_format(dime_json *json, const char *name, const char *format, ...) DIME_PRINTF_(3, 4);
void dime_put_integer(dime_json *json, const char *name, int64_t value);
void dime_put_decimal(dime_json *json, const char *name, int64_t value, int places);
void dime_put_boolean(dime_json *json, const char *name, bool value);
void dime_put_null(dime_json *json, const char *name);
void dime_put_raw(dime_json *json, const char *name, dime_text value); /* JSON, trusted */
dime_json *dime_put_object(dime_json *json, const char *name);
dime_json *dime_put_array(dime_json *json, const char *name);

/* Ends a scope, and returns a copy of all that was written to it, which is JSON by itself and lasts
 * as long as the call. Empty where memory runs out, or where the scope isn't one. */
dime_text dime_json_text(dime_json *json);

/* ---- What the macros are made of --------------------------------------------------------------
 */

#ifdef __cplusplus
} /* extern "C" */

#define DIME_EXTERN_ extern "C"

/* Whether two types are one. */
template <typename wanted_type, typename given_type> struct dime_same_ {
    static const bool yes = false;
};
template <typename wanted_type> struct dime_same_<wanted_type, wanted_type> {
    static const bool yes = true;
};
/* A member's offset, if it has the type that is wanted. */
template <typename wanted_type, typename given_type> constexpr size_t dime_offset_(size_t offset)
{
    static_assert(dime_same_<wanted_type, given_type>::yes, "the member isn't of the field's type");
    return offset;
}
/* How many items an array has. */
template <typename item_type, size_t count> constexpr size_t dime_count_(const item_type (&)[count])
{
    return count;
}
#define DIME_COUNT_(table) dime_count_(table)
#define DIME_OFFSET_(type, member, wanted)                                                         \
    dime_offset_<wanted, decltype(((type *)0)->member)>(offsetof(type, member))
#define DIME_ITEMS_(type, member, wanted)                                                          \
    dime_offset_<const wanted *, decltype(((type *)0)->member.items)>(offsetof(type, member))
#define DIME_VALUES_(type, member, wanted)                                                         \
    dime_offset_<wanted, decltype(((type *)0)->member.items->value)>(offsetof(type, member))
#else
#define DIME_EXTERN_ extern
/* An array's; a pointer doesn't compile. */
#define DIME_COUNT_(table)                                                                         \
    (sizeof(table) / sizeof *(table) +                                                             \
     0 * sizeof(char[1 - 2 * __builtin_types_compatible_p(__typeof__(table),                       \
                                                          __typeof__(&(table)[0]))]))
/* The compiler refuses a member of another type: none of _Generic's fits it. */
#define DIME_OFFSET_(type, member, wanted)                                                         \
    _Generic(((type *)0)->member, wanted : offsetof(type, member))
#define DIME_ITEMS_(type, member, wanted)                                                          \
    _Generic(((type *)0)->member.items, const wanted * : offsetof(type, member))
#define DIME_VALUES_(type, member, wanted)                                                         \
    _Generic(((type *)0)->member.items->value, wanted : offsetof(type, member))
#endif

#define DIME_FIELD_(type, kind_, wanted, member, ...)                                              \
    {                                                                                              \
        .name = #member, .kind = (kind_), .offset = DIME_OFFSET_(type, member, wanted),            \
        .size = sizeof(wanted), __VA_ARGS__                                                        \
    }
#define DIME_LIST_(type, kind_, wanted, member, ...)                                               \
    {                                                                                              \
        .name = #member, .kind = (kind_), .shape = DIME_MANY,                                      \
        .offset = DIME_ITEMS_(type, member, wanted), .size = sizeof(wanted), __VA_ARGS__           \
    }
#define DIME_MAP_(type, kind_, wanted, member, ...)                                                \
    {                                                                                              \
        .name = #member, .kind = (kind_), .shape = DIME_MAP,                                       \
        .offset = DIME_VALUES_(type, member, wanted), .size = sizeof(wanted), __VA_ARGS__          \
    }
#define DIME_TABLE_(table, ...) .fields = (table), .field_count = DIME_COUNT_(table), __VA_ARGS__

#endif
