/*
 * dime.h - the interface of dime, for the author of a function.
 *
 * A function is a table of fields and a handler. `cc hello.c $(pkg-config --cflags --libs dime)`
 * makes a program that answers by CGI and FastCGI; with dime-lambda it is a Lambda runtime instead.
 * The handler gets a call and its checked input, and gives one answer. dime takes back all memory
 * of a call afterwards, so a handler frees nothing. See dime(3) for a tour, and the manual page of
 * each group of calls for details. The structs in this file are part of the interface; new versions
 * only add members at the end. Types that are declared without members are opaque.
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

/* One request on its way to its answer. Opaque. It lasts until the handler returns or its stream
 * ends, and belongs to one thread. */
typedef struct dime_call dime_call;

/* A JSON object or array that is being written. Opaque. It lasts as long as its call. */
typedef struct dime_json dime_json;

/* ---- Text (dime(3)) -------------------------------------------------------------------------- */

/* For printf's "%.*s". */
#define DIME_ARG(text) (int)(text).length, (text).data

/* The text of a NUL-terminated STRING, whose bytes it shares; an empty text for NULL. */
dime_text dime_text_of(const char *string);

/* Whether TEXT holds exactly the bytes of STRING. */
bool dime_text_is(dime_text text, const char *string);

/* Whether two texts hold the same bytes. */
bool dime_text_equal(dime_text a, dime_text b);

/* ---- Fields: what a function takes (dime_fields(3)) ------------------------------------------ */

enum dime_kind {
    DIME_KIND_TEXT = 1, /* dime_text: UTF-8 without NUL */
    DIME_KIND_NUMBER,   /* dime_text: a number as it was written, never rounded. If it came as text
                           it may be any text: the function must check it */
    DIME_KIND_DECIMAL,  /* int64_t: a decimal with at most `places` digits after the point, times
                           10 to that power: 1.89 with 2 places is 189 */
    DIME_KIND_INTEGER,  /* int64_t: a whole number */
    DIME_KIND_BOOLEAN,  /* bool */
    DIME_KIND_CHOICE,   /* int: an index in `choices`, from 0 */
    DIME_KIND_FILE,     /* dime_file */
    DIME_KIND_JSON,     /* dime_text: any JSON value, checked */
    DIME_KIND_OBJECT,   /* one of the author's structs, with its own table */
};

enum dime_shape { DIME_ONE, DIME_MANY, DIME_MAP };

/* A file that was sent. All three last as long as the call. */
typedef struct dime_file {
    dime_text bytes; /* decoded */
    dime_text type;  /* the media type that its sender claims, often wrongly; may be empty */
    dime_text name;  /* UTF-8, without folders; may be empty */
} dime_file;

/* The type of a member that holds several values: DIME_LIST_OF(int64_t) coins; */
#define DIME_LIST_OF(type)                                                                         \
    struct {                                                                                       \
        const type *items;                                                                         \
        size_t count;                                                                              \
    }

/* The type of a member that holds named values: items[i].name, items[i].value. */
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
    size_t size;   /* bytes of one value: of the member, of an item, or of an item's value */
    const struct dime_field *fields; /* OBJECT: the table of its struct */
    size_t field_count;
    bool required;        /* a request without it is answered with 422 */
    int64_t min, max;     /* INTEGER, DECIMAL: of each value; TEXT, NUMBER: characters; FILE, JSON:
                             bytes. Both 0: useful limits, see dime_fields(3) */
    size_t most;          /* MANY, MAP: most items; 0: 1000 */
    int places;           /* DECIMAL */
    const char *fallback; /* the default, written as in a query; NULL: 0 */
    const char *help;     /* a few words for the form and --help, such as "whom to greet" */
    bool lines;           /* TEXT: several lines; a browser's CR LF becomes LF */
    bool whole_names;     /* MAP: each name must be a whole number */
    const char *const *choices; /* CHOICE: the names, with NULL at the end */
    const char *types;       /* FILE: a body of one of these media types is the field, and a browser
                                offers them first: "image/jpeg, image/png" */
    const char *other_types; /* FILE: accepted but not offered, since some senders use them */
    size_t reserved_;
} dime_field;

/*
 * DIME_TEXT(struct T, member, ...) and the like: the field has the member's name and writes to it.
 * The other arguments are members of dime_field. A member that struct T doesn't have, or that has
 * another type than the macro's, doesn't compile.
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

/* Lists: the member is a DIME_LIST_OF(dime_text), of int64_t, or of dime_file. */
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
 * Objects, each a struct with its own table. DIME_OBJECT(struct order, address, struct address,
 * ADDRESS) is for a member of type struct address, DIME_OBJECTS for a DIME_LIST_OF(struct address),
 * and DIME_OBJECT_MAP for a DIME_MAP_OF(struct address).
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

/* The HTTP methods, as bits. A function that takes GET also takes HEAD; all take OPTIONS. */
enum dime_method {
    DIME_GET = 1,
    DIME_HEAD = 2,
    DIME_POST = 4,
    DIME_OPTIONS = 8,
    DIME_OTHER = 16, /* any other method, which no function takes */
    DIME_PUT = 32,
    DIME_PATCH = 64,
    DIME_DELETE = 128,
};

/*
 * What a call changes outside of itself (RFC 9110, section 9.2). A web server retries a failed
 * request only if that is allowed. By default it is allowed only for GET and HEAD. A queue delivers
 * a message at least once in any case.
 */
enum dime_effects {
    DIME_CREATES,    /* each call creates something new: only its client may retry it */
    DIME_IDEMPOTENT, /* repeating the call has no further effect */
    DIME_READS,      /* the call changes nothing */
};

/* Answers a call. INPUT points to the struct that the function's or the route's table fills. */
typedef void dime_handler(dime_call *call, const void *input);

/* A method and a path below a function, and the handler that answers there. */
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

/* A table of routes, for DIME_FUNCTION. The first one that matches answers. */
#define DIME_ROUTES(table) .routes = (table), .route_count = DIME_COUNT_(table)

/* An environment variable that a function reads. */
typedef struct dime_setting {
    const char *name;
    bool required; /* without it the function isn't opened */
    bool secret;   /* its value is never shown */
    const char *fallback;
    const char *help;
} dime_setting;

/* A table of settings, for DIME_FUNCTION. */
#define DIME_SETTINGS(table) .settings = (table), .setting_count = DIME_COUNT_(table)

typedef struct dime_function {
    const char *name;    /* DIME_FUNCTION's; also the last part of its path: /cgi-bin/NAME */
    const char *summary; /* one line that begins with a capital and has no full stop */
    unsigned methods;    /* bits of dime_method; 0: GET and POST. With routes, theirs */
    size_t body_max;     /* in bytes; a larger body is answered with 413; 0: as the fields need */
    size_t input_size;   /* DIME_INPUT */
    const dime_field *fields;
    size_t field_count;
    const dime_route *routes; /* DIME_ROUTES */
    size_t route_count;
    const dime_setting *settings; /* DIME_SETTINGS */
    size_t setting_count;
    enum dime_effects effects;
    bool heavy;             /* a call keeps a processor busy for long: one at a time per process */
    bool network;           /* it connects to other machines */
    const char *json_types; /* further media types that a body of JSON may have: "text/plain" */
    const char *answers;    /* media types that it answers with besides JSON: "text/csv" */
    const char *page;       /* its page, a template (dime-template(7)); NULL: dime generates one */
    /* Called once per worker before its first call, and again later if it failed. Returns false
     * after it has said why with dime_problem(call, 503, ...). May be NULL. */
    bool (*open)(dime_call *call, void **state);
    void (*close)(void *state); /* Called once per worker after its last call. May be NULL. */
    dime_handler *handle;       /* NULL if there are routes */
    /* Called instead of `handle` if the table finds a field wrong. It reports with dime_wrong what
     * `handle` would find wrong with the other fields, so that a person sees all errors at once.
     * May be NULL. */
    dime_handler *check;
    /* Called before each page is written, also for a problem. It adds what the template always
     * needs, such as the choices of a menu. May be NULL. */
    void (*fill)(dime_call *call, dime_json *page);
    /* Only for descriptions (dime describe). The statuses that it answers with besides dime's own,
     * such as "201, 409"; if none is below 400, 200 is added. And a JSON Schema (2020-12) of its
     * answer, which may refer to "#/$defs/NAME" in itself. Both may be NULL. */
    const char *statuses, *schema;
    bool keeps_files; /* its service needs a folder to write to; STATE_DIRECTORY names it */
} dime_function;

/*
 * Defines the function of a program: DIME_FUNCTION(hello, .summary = "Says hello",
 * DIME_INPUT(struct greeting, FIELDS), .handle = hello); this defines dime_function_hello and a
 * weak main, which a main of the author's own replaces, for instance in a test.
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
 * Runs a function's program in the way that it was started: by CGI or FastCGI, on Lambda if
 * dime-lambda is linked, with --describe or --help. Returns main's exit status.
 */
int dime_main(const dime_function *function, int count, char **arguments);

/*
 * Embeds the file at PATH in the program as the NUL-terminated string NAME: DIME_EMBED(PAGE,
 * "shorten.html"); and .page = PAGE. For use at file scope. The compiler looks for the file in its
 * working directory and in the folders of -I.
 */
#define DIME_EMBED(name_, path)                                                                    \
    __asm__(".pushsection .rodata\n"                                                               \
            ".globl " #name_ "\n.hidden " #name_ "\n.type " #name_ ", %object\n" #name_ ":\n"      \
            ".incbin \"" path "\"\n.byte 0\n.size " #name_ ", . - " #name_ "\n.popsection\n");     \
    DIME_EXTERN_ const char name_[] __attribute__((visibility("hidden")))

/* ---- The call (dime_call(3)) ----------------------------------------------------------------- */

/* Where a call came from. A client can't choose it. */
enum dime_source {
    DIME_HTTP,     /* a web server, or a gateway in front of a Lambda */
    DIME_DIRECT,   /* a person's or a program's own event: dime invoke, Invoke of Lambda */
    DIME_S3,       /* a notification about an object in storage */
    DIME_SQS,      /* a queue */
    DIME_SNS,      /* a topic */
    DIME_SCHEDULE, /* a schedule, or an event bus */
};

/* Where the call came from. */
enum dime_source dime_source(const dime_call *call);

/* One bit of enum dime_method. */
enum dime_method dime_method(const dime_call *call);

/* The path of the function itself, such as /cgi-bin/shorten, without what is below it and without a
 * slash at the end. Empty if a function with routes is at a server's root. */
dime_text dime_path(const dime_call *call);

/* The URL of the function as its client sees it, such as https://example.org/cgi-bin/shorten, for
 * links. The host is the one that the client sent, if that is valid; else localhost. */
dime_text dime_address(dime_call *call);

/*
 * The client's IPv4 or IPv6 address, without a port or brackets. It comes from the web server
 * (REMOTE_ADDR) or the gateway, whatever headers the client sends. Empty if there is none, as over
 * a unix socket or for an event that isn't an HTTP request.
 */
dime_text dime_client_address(const dime_call *call);

/* The query and the body as they came. */
dime_text dime_query(const dime_call *call);
dime_text dime_body(const dime_call *call);

/* The id of the call. It is in the log, in X-Request-Id and in a problem's `instance`. */
dime_text dime_id(const dime_call *call);

/* A header of the request, by its name in any case; data is NULL if there is none. */
dime_text dime_header(const dime_call *call, const char *name);

/* A cookie of the request (RFC 6265, section 4.2); data is NULL if there is none. */
dime_text dime_cookie(const dime_call *call, const char *name);

/* When the client will have given up, in milliseconds since the epoch; 0: never. */
int64_t dime_deadline_ms(const dime_call *call);

/* Whether the client prefers a page over JSON, as a browser does. */
bool dime_wants_page(const dime_call *call);

/* Whether the field at this member of the input, or of an item in it, was given. */
bool dime_given(const dime_call *call, const void *member);

/* What `open` stored in *state. */
void *dime_state(const dime_call *call);

/* The value of a setting in the function's table, or its fallback if the variable is unset or
 * empty. NULL if it has neither, or isn't in the table. */
const char *dime_setting_of(const dime_call *call, const char *name);

/* ---- Memory and words (dime_call(3)) --------------------------------------------------------- */

/* Returns SIZE bytes, aligned for any type and cleared, which last as long as the call. Returns
 * NULL if out of memory; the answer will then be a 503, whatever the handler does. */
void *dime_alloc(dime_call *call, size_t size) __attribute__((malloc));

/*
 * The same for a resource that has to be closed, such as a file, a query or a mapping. Allocate
 * first, then open the resource and store it there. CLOSE is called once with the bytes, on the
 * call's own thread, after the answer has been sent or given up, even if a stream breaks off or its
 * client disconnects. It finds the bytes cleared if nothing was stored, and must not use the call.
 * The last one allocated is closed first. Returns NULL if out of memory; CLOSE isn't called then.
 */
void *dime_alloc_with_close(dime_call *call, size_t size, void (*close)(void *memory));

/* A NUL-terminated copy that lasts as long as the call; data is NULL if out of memory. */
dime_text dime_copy(dime_call *call, dime_text text);

/* What printf would print, NUL-terminated, which lasts as long as the call; data is NULL if out of
 * memory. More than 8 MiB count as out of memory. */
dime_text dime_format(dime_call *call, const char *format, ...) DIME_PRINTF_(2, 3);

enum dime_level { DIME_INFO, DIME_WARN, DIME_ERROR };

/* Writes a line to the program's log, with the call's id. A message is cut at 511 bytes. */
void dime_log(const dime_call *call, enum dime_level level, const char *format, ...)
    DIME_PRINTF_(3, 4);

/* ---- Answers (dime_answer(3)) ---------------------------------------------------------------- */

/*
 * Begins a JSON answer with this status, 200 to 299, and drops any earlier one. Returns the object
 * or array to write to, never NULL: if memory runs out, writes are dropped and the answer is a 503.
 * A browser gets the page, filled from the answer.
 */
dime_json *dime_answer(dime_call *call, int status);
dime_json *dime_answer_array(dime_call *call, int status);

/* The same with a finished JSON text. It is copied, and not checked. */
void dime_answer_json(dime_call *call, int status, dime_text json);

/* Answers with at most 8 MiB of a media type, with any status from 200 to 599 except 204, 205 and
 * 304. TYPE and BYTES must last as long as the call. */
void dime_answer_bytes(dime_call *call, int status, const char *type, dime_text bytes);

/* Answers without a body, with any status from 200 to 599. */
void dime_answer_empty(dime_call *call, int status);

/* Answers with just the function's page, for a person who opens it without giving input. Programs
 * get an empty object. */
void dime_answer_page(dime_call *call);

/* Redirects with 301, 302, 303, 307 or 308. URL is absolute or a path, and is copied. */
void dime_redirect(dime_call *call, int status, dime_text url);

/*
 * Answers with a body that is made piece by piece, as fast as the client reads it. NEXT writes the
 * next piece with dime_write and returns whether there are more. It is called on the call's own
 * thread until it returns false or the client disconnects. CURSOR must last as long as the call; to
 * close what it holds open, use dime_alloc_with_close. What NEXT allocates lasts until the next
 * call of NEXT, and is closed then. A problem in the first piece becomes the answer; in a later
 * piece it breaks the answer off in a way that the client notices. A host that can't stream sends
 * at most 8 MiB. TYPE and STATUS are as for dime_answer_bytes.
 */
void dime_answer_stream(dime_call *call, int status, const char *type,
                        bool (*next)(dime_call *call, void *cursor), void *cursor);

/* Add to the piece that NEXT writes; calling them elsewhere is a mistake. A piece is best about
 * 64 KiB long, and at most 8 MiB. */
void dime_write(dime_call *call, dime_text bytes);
void dime_write_format(dime_call *call, const char *format, ...) DIME_PRINTF_(2, 3);

/*
 * Sets a header of the answer or problem that was begun last; if another one replaces that, the
 * header is dropped too. A header that is set before any answer was begun is sent with whatever
 * becomes the answer. NAME is a literal, VALUE is copied. The answer becomes a 500 if a value has a
 * control character other than a tab, if there are more than ten headers or 3 KiB of them, or for a
 * header that dime writes itself, such as Content-Type.
 */
void dime_set_header(dime_call *call, const char *name, dime_text value);

/* Sets a cookie in the same way. ATTRIBUTES are written as in RFC 6265; NULL means "Path=/;
 * HttpOnly; SameSite=Lax", and Secure over https. A name or value that RFC 6265 forbids makes the
 * answer a 500. */
void dime_set_cookie(dime_call *call, const char *name, dime_text value, const char *attributes);

/*
 * Returns an object for data that only the page needs. The template looks up names there before it
 * looks in the answer. Returns NULL if the client doesn't want a page, so that no data is prepared
 * for nothing.
 */
dime_json *dime_page_data(dime_call *call);

/* ---- Problems (dime_problem(3)) -------------------------------------------------------------- */

/*
 * Answers with a problem (RFC 9457) of this status, 400 to 599, and drops any earlier answer. The
 * text tells a person what to do; it is cut at 1023 bytes.
 */
void dime_problem(dime_call *call, int status, const char *format, ...) DIME_PRINTF_(3, 4);

/*
 * Answers with 422 and says what is wrong with the field at this member of the input. The member
 * may be in a nested struct or a list; the answer names its place, such as items[2].vat. May be
 * called for several fields; the first 16 are reported.
 */
void dime_wrong(dime_call *call, const void *member, const char *format, ...) DIME_PRINTF_(3, 4);

/* Answers with a problem of another status about one field. A page shows it at that field. */
void dime_problem_at(dime_call *call, const void *member, int status, const char *format, ...)
    DIME_PRINTF_(4, 5);

/* Whether the field at this member has been reported as wrong; NULL: whether any field has. */
bool dime_is_wrong(const dime_call *call, const void *member);

/* Gives the last problem a type of the author's own: a URI, and a title of a few words. Both are
 * literals. */
void dime_problem_type(dime_call *call, const char *uri, const char *title);

/* Returns an object whose members are added to the last problem (RFC 9457, section 3.2). */
dime_json *dime_problem_data(dime_call *call);

/* ---- JSON (dime_json(3)) --------------------------------------------------------------------- */

/*
 * Each writes one member to an object or, with NAME NULL, one item to an array. Writing to an
 * object or array ends those that were opened within it; all end with the answer. A name in an
 * array, a member without a name, and a write to one that has ended are mistakes: they are logged,
 * and the answer is a 500.
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

/* Ends an object or array and returns it as JSON text, which lasts as long as the call. Empty if
 * out of memory, or if it had ended already. */
dime_text dime_json_text(dime_json *json);

/* ---- What the macros are made of --------------------------------------------------------------
 */

#ifdef __cplusplus
} /* extern "C" */

#define DIME_EXTERN_ extern "C"

/* Whether two types are the same. */
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
/* The number of items in an array. */
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
/* The number of items in an array. A pointer doesn't compile. */
#define DIME_COUNT_(table)                                                                         \
    (sizeof(table) / sizeof *(table) +                                                             \
     0 * sizeof(char[1 - 2 * __builtin_types_compatible_p(__typeof__(table),                       \
                                                          __typeof__(&(table)[0]))]))
/* A member of another type doesn't compile: it matches no type in _Generic. */
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
