/*
 * runtime_link.h - HTTP with the Runtime API, over one connection that is kept.
 *
 * This runs requests with libcurl; runtime_api.h knows what they mean. Two handles share the
 * connection: one gets invocations and the other posts, and each keeps its options. They run in a
 * multi handle through libcurl's socket interface, so that SIGTERM can end a wait, and a request
 * can be begun, left alone for a while, and finished later.
 */
#ifndef DIME_HOSTS_LAMBDA_RUNTIME_LINK_H
#define DIME_HOSTS_LAMBDA_RUNTIME_LINK_H

#include <curl/curl.h>
#include <poll.h>

#include "base/text.h"

enum {
    RUNTIME_ADDRESS_MAX = 255, /* the most bytes of an address: a host name and a port */
    RUNTIME_SOCKETS = 5,       /* to wait for at once: `stop`, and some that connect */
};

struct runtime_link {
    CURLU *base; /* the common part of the requests' URLs */
    CURLM *multi;
    CURL *get, *post;
    struct pollfd sockets[RUNTIME_SOCKETS]; /* the first is readable when it's time to stop */
    int64_t timer_ns;                       /* when libcurl must be called again; 0: never */
    int64_t until_ns; /* the end of the grace period; 0: it isn't time to end */
    int running;
    bool stopped;   /* the request was aborted, since the program must end */
    bool got_bytes; /* part of the response has arrived */
    bool posting;
    bool sent;  /* there was a connection, and at least part of the request was sent */
    bool reset; /* the peer closed it before it had read all of the request */
};

/*
 * The headers that end each request's: they suppress libcurl's unneeded ones, and set the media
 * type of posts.
 */
extern struct curl_slist runtime_no_accept, runtime_no_expect, runtime_json_type;

/*
 * The part of the URL that all requests to an address share, already parsed: libcurl would parse a
 * string for each request. The caller frees it with curl_url_cleanup; NULL: out of memory.
 */
CURLU *runtime_link_make_base(const char *address);

/* A handle with the common options. The caller frees it with curl_easy_cleanup; NULL: out of
 * memory. */
CURL *runtime_link_make_handle(CURLU *base);

/*
 * Another handle for runtime_link_begin, over the same connection. The caller frees it with
 * curl_easy_cleanup before it closes the link; NULL: out of memory.
 */
CURL *runtime_link_add(struct runtime_link *link);

/*
 * Prepares the handles; opens no connection. ADDRESS is HOST:PORT; STOP becomes readable when the
 * program must end. False: out of memory. The caller closes it in both cases.
 */
bool runtime_link_open(struct runtime_link *link, const char *address, int stop);

/* Closes the connection. */
void runtime_link_close(struct runtime_link *link);

/* Begins the request that the handle's options describe, and sends what can be sent at once. */
void runtime_link_begin(struct runtime_link *link, CURL *handle);

/* Waits for the request's next event. False: the request has ended. */
bool runtime_link_step(struct runtime_link *link);

/*
 * Waits until the request has ended. Its result is valid unless `stopped` is set. When the program
 * must end, a post, or a request whose response has begun, gets a grace period of 300 ms.
 */
CURLcode runtime_link_end(struct runtime_link *link, CURL *handle);

/* Whether the program must end. */
bool runtime_link_stopping(const struct runtime_link *link);

/* The status of the handle's response; 0 if none has arrived. */
long runtime_link_status(CURL *handle);

#endif
