/*
 * http.h - one exchange over HTTP: a request, and its answer or the reason for having none.
 *
 * libcurl is used only here and in http.c, which keep and reuse connections. libcurl never gets
 * credentials: a signature is a header of the one request that it's for. An exchange ends by its
 * deadline whatever the peer does.
 */
#ifndef DIME_NET_HTTP_H
#define DIME_NET_HTTP_H

#include <curl/curl.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/text.h"

enum { HTTP_HEADERS_MAX = 6, HTTP_IDLE_S = 60, HTTP_ERROR_MAX = 16 * 1024 };

/* Must be zero at first: the first exchange makes the handle. */
struct http {
    CURLM *multi;
    CURL *easy;
    long idle_s;               /* the idle timeout; 0: HTTP_IDLE_S */
    char why[CURL_ERROR_SIZE]; /* why there was no answer, for the log */
    const char *reason;        /* the same for a client, without any path or name */
};

/* A request, and where to send it. */
struct http_request {
    const char *method; /* GET, POST, PUT */
    const char *url;
    const char *headers[HTTP_HEADERS_MAX + 1]; /* "Name: value", NULL after the last */
    dime_text body;                            /* of POST and PUT */
    bool neighbour;                            /* connect directly, without a proxy */
    size_t most;        /* bytes of a good answer; an error is cut at HTTP_ERROR_MAX */
    int64_t connect_ms; /* how long connecting may take */
    int64_t until_ms;   /* milliseconds since the epoch */
    const int *stop;    /* readable when to abort; NULL: never */
};

enum http_outcome {
    HTTP_ANSWERED,  /* with any status; the answer is complete, unless it's a long error */
    HTTP_UNREACHED, /* no connection could be made */
    HTTP_UNTRUSTED, /* nothing was sent: the peer's certificate isn't valid */
    HTTP_BROKEN,    /* the connection broke, or the answer isn't HTTP */
    HTTP_STALLED,   /* no byte moved for idle_s */
    HTTP_TOO_LONG,
    HTTP_LATE, /* until_ms has passed */
    HTTP_STOPPED,
    HTTP_NO_MEMORY,
    HTTP_UNUSABLE, /* libcurl can't make such a request; http->reason says why
                    */
};

/* An answer. Must be zero before the first exchange of a call; later ones reuse its memory. */
struct http_answer {
    long status;
    struct buffer body;   /* in the arena of the exchange */
    bool framed;          /* the answer states its length, so that a truncated one is noticed */
    char error_type[128]; /* X-Amzn-ErrorType; these are empty if missing or too long */
    char request_id[80];  /* X-Amzn-RequestId, X-Amz-Request-Id */
    char region[64];      /* X-Amz-Bucket-Region */
};

/* The address of a server, parsed as libcurl does when it connects. */
struct http_address {
    bool secure;    /* https, not http */
    char host[256]; /* in lower case, an IPv6 address without brackets */
    char base[280]; /* scheme, host and port, to which a path is appended */
    dime_text path; /* a part of the address, without the query; may be empty */
};

/*
 * Parses an address of http or https, without user and password. False: it isn't one, or is too
 * long.
 */
bool http_read_address(struct http_address *address, dime_text url);

/* Whether HOST, of a parsed address, is this machine, by name or by number. */
bool http_is_loopback(const char *host);

/* Closes the connections. */
void http_close(struct http *http);

/* Whether STOP, if it isn't NULL, is readable. */
bool http_is_stopped(const int *stop);

/* Makes an exchange. Sets http->why, without any secret, unless it returns HTTP_ANSWERED. */
enum http_outcome http_exchange(struct http *http, const struct http_request *request,
                                struct arena *arena, struct http_answer *answer);

#endif
