/*
 * http.h - one exchange by HTTP: a request, and its answer or what came instead of one.
 *
 * All of libcurl is here and in http.c. Connections are kept and used again. libcurl knows no
 * credentials: a signature is a header of the one request that has it. An exchange ends by its
 * deadline whatever the peer does.
 */
#ifndef DIME_NET_HTTP_H
#define DIME_NET_HTTP_H

#include <curl/curl.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/text.h"

enum { HTTP_HEADERS_MAX = 6, HTTP_IDLE_S = 60, HTTP_ERROR_MAX = 16 * 1024 };

/* To be zero at first: the handle is made by the first exchange. */
struct http {
    CURLM *multi;
    CURL *easy;
    long idle_s;               /* how long nothing may move; 0: HTTP_IDLE_S */
    char why[CURL_ERROR_SIZE]; /* of what wasn't answered: for the log */
    const char *reason;        /* of the same in general, without any path or name: for a person */
};

/* What is sent, and to whom. */
struct http_request {
    const char *method; /* GET, POST, PUT */
    const char *url;
    const char *headers[HTTP_HEADERS_MAX + 1]; /* "Name: value", the last is NULL */
    dime_text body;                            /* of POST and PUT */
    bool neighbour;                            /* it's asked directly, whatever proxy there is */
    size_t most;        /* bytes of a good answer; a bad one is cut at HTTP_ERROR_MAX */
    int64_t connect_ms; /* how long connecting may take */
    int64_t until_ms;   /* milliseconds since the epoch */
    const int *stop;    /* can be read from when it's to be given up; NULL: nothing can */
};

enum http_outcome {
    HTTP_ANSWERED,  /* with whatever status; the answer is whole, unless it's a bad one and long */
    HTTP_UNREACHED, /* no connection came about */
    HTTP_UNTRUSTED, /* nothing was sent: the peer's certificate isn't right */
    HTTP_BROKEN,    /* the connection broke, or what came isn't HTTP */
    HTTP_STALLED,   /* nothing moved for idle_s */
    HTTP_TOO_LONG,
    HTTP_LATE, /* until_ms has passed */
    HTTP_STOPPED,
    HTTP_NO_MEMORY,
    HTTP_UNUSABLE, /* libcurl can't make such a call; http->reason says why
                    */
};

/* What came. To be zero before the first exchange of a call; its room is used again by others. */
struct http_answer {
    long status;
    struct buffer body;   /* in the arena of the exchange */
    bool framed;          /* the answer says where it ends, so a part of it isn't taken for it */
    char error_type[128]; /* X-Amzn-ErrorType; these are empty where they are missing or too long */
    char request_id[80];  /* X-Amzn-RequestId, X-Amz-Request-Id */
    char region[64];      /* X-Amz-Bucket-Region */
};

/* The address of a server, taken apart as libcurl does it when it connects. */
struct http_address {
    bool secure;    /* https, not http */
    char host[256]; /* in lower case, an IPv6 address without brackets */
    char base[280]; /* scheme, host and port: what a path is put behind */
    dime_text path; /* a piece of the address, without query; may be empty */
};

/*
 * Takes apart an address of http or https, without user and password. False: it isn't one, or it
 * is too long.
 */
bool http_read_address(struct http_address *address, dime_text url);

/* Whether HOST, of an address that was read, is this machine by its name or its number. */
bool http_is_loopback(const char *host);

/* Closes the connections. */
void http_close(struct http *http);

/* Whether STOP, if it isn't NULL, can be read from. */
bool http_is_stopped(const int *stop);

/* Makes an exchange. Anything but HTTP_ANSWERED is told in http->why too, without any secret. */
enum http_outcome http_exchange(struct http *http, const struct http_request *request,
                                struct arena *arena, struct http_answer *answer);

#endif
