/*
 * describe.h - what the files of `dime describe` share.
 *
 * A function says of itself what it takes and does (--describe); what servers, tools and people
 * need is printed from that, so that none of it is kept by hand.
 */
#ifndef DIME_TOOL_DESCRIBE_DESCRIBE_H
#define DIME_TOOL_DESCRIBE_DESCRIBE_H

#include <stdbool.h>

struct json_object;

/* Where things lie on the host that the configuration is for. Absolute paths. */
struct describe_places {
    const char *sockets;  /* the folder of the functions' sockets, NAME.sock */
    const char *programs; /* the folder of their programs; NULL: each is where it was found */
    const char *settings; /* dime's own folder: dime-function.conf lies there */
};

/* A function that is being described. */
struct described {
    struct json_object *tree; /* its description; the caller's */
    const char *path;         /* of its program, absolute */
};

/* One of the texts that are made of a description: a part of a server's configuration. */
struct describe_part {
    const char *option; /* the one that asks for it: "nginx" */
    const char *file;   /* its name in a function's folder: "nginx-http.conf" */
    const char *text;   /* a template (dime-template(7)) */
    const char *needs;  /* a name in the data, without which there is no such part; NULL: none */
};

/* All parts; an empty option is behind the last. */
extern const struct describe_part describe_parts[];

/* Other texts that are filled from the same, and are no part of a host. */
extern const struct describe_part describe_texts[];

/*
 * What the templates of the parts are filled from: a new JSON object, which the caller frees. NULL:
 * WHY says why no configuration can be made of this function.
 */
struct json_object *describe_data(const struct described *described,
                                  const struct describe_places *places, const char **why);

/* Whether a function with this data has the part. NULL as data: it has none. */
bool describe_has_part(const struct describe_part *part, struct json_object *data);

/* Fills a part's template: a new string, which the caller frees. NULL: WHY says why. */
char *describe_fill(const struct describe_part *part, struct json_object *data, const char **why);

/* The same with any template. */
char *describe_fill_text(const char *text, struct json_object *data, const char **why);

/* Writes all of TEXT to a file that is open. False: errno says why. */
bool describe_write_text(int file, const char *text);

#endif
