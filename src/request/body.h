/*
 * body.h - what a request's body is: JSON, a form, or the bytes of a file.
 *
 * Clients mislabel bodies in a few well-known ways. This is tolerated if only one meaning is
 * possible. All of these rules are here, so every host and every function has the same.
 */
#ifndef DIME_REQUEST_BODY_H
#define DIME_REQUEST_BODY_H

#include "request/call.h"

enum body_kind {
    BODY_NONE,
    BODY_JSON,
    BODY_FORM,
    BODY_MULTIPART,
    BODY_FILE,    /* all of it is a file */
    BODY_ENCODED, /* compressed, which isn't read */
    BODY_UNKNOWN, /* of a media type that the function doesn't take */
};

struct sent_body {
    enum body_kind kind;
    dime_text type;         /* its media type, which may be empty */
    const dime_field *file; /* of BODY_FILE: the field that it is */
};

/* Says what the call's body is to its function. The texts belong to the request. */
struct sent_body body_of(const struct dime_call *call);

/* The media types in which a body may be the call's file; NULL if there is no such field. */
const char *body_file_types(const struct dime_call *call);

#endif
